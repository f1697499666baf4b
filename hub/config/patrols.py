"""Whether what is planned can be as many patrols a day as the rules ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub.config.document import Document
from hub.config.faults import Fault
from hub.config.model import Campus
from hub.config.values import WEEKDAYS
from rules.calendar import DayKind
from rules.model import RuleKind

_ROUNDS: Final = ("round",)


def doubts_of_patrols(document: Document, campus: Campus) -> Iterator[Fault]:
    """Days on which fewer rounds are planned than are wanted, and no key checkpoint is there to be counted:
    the rule says nothing about them, and nobody would notice."""
    if not campus.rounds or any(place.key for place in campus.checkpoints.values()):
        return
    for rule in campus.rules.values():
        wanted = rule.parameters.times
        if rule.kind is not RuleKind.PATROLS_A_DAY or wanted is None:
            continue
        short = {day: most for day in range(7) if (most := _most_rounds(campus, day)) < wanted}
        if not short:
            continue
        days = "any day" if len(short) == 7 else ", ".join(WEEKDAYS[day] for day in short)
        fewest = min(short.values())
        problem = f"{rule.id} wants {wanted} patrols a day, and on {days} there are at most {fewest} rounds"
        remedy = f"plan {wanted} rounds a day, or write key = true at the [[checkpoint]]s that count"
        yield document.fault(_ROUNDS, problem, remedy)


def _most_rounds(campus: Campus, weekday: int) -> int:
    """Of a weekday, on the kind of day that has most; a recurrence may fall on any day."""
    return max(
        sum(
            kind in planned.on and (planned.recurring is not None or weekday in planned.weekdays)
            for planned in campus.rounds.values()
        )
        for kind in DayKind
    )
