"""Energy of many meters from InfluxDB: each step's last value, and single values where a counter fell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from devices.series import METER
from hub.history import influxql
from hub.history.energy import COUNTER, LOOK_BACK_MS, used
from hub.history.influx_questions import Questions, numbers
from hub.history.port import Sample, Used

_AT_ONCE: Final = 50  # meters in one question


def energy_of(
    questions: Questions, devices: Sequence[str], start_ms: int, end_ms: int, step_ms: int
) -> tuple[Used, ...]:
    """What each meter counted, by device and time."""
    names = sorted(set(devices))
    found: list[Used] = []
    for first in range(0, len(names) if start_ms < end_ms else 0, _AT_ONCE):
        some = names[first : first + _AT_ONCE]
        begin_ms = max(0, start_ms - LOOK_BACK_MS)
        before = questions.by_device(influxql.select_one("last", METER, COUNTER, some, begin_ms, start_ms))
        firsts = questions.by_device(influxql.select_one("first", METER, COUNTER, some, start_ms, end_ms))
        lasts = questions.by_device(influxql.select_counters(METER, COUNTER, some, start_ms, end_ms, step_ms))
        drops = questions.by_device(influxql.select_drops(METER, COUNTER, some, begin_ms, end_ms))
        for name in some:
            rows = sorted(lasts.get(name, []))
            fallen = [at_ms for at_ms, _ in drops.get(name, []) if at_ms >= start_ms]
            if fallen:
                rows = _one_by_one(questions, name, rows, fallen, end_ms)
            begun = before.get(name) or firsts.get(name, [])
            samples = [Sample(at_ms, value) for at_ms, value in (*begun, *rows)]
            found += used(name, samples, start_ms, step_ms)
    return tuple(found)


def _one_by_one(
    questions: Questions, name: str, rows: list[tuple[int, float]], fallen: list[int], end_ms: int
) -> list[tuple[int, float]]:
    """The rows, from the step before the first drop up to that of the last one replaced by single values:
    an InfluxDB that groups by time tells no value's own time."""
    first = max(0, sum(at_ms <= fallen[0] for at_ms, _ in rows) - 2)
    following = sum(at_ms <= fallen[-1] for at_ms, _ in rows)
    from_ms = rows[first][0]
    until_ms = rows[following][0] if following < len(rows) else end_ms
    singles = questions.rows(influxql.select(METER, COUNTER, name, from_ms, until_ms))
    return [*rows[:first], *numbers(singles), *rows[following:]]
