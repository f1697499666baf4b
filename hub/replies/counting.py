"""What a tap counts for: which round, where to go next, and what there is to say against it; pure.

Phones hear it in the answer to their post (`hub.patrol.answers`), readers on a topic of their own
(`hub.replies.deciding`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from devices.facts import Clock, Tap, Trust
from hub.book.model import RoundRun
from hub.config.model import Campus
from hub.config.walkers import walkers_of

LATE_MS: Final = 12 * 3_600_000
UNKNOWN_TAG: Final = "unknown_tag"
AHEAD: Final = "clock_ahead"
UNSET: Final = "clock_unset"
LATE: Final = "late"


def run_of(campus: Campus, runs: Iterable[RoundRun], tap: Tap) -> RoundRun | None:
    """The round that the tap counts for: its person's, by name or badge; of several the one that ends first.

    A tap without a person (a fixed reader's), or with a badge of nobody's, counts for any round there."""
    person = tap.person or _person_of(campus, tap.badge)
    fitting = [
        run
        for run in runs
        if tap.tag_uid in run.tags
        and run.starts_ms <= tap.measured_at_ms <= (run.deadline_ms or run.ends_ms + run.grace_ms)
        and (not person or person in walkers(campus, run.round))
    ]
    return min(fitting, key=lambda run: (run.ends_ms, run.id), default=None)


def next_of(tags: Iterable[str], visited: Iterable[str], places: Mapping[str, str]) -> str | None:
    """The first checkpoint of a route that is still to be visited; `places`: checkpoints by their tags."""
    done = frozenset(visited)
    return next((places[tag] for tag in tags if tag not in done and tag in places), None)


def reason_of(tap: Tap, doubt: str | None, *, known: bool) -> str | None:
    """What there is to say about a tap that is on record, by the words of docs/patrol-api.md.

    `doubt`: why its signed message could not be judged. `known`: a checkpoint has its tag."""
    if tap.refused:
        return tap.refused
    if not known:
        return UNKNOWN_TAG
    if tap.clock is Clock.AHEAD:
        return AHEAD
    if tap.clock is Clock.UNSET:
        return UNSET
    if doubt is not None and tap.trust is not Trust.SUN:
        return doubt
    return LATE if tap.received_at_ms - tap.measured_at_ms > LATE_MS else None


def walkers(campus: Campus, round_: str) -> frozenset[str]:
    """The ids of the people whose round it is; nobody's if the configuration has lost it."""
    planned = campus.rounds.get(round_)
    return frozenset(person.id for person in walkers_of(campus, planned)) if planned else frozenset()


def _person_of(campus: Campus, badge: str) -> str:
    if not badge:
        return ""
    return next((person.id for person in campus.people.values() if person.badge == badge), "")
