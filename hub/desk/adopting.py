"""An unknown device as the lines of `campus.toml` that would make it a known one; pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

import msgspec

from devices.facts import Kind
from devices.formats import Binding, Router, Unknown
from hub.config.model import Campus, Storing
from hub.log.model import Stranger

Words: TypeAlias = Callable[[str], str]

TO_FILL_IN: Final = "?"
_SPEAKS_AT_INTERVALS: Final = frozenset({Kind.FRIDGE, Kind.METER})
_NAMED_IN_A_COMMENT: Final = 8
_COMMENTS_FROM: Final = 20  # the column


class Adoption(msgspec.Struct, frozen=True):
    """A stranger, and the lines to add for it; empty for one whose topic no configuration can name."""

    stranger: Stranger
    lines: str


def offers(campus: Campus, strangers: Iterable[Stranger], text: Words) -> tuple[Adoption, ...]:
    """Each stranger with its lines, commented in the words of `text`; without those configured since."""
    router = Router(
        campus.site.id,
        [
            Binding(device.id, device.kind, device.format, device.topic, device.sensor)
            for device in campus.devices.values()
        ],
    )
    found = []
    for stranger in strangers:
        routing = router.route(stranger.topic)
        if isinstance(routing, tuple):
            continue
        lines = _block(campus, routing, text) if isinstance(routing, Unknown) else ""
        found.append(Adoption(stranger, lines))
    return tuple(found)


def _block(campus: Campus, device: Unknown, text: Words) -> str:
    return "\n".join(_lines(campus, device, text)) + "\n"


def _lines(campus: Campus, device: Unknown, text: Words) -> Iterator[str]:
    kind = device.kind or Kind.FRIDGE
    areas, people = _some(campus.areas), _some(campus.people)
    yield "[[device]]"
    yield f"id = {_quoted(device.suggested_id)}"
    name = _quoted(device.suggested_id)
    yield _commented(f"name = {{ zh = {name}, en = {name} }}", text("records.adopt_name"))
    guessed = text("records.adopt_kind") if device.kind is None else ""
    yield _commented(f"kind = {_quoted(kind.value)}", guessed)
    if kind is Kind.FRIDGE:
        others = " / ".join(storing.value for storing in Storing)
        yield _commented(f"storing = {_quoted(Storing.CHILLED.value)}", others)
    yield _commented(f"area = {_quoted(TO_FILL_IN)}", f"{text('records.adopt_one_of')} {areas}")
    yield _commented(f"owner = {_quoted(TO_FILL_IN)}", f"{text('records.adopt_one_of')} {people}")
    yield f"format = {_quoted(device.format.value)}"
    if device.topic:
        yield f"topic = {_quoted(device.topic)}"
    if kind in _SPEAKS_AT_INTERVALS:
        yield _commented('interval = "10m"', text("records.adopt_interval"))


def _some(ids: Iterable[str]) -> str:
    known = tuple(ids)
    return ", ".join((*known[:_NAMED_IN_A_COMMENT], *(["…"] if len(known) > _NAMED_IN_A_COMMENT else [])))


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_COMMENTS_FROM}}  # {comment}" if comment else line


def _quoted(text: str) -> str:
    """A basic string of TOML; of the characters that JSON leaves as they are, it takes all but one."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
