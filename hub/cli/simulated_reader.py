"""`campushub simulate-reader`: a PN532 without hardware; tags are laid on it by typing what they are."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Final

from firmware_sim.pn532_chip import Chip, Ntag21x, Ntag424, PlainCard, SimTag
from firmware_sim.pn532_port import Line, TcpPort
from firmware_sim.sun_tag import SunTag
from hub.cli.console import err, fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.cli.planning import plan_of

_LIES_S: Final = 0.7
_AWAY_S: Final = 0.8
_WRITE_GPIO: Final = 0x0E
_UID: Final = re.compile(r"[0-9A-Fa-f]{8}|[0-9A-Fa-f]{14}|[0-9A-Fa-f]{20}")
# A real tag goes on counting between two runs; so does one whose count is the time.
_MOUNTED_S: Final = 1_735_689_600.0
_S_PER_READ: Final = 30.0
_PINS: Final = ("p71", "p72")

_Tags = Mapping[str, Callable[[], SimTag]]


def run(config: Path, environment: Mapping[str, str], port: int) -> None:
    """Serves until Ctrl-C or the end of what is typed."""
    names = _names(config, environment) if config.exists() else {}
    chip = Chip()
    try:
        plugged = TcpPort(Line(chip), port)
    except OSError as error:
        fail(f"port {port}: {error.strerror}", Exit.UNAVAILABLE)
    with plugged:
        out.print(f'port = "{plugged.url}"', markup=False, highlight=False)
        _tell("Write that under [[reader]] in gateway.toml, and start campushub gateway.")
        _tell("Type what is laid on, and Enter: a UID; a UID and a URL" + _listed(names))
        try:
            for line in sys.stdin:
                _lay_on(chip, line.split(), names)
        except KeyboardInterrupt:
            return


def _tell(line: str) -> None:
    err.print(line, markup=False, highlight=False, soft_wrap=True)


def _listed(names: _Tags) -> str:
    return "; or one of: " + ", ".join(names) if names else ""


def _lay_on(chip: Chip, words: list[str], names: _Tags) -> None:
    if not words:
        return
    tag = names[words[0]]() if words[0] in names else _tag(words)
    if tag is None:
        _tell("a UID has 8, 14 or 20 hex digits")
        return
    chip.lay_on(tag)
    time.sleep(_LIES_S)
    chip.take_away()
    lit = ", ".join(pin for pin in _PINS if chip.is_high(pin)) if _WRITE_GPIO in chip.commands else ""
    _tell(f"{tag.uid.hex().upper()} lay there" + (f"; high: {lit}" if lit else ""))
    time.sleep(_AWAY_S)


def _tag(words: list[str]) -> SimTag | None:
    if _UID.fullmatch(words[0]) is None:
        return None
    return Ntag21x(bytes.fromhex(words[0]), words[1] if len(words) > 1 else None)


def _names(config: Path, environment: Mapping[str, str]) -> _Tags:
    """The checkpoints' tags, which sign if they are enrolled, and the people's badges."""
    campus = load_or_fail(config, environment)
    names: dict[str, Callable[[], SimTag]] = {}
    for person in campus.people.values():
        if person.badge:
            names[person.id] = _card(person.badge)
    for place in plan_of(campus).checkpoints:
        if place.signing is None:
            names[place.id] = _card(place.tag_uid)
        else:
            count = max(place.signing.count, int((time.time() - _MOUNTED_S) / _S_PER_READ))
            chip = SunTag(place.tag_uid, place.signing, count, Random(1))  # noqa: S311 - a simulation
            names[place.id] = _signing(place.id, place.tag_uid, chip)
    return names


def _card(uid: str) -> Callable[[], SimTag]:
    return lambda: PlainCard(bytes.fromhex(uid))


def _signing(place: str, uid: str, chip: SunTag) -> Callable[[], SimTag]:
    def url() -> str:
        signed = chip.touch()
        return signed.url(f"https://hub.example/t/{place}") if signed is not None else ""

    return lambda: Ntag424(bytes.fromhex(uid), url)
