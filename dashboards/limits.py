"""The limits that the dashboards draw, from the rule catalogue: bands of a quantity, each with its word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from dashboards.queries import TEMPERATURE, Storing
from rules.catalogue import parse
from rules.model import Direction, Rule, RuleKind, Severity

OK: Final = "正常 OK"
HIGH: Final = "偏高 HIGH"
TOO_HIGH: Final = "过高 TOO HIGH"
LOW: Final = "偏低 LOW"
TOO_LOW: Final = "过低 TOO LOW"
NO_LIMIT: Final = "未设限 NO LIMIT"

GREEN: Final = "green"
GREY: Final = "#6e7687"
_BLUE: Final = "blue"

COLOUR_OF: Final = {Severity.INFO: _BLUE, Severity.WARNING: "orange", Severity.CRITICAL: "red"}


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of values with one word and one colour; None is without end. Both ends belong to the band,
    and where two bands meet the one nearer to normal has the value."""

    lowest: float | None
    highest: float | None
    word: str
    colour: str


UNLIMITED: Final = (Band(None, None, NO_LIMIT, GREY),)


def shipped_rules() -> tuple[Rule, ...]:
    """The catalogue that comes with the hub."""
    return parse(files("rules").joinpath("catalogue.toml").read_text(encoding="utf-8"))


def temperature_bands(rules: Sequence[Rule], way: Storing) -> tuple[Band, ...]:
    """The bands of a unit stored this way, the normal one first, then outwards; UNLIMITED without rules."""
    above = _limits(rules, way, Direction.ABOVE)
    below = _limits(rules, way, Direction.BELOW)
    if not above and not below:
        return UNLIMITED
    return (
        Band(max(below, default=None), min(above, default=None), OK, GREEN),
        *_above(sorted(above.items())),
        *_below(sorted(below.items(), reverse=True)),
    )


def _above(limits: Sequence[tuple[float, Severity]]) -> Iterator[Band]:
    for index, (limit, severity) in enumerate(limits):
        end = limits[index + 1][0] if index + 1 < len(limits) else None
        yield Band(limit, end, TOO_HIGH if index else HIGH, COLOUR_OF[severity])


def _below(limits: Sequence[tuple[float, Severity]]) -> Iterator[Band]:
    for index, (limit, severity) in enumerate(limits):
        end = limits[index + 1][0] if index + 1 < len(limits) else None
        yield Band(end, limit, TOO_LOW if index else LOW, COLOUR_OF[severity] if index else _BLUE)


def _limits(rules: Sequence[Rule], way: Storing, direction: Direction) -> dict[float, Severity]:
    """Each limit in this direction with the gravest severity that any rule gives it."""
    limits: dict[float, Severity] = {}
    gravity = list(Severity)
    for rule in rules:
        numbers = rule.parameters
        if (
            rule.kind is not RuleKind.THRESHOLD
            or numbers.quantity != TEMPERATURE
            or numbers.direction is not direction
            or numbers.limit is None
            or (rule.select.storages and way.value not in rule.select.storages)
        ):
            continue
        gravest = max(limits.get(numbers.limit, rule.severity), rule.severity, key=gravity.index)
        limits[numbers.limit] = gravest
    return limits
