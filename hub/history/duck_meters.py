"""Energy of many meters from the embedded history: summed-up counters, and single values where they fell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from devices.series import METER
from hub.history import duck_questions
from hub.history.duck_series import SeriesBook
from hub.history.energy import COUNTER, LOOK_BACK_MS, used
from hub.history.port import Sample, Used

_Read = Callable[[str], list[tuple[Any, ...]]]


class Steps(msgspec.Struct, frozen=True):
    """Intervals of `step_ms` from `start_ms` up to `end_ms`; the last one may be shorter."""

    start_ms: int
    end_ms: int
    step_ms: int


def energy_of(
    book: SeriesBook, read: _Read, devices: Sequence[str], steps: Steps, raw_since_ms: int
) -> tuple[Used, ...]:
    """What each meter counted, by device and time."""
    names = sorted(set(devices))
    series = [(one.id, meter) for meter, name in enumerate(names) for one in book.find(METER, COUNTER, name)]
    if not series or steps.start_ms >= steps.end_ms:
        return ()
    from_ms = max(0, steps.start_ms - LOOK_BACK_MS)
    grid = [steps.start_ms, steps.step_ms]
    parts = duck_questions.parts(from_ms, steps.end_ms, grid, raw_since_ms, tiers=("hours",))
    rows = read(duck_questions.counters(parts, series, steps.start_ms, steps.step_ms))
    found: list[Used] = []
    for meter, group in groupby(rows, key=lambda row: int(row[0])):
        ids = [id_ for id_, number in series if number == meter]
        found += used(names[meter], _samples(read, ids, steps, list(group)), steps.start_ms, steps.step_ms)
    return tuple(found)


def _samples(read: _Read, ids: list[int], steps: Steps, rows: list[tuple[Any, ...]]) -> list[Sample]:
    """The first value and each step's last; all values of the steps in which the counter fell."""
    fallen = [step for _, step, *_, falls in rows if falls and step >= 0]
    lasts = [Sample(at_ms, value) for *_, at_ms, value, _ in rows]
    if rows[0][1] >= 0:
        lasts.insert(0, Sample(*rows[0][2:4]))
    if not fallen:
        return lasts
    first_ms = steps.start_ms + fallen[0] * steps.step_ms
    end_ms = min(steps.end_ms, steps.start_ms + (fallen[-1] + 1) * steps.step_ms)
    singles = read(duck_questions.samples(ids, first_ms, end_ms))
    if not singles:  # no longer kept
        return lasts
    before = [sample for sample in lasts if sample.at_ms < first_ms]
    after = [sample for sample in lasts if sample.at_ms >= end_ms]
    return [*before, *(Sample(*row) for row in singles), *after]
