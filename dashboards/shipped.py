"""The committed dashboards, ready to publish: nothing here needs what generates them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Final

from dashboards.queries import NO_DEVICE, Storing

_FILES: Final = ("wall.json",)


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard: its stable uid, its title, and all of it as JSON text."""

    uid: str
    title: str
    text: str


def shipped() -> tuple[Board, ...]:
    """The dashboards that come with the hub, as committed."""
    folder = files("dashboards").joinpath("generated")
    return tuple(_board(folder.joinpath(name).read_text(encoding="utf-8")) for name in _FILES)


def with_devices(board: Board, stored: Mapping[Storing, Iterable[str]]) -> Board:
    """The dashboard that knows which device ids store in which way, and so which limits are theirs."""
    body = json.loads(board.text)
    wanted = {way.value: _alternatives(ids) for way, ids in stored.items()}
    for variable in body["templating"]["list"]:
        if variable["name"] in wanted:
            ids = wanted[variable["name"]]
            variable["query"] = ids
            variable["current"] = {"selected": True, "text": ids, "value": ids}
    return replace(board, text=json.dumps(body, ensure_ascii=False, sort_keys=True))


def _board(text: str) -> Board:
    body = json.loads(text)
    return Board(str(body["uid"]), str(body["title"]), text)


def _alternatives(ids: Iterable[str]) -> str:
    """The ids as the inside of an InfluxQL regular expression, which a slash would end."""
    return "|".join(re.escape(device).replace("/", r"\/") for device in sorted(ids)) or NO_DEVICE
