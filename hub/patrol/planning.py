"""From the rounds in the configuration to the runs of one day; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from hub.config.model import Checkpoint, Round
from rules.bind import RoundTarget
from rules.calendar import Calendar
from rules.local_time import Span, interval


def runs_of_day(
    rounds: Iterable[Round], checkpoints: Mapping[str, Checkpoint], calendar: Calendar, day: date
) -> tuple[tuple[str, RoundTarget], ...]:
    """The runs that start on a local day, each with its round's id. A run's id is `<round>@<day>`.

    A round is planned on its weekdays, as far as the calendar makes them a kind of day that it is on. A time
    that a change of the clocks repeats is its first; one that it skips is the moment of the change."""
    runs = []
    kind = calendar.day(day).kind
    for planned in rounds:
        if day.weekday() not in planned.weekdays or kind not in planned.on:
            continue
        when = interval(calendar.zone, day, Span(planned.starts, planned.ends))
        target = RoundTarget(
            id=f"{planned.id}@{day.isoformat()}",
            starts_ms=when.starts_ms,
            ends_ms=when.ends_ms,
            grace_ms=planned.grace_ms,
            tags=tuple(checkpoints[checkpoint].tag_uid for checkpoint in planned.checkpoints),
        )
        runs.append((planned.id, target))
    return tuple(runs)
