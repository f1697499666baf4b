from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

from hub.config.model import Language
from hub.faces import FACES
from hub.web.pages import OWN_PACKAGE as PAGES
from hub.words import texts
from hub.words.texts import OWN_PACKAGE, Texts

_PACKAGES = (OWN_PACKAGE, PAGES, *(face.package for face in FACES))
_LITERAL = re.compile(r"""\bt\(\s*["']([a-z_.]+)["']\s*[,)]""")
_BUILT = re.compile(r"""\bt\(\s*["']([a-z_.]+)\.["']\s*~\s*([a-z_.]+)(?:\s*~\s*["']([a-z_.]+)["'])?""")
_IN_CODE = re.compile(r"""(?:texts|said|text)\((?:[a-z_.]+, )?f?["']([a-z_]+\.[a-z_.]+)["'{]""")


def _sources() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        folder = Path(str(files(package)))
        for path in (*folder.rglob("*.html"), *folder.glob("*.py")):
            found[str(path)] = path.read_text(encoding="utf-8")
    return found


def _loaded() -> dict[Language, Texts]:
    return texts.load(_PACKAGES)


def test_both_languages_have_the_same_keys() -> None:
    loaded = _loaded()

    assert loaded[Language.ZH].keys() == loaded[Language.EN].keys()


def test_both_languages_have_the_same_placeholders() -> None:
    zh, en = _loaded()[Language.ZH], _loaded()[Language.EN]

    def placeholders(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    # `day_of_year` and `day` may use fewer in a language whose months are numbers.
    assert {key for key in zh.keys() if placeholders(zh(key)) != placeholders(en(key))} == set()  # noqa: SIM118


def test_no_text_is_empty() -> None:
    for said in _loaded().values():
        assert [key for key in said.keys() if not said(key).strip()] == []  # noqa: SIM118


def test_every_key_that_a_template_or_the_code_names_exists() -> None:
    keys = _loaded()[Language.EN].keys()
    named = {(key, path) for path, source in _sources().items() for key in _LITERAL.findall(source)}
    named |= {
        (key, path)
        for path, source in _sources().items()
        for key in _IN_CODE.findall(source)
        if key[-1] != "."
    }

    assert {(key, path) for key, path in named if key not in keys} == set()
    assert len(named) > 100


def test_every_key_is_used() -> None:
    used, prefixes = set(), {"time", "guard"}  # they go to the browser whole
    for source in _sources().values():
        used |= set(_LITERAL.findall(source))
        used |= set(_IN_CODE.findall(source))
        prefixes |= {prefix for prefix, _, _ in _BUILT.findall(source)}
    prefixes |= {key.rstrip(".") for key in used if key.endswith(".")}
    keys = _loaded()[Language.EN].keys()

    unused = {key for key in keys - used if not any(key.startswith(f"{prefix}.") for prefix in prefixes)}

    assert unused == set()


def test_a_key_that_two_rooms_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"hub\.words says again"):
        texts.load((OWN_PACKAGE, OWN_PACKAGE))


def test_an_unknown_key_is_a_fault() -> None:
    with pytest.raises(KeyError):
        _loaded()[Language.EN]("no.such.key")
