"""From the rounds in the configuration to the runs of one day; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo

from hub.config.model import Checkpoint, Round
from rules.bind import RoundTarget


def runs_of_day(
    rounds: Iterable[Round], checkpoints: Mapping[str, Checkpoint], zone: tzinfo, day: date
) -> tuple[tuple[str, RoundTarget], ...]:
    """The runs that start on a local day, each with its round's id. A run's id is `<round>@<day>`.

    A time that a change of the clocks skips or repeats is taken as Python's `fold=0` takes it."""
    runs = []
    for planned in rounds:
        if day.weekday() not in planned.weekdays:
            continue
        starts = datetime.combine(day, planned.starts, zone)
        ends_on = day if planned.ends > planned.starts else day + timedelta(days=1)
        ends = datetime.combine(ends_on, planned.ends, zone)
        target = RoundTarget(
            id=f"{planned.id}@{day.isoformat()}",
            starts_ms=_ms(starts),
            ends_ms=_ms(ends),
            grace_ms=planned.grace_ms,
            tags=tuple(checkpoints[checkpoint].tag_uid for checkpoint in planned.checkpoints),
        )
        runs.append((planned.id, target))
    return tuple(runs)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
