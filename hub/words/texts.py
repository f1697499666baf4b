"""What the pages say, in both languages: flat keys from one TOML file for each language of each room."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, Final

from hub.config.model import Language

OWN_PACKAGE: Final = "hub.words"


class Texts:
    """The texts of one language. A key that does not exist, or a missing placeholder, raises KeyError."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = dict(texts)

    def __call__(self, key: str, **values: object) -> str:
        """The text under `key` with its `{placeholders}` filled in."""
        return self._texts[key].format_map(values) if values else self._texts[key]

    def keys(self) -> frozenset[str]:
        """Every key there is."""
        return frozenset(self._texts)

    def under(self, prefix: str) -> dict[str, str]:
        """The texts whose keys begin with `prefix.`, without that prefix."""
        start = f"{prefix}."
        return {key.removeprefix(start): text for key, text in self._texts.items() if key.startswith(start)}


def load(packages: Iterable[str]) -> dict[Language, Texts]:
    """The texts of these rooms (`texts/<language>.toml` in each package). A key in two rooms: ValueError."""
    loaded = {}
    for language in Language:
        merged: dict[str, str] = {}
        for package in packages:
            own = _read(package, language)
            if twice := merged.keys() & own.keys():
                raise ValueError(f"{package} says again what another room says: {', '.join(sorted(twice))}")
            merged |= own
        loaded[language] = Texts(language, merged)
    return loaded


def _read(package: str, language: Language) -> dict[str, str]:
    file = files(package) / "texts" / f"{language.value}.toml"
    return dict(_flat("", tomllib.loads(file.read_text(encoding="utf-8"))))


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", str(value)
