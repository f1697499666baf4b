"""What is asked of the embedded history, as SQL: which tables answer for which times, and how they add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from hub.history.duck_layout import HOUR_MS, QUARTER_HOUR_MS
from hub.history.port import Aggregate

_BUCKETS: Final = {"quarter_hours": QUARTER_HOUR_MS, "hours": HOUR_MS}
RAW: Final = ("settled", "arrived", "texts")
TIERS: Final = ("hours", "quarter_hours")
_AGGREGATES: Final = {
    Aggregate.MEAN: "sum(total) / sum(amount)",
    Aggregate.MIN: "min(low)",
    Aggregate.MAX: "max(high)",
    Aggregate.LAST: "arg_max(last, last_ns)",
    Aggregate.COUNT: "sum(amount)",
}
_RAW_COLUMNS: Final = (
    "series, at_ms, value AS low, value AS high, value AS total, 1 AS amount, value AS last,"
    " at_ms * 1000000 + sub_ns AS last_ns, at_ms AS first_ms, at_ms AS last_ms, 0 AS drops"
)


class Part(msgspec.Struct, frozen=True):
    """One table answers for the times in [start, end)."""

    table: str
    start_ms: int
    end_ms: int


def parts(
    start_ms: int, end_ms: int, grid_ms: Sequence[int], raw_since_ms: int, tiers: Sequence[str] = TIERS
) -> list[Part]:
    """Which tables together hold [start, end) once. Where all of `grid_ms` are whole buckets of one of
    `tiers` (coarsest first), whole buckets come summed up. Before `raw_since_ms` there is nothing else."""
    tier = next((tier for tier in tiers if not any(edge % _BUCKETS[tier] for edge in grid_ms)), "")
    middle_ms = max(start_ms, min(end_ms, raw_since_ms))
    found = [_whole(tier or tiers[-1], start_ms, middle_ms)]
    buckets = _whole(tier, middle_ms, end_ms) if tier else Part("", end_ms, end_ms)
    if buckets.start_ms < buckets.end_ms:
        found += [
            Part("settled", middle_ms, buckets.start_ms),
            buckets,
            Part("settled", buckets.end_ms, end_ms),
        ]
    else:
        found.append(Part("settled", middle_ms, end_ms))
    found.append(Part("arrived", start_ms, end_ms))
    return [part for part in found if part.start_ms < part.end_ms]


def range_(parts_: Iterable[Part], series: Sequence[int], step_ms: int, aggregate: Aggregate) -> str:
    """(start of the step, aggregate), in order."""
    pieces = _union(parts_, series)
    return (
        f"SELECT at_ms - at_ms % {step_ms} AS start_ms, {_AGGREGATES[aggregate]} FROM ({pieces})"  # noqa: S608 - numbers
        " GROUP BY start_ms ORDER BY start_ms"
    )


def texts(series: Sequence[int], start_ms: int, end_ms: int, step_ms: int) -> str:
    """(start of the step, number of texts), in order."""
    return (
        f"SELECT at_ms - at_ms % {step_ms} AS start_ms, count(*) FROM texts"  # noqa: S608 - numbers
        f" WHERE {_in(series)} AND at_ms >= {start_ms} AND at_ms < {end_ms}"
        " GROUP BY start_ms ORDER BY start_ms"
    )


def samples(series: Sequence[int], start_ms: int, end_ms: int) -> str:
    """(at_ms, value) in order."""
    where = f"WHERE {_in(series)} AND at_ms >= {start_ms} AND at_ms < {end_ms}"
    return (
        f"SELECT at_ms, value FROM (SELECT at_ms, sub_ns, value FROM settled {where}"  # noqa: S608 - numbers
        f" UNION ALL SELECT at_ms, sub_ns, value FROM arrived {where}) ORDER BY at_ms, sub_ns"
    )


def hours(start_ms: int, end_ms: int) -> str:
    """The hours (their starts) that have raw values or texts, in order."""
    where = f"WHERE at_ms >= {start_ms} AND at_ms < {end_ms}"
    tables = " UNION ".join(f"SELECT at_ms // {HOUR_MS} AS hour FROM {table} {where}" for table in RAW)  # noqa: S608 - our names and numbers
    return f"SELECT hour * {HOUR_MS} FROM ({tables}) ORDER BY hour"  # noqa: S608 - a number


def points(table: str, start_ms: int, end_ms: int, series: Sequence[int] | None = None) -> str:
    """(measurement, site, area, device, rule, field, type, at_ms, sub_ns, value) of a raw table, by time;
    `series`: of these only."""
    only = "" if series is None else f" AND {_in(series)}"
    return (
        "SELECT measurement, site, area, device, rule, field, type, at_ms, sub_ns, value"  # noqa: S608 - numbers
        f" FROM {table} JOIN series ON series = id WHERE at_ms >= {start_ms} AND at_ms < {end_ms}{only}"
        " ORDER BY at_ms, sub_ns, id"
    )


def moments(start_ms: int, end_ms: int, series: Sequence[int]) -> str:
    """(at_ms, how many readings there are of that millisecond) of raw values of these series, by time."""
    where = f"WHERE at_ms >= {start_ms} AND at_ms < {end_ms} AND {_in(series)}"
    tables = " UNION ALL ".join(f"SELECT series, at_ms, sub_ns FROM {table} {where}" for table in RAW)  # noqa: S608 - our names and numbers
    return (
        "SELECT at_ms, count(*) FROM (SELECT DISTINCT at_ms, sub_ns, device, measurement"  # noqa: S608 - as above
        f" FROM ({tables}) JOIN series ON series = id) GROUP BY at_ms ORDER BY at_ms"
    )


def count(start_ms: int, end_ms: int) -> str:
    """How many values each raw table has."""
    where = f"WHERE at_ms >= {start_ms} AND at_ms < {end_ms}"
    return " UNION ALL ".join(f"SELECT count(*) FROM {table} {where}" for table in RAW)  # noqa: S608 - our names and numbers


def counters(parts_: Iterable[Part], series: Sequence[tuple[int, int]], start_ms: int, step_ms: int) -> str:
    """(meter, step's number or -1 before the first, time and value of the first, of the last, whether its
    values must be looked at one by one), in order. `series`: (series, number of its meter)."""
    numbers, meters = [one for one, _ in series], [meter for _, meter in series]
    pieces = _union(parts_, numbers)
    return f"""
WITH meters AS (SELECT unnest({numbers}) AS series, unnest({meters}) AS meter),
    marked AS (SELECT *, low < lag(last) OVER by_time OR first_ms < lag(last_ms) OVER by_time AS falls
        FROM ({pieces}) JOIN meters USING (series)
        WINDOW by_time AS (PARTITION BY meter ORDER BY first_ms, last_ns))
SELECT meter, CASE WHEN last_ms < {start_ms} THEN -1 ELSE (last_ms - {start_ms}) // {step_ms} END AS step,
    min(first_ms), arg_min(low, first_ms), max(last_ms), arg_max(last, last_ns),
    bool_or(drops > 0 OR coalesce(falls, FALSE))
FROM marked GROUP BY meter, step ORDER BY meter, step
"""  # noqa: S608 - numbers


def _union(parts_: Iterable[Part], series: Sequence[int]) -> str:
    return " UNION ALL ".join(_select(part, series) for part in parts_)


def _select(part: Part, series: Sequence[int]) -> str:
    bucket_ms = _BUCKETS.get(part.table)
    if bucket_ms is None:
        columns, time = _RAW_COLUMNS, "at_ms"
    else:
        first, drops = (
            ("first_ms", "drops") if part.table == "hours" else ("last_ms AS first_ms", "0 AS drops")
        )
        columns, time = (
            (
                f"series, last_ms - last_ms % {bucket_ms} AS at_ms, low, high, total, amount, last,"
                f" last_ms * 1000000 + last_sub AS last_ns, {first}, last_ms, {drops}"
            ),
            "last_ms",
        )
    return (
        f"SELECT {columns} FROM {part.table}"  # noqa: S608 - a table's name and numbers
        f" WHERE {_in(series)} AND {time} >= {part.start_ms} AND {time} < {part.end_ms}"
    )


def _in(series: Sequence[int]) -> str:
    if not series:
        return "FALSE"
    if len(series) == 1:
        return f"series = {series[0]}"
    return f"series IN ({', '.join(map(str, series))})"


def _whole(table: str, start_ms: int, end_ms: int) -> Part:
    bucket_ms = _BUCKETS[table]
    return Part(table, -(-start_ms // bucket_ms) * bucket_ms, end_ms - end_ms % bucket_ms)
