"""What a phone hears of its taps: what each is worth, which round it counts for, where to go next; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from devices.facts import Tap, Trust
from hub.book.model import RoundRun
from hub.config.model import Campus
from hub.log.model import Fate, Kept
from hub.patrol.sent import Made, Why
from hub.replies.counting import next_of, reason_of, run_of


class TapResult(BaseModel):
    """What became of one tap. `accepted` false: it cannot be taken, for `reason`; do not send it again.

    Accepted ones may have a `reason` too: `replay`, `forgotten`, `forged`, `unreadable`, `other_tag`, `void`
    (on record, and no visit); `unverified`, `not_enrolled` (worth less); `unknown_tag`, `clock_ahead`,
    `clock_unset`, `late`."""

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
                reason=reason_of(tap, made.doubt.value if made.doubt else None, known=tap.tag_uid in places),
                round=run.id if run else None,
                next=next_of(run.tags, visited[run.id], places) if run else None,
            )
        )
    return TapResults(results=results)
