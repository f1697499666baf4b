"""What a phone hears of its taps: what each is worth, which round it counts for, where to go next; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import BaseModel, Field

from devices.facts import Clock, Tap, Trust
from hub.book.model import RoundRun
from hub.config.model import Campus
from hub.log.model import Fate, Kept
from hub.patrol.people import walkers
from hub.patrol.sent import LATE_MS, Made, Why

_UNKNOWN_TAG: Final = "unknown_tag"
_AHEAD: Final = "clock_ahead"
_LATE: Final = "late"


class TapResult(BaseModel):
    """What became of one tap. `accepted` false: it cannot be taken, for `reason`; do not send it again.

    Accepted ones may have a `reason` too: `replay`, `forgotten`, `forged`, `unreadable`, `other_tag`, `void`
    (on record, and no visit); `unverified`, `not_enrolled` (worth less); `unknown_tag`, `clock_ahead`,
    `late`."""

    id: str = Field(description="as it was sent")
    accepted: bool
    trust: Trust | None = None
    checkpoint: str | None = None
    reason: str | None = None
    round: str | None = None
    next: str | None = None


class TapResults(BaseModel):
    """One result for each tap, in their order."""

    results: list[TapResult]


def results_of(
    campus: Campus,
    runs: Sequence[RoundRun],
    sent: Sequence[tuple[str, Made | Why]],
    kept: Mapping[str, Kept],
) -> TapResults:
    """The answer to a post; `sent`: ids and what was made of them; `kept`: by the taps' keys."""
    places = {place.tag_uid: place.id for place in campus.checkpoints.values()}
    visited = {run.id: set(run.visited) for run in runs}
    results = []
    for id_, made in sent:
        if isinstance(made, Why):
            results.append(TapResult(id=id_, accepted=False, reason=made.value))
            continue
        found = kept[made.tap.key]
        if found.fate is Fate.CONFLICT or not isinstance(found.fact, Tap):
            results.append(TapResult(id=id_, accepted=False, reason=Why.CONFLICT.value))
            continue
        tap = found.fact
        run = None if tap.refused else run_of(campus, runs, tap)
        if run is not None:
            visited[run.id].add(tap.tag_uid)
        results.append(
            TapResult(
                id=id_,
                accepted=True,
                trust=tap.trust,
                checkpoint=places.get(tap.tag_uid),
                reason=_reason(tap, made, known=tap.tag_uid in places),
                round=run.id if run else None,
                next=next_of(run.tags, visited[run.id], places) if run else None,
            )
        )
    return TapResults(results=results)


def run_of(campus: Campus, runs: Iterable[RoundRun], tap: Tap) -> RoundRun | None:
    """The round of the tap's person that the tap counts for: of several the one that ends first."""
    fitting = [
        run
        for run in runs
        if tap.tag_uid in run.tags
        and run.starts_ms <= tap.measured_at_ms <= (run.deadline_ms or run.ends_ms + run.grace_ms)
        and tap.person in walkers(campus, run.round)
    ]
    return min(fitting, key=lambda run: (run.ends_ms, run.id), default=None)


def next_of(tags: Iterable[str], visited: Iterable[str], places: Mapping[str, str]) -> str | None:
    """The first checkpoint of a route that is still to be visited."""
    done = frozenset(visited)
    return next((places[tag] for tag in tags if tag not in done and tag in places), None)


def _reason(tap: Tap, made: Made, *, known: bool) -> str | None:
    if tap.refused:
        return tap.refused
    if not known:
        return _UNKNOWN_TAG
    if tap.clock is Clock.AHEAD:
        return _AHEAD
    if made.doubt is not None and tap.trust is not Trust.SUN:
        return made.doubt.value
    return _LATE if tap.received_at_ms - tap.measured_at_ms > LATE_MS else None
