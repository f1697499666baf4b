"""Values that settle, are summed up and pruned: the answers stay those of the values themselves."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.history.duck import DuckHistory
from hub.history.duck_settling import Settler
from hub.history.energy import LOOK_BACK_MS, used
from hub.history.port import Aggregate, Cursors, Newest, Point, Sample, Used
from tests.hub.history.samples import MINUTE, NOON, counted, point

HOUR = 60 * MINUTE
QUARTER = 15 * MINUTE
METERS = ("meter-1", "meter-2")

Key = tuple[str, int, int]


@contextmanager
def small_runs(run: int = 8, piece: int = 4) -> Iterator[DuckHistory]:
    """A history whose values settle after a few batches."""
    with TemporaryDirectory() as folder:
        history = DuckHistory(Path(folder) / "history.duckdb", Settler(run, piece))
        yield history
        history.close()


def counted_rows(path: Path) -> dict[str, int]:
    with duckdb.connect(str(path)) as connection:
        tables = ("arrived", "settled", "quarter_hours", "hours")
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in tables
        }


# A few hours around noon, in steps that often meet: new, late, rewritten and simultaneous values.
TIMES = st.integers(-8, 24).map(lambda n: NOON + n * 7 * MINUTE) | st.integers(NOON - HOUR, NOON + 3 * HOUR)
ROWS = st.tuples(
    st.sampled_from(METERS), TIMES, st.sampled_from([0, 0, 0, 7]), st.integers(0, 400).map(lambda n: n / 4)
)
BATCHES = st.lists(st.lists(ROWS, max_size=12), min_size=1, max_size=12)
STEPS = st.sampled_from([MINUTE, 7 * MINUTE, QUARTER, 2 * QUARTER, HOUR, 2 * HOUR, 24 * HOUR])
EDGES = st.sampled_from([-HOUR, 0, QUARTER, 5 * MINUTE + 1, HOUR, 2 * HOUR, 4 * HOUR])


def keep(history: DuckHistory, batches: list[list[tuple[str, int, int, float]]]) -> dict[Key, float]:
    """Writes all batches; returns what should be there."""
    kept: dict[Key, float] = {}
    for n, rows in enumerate(batches):
        points = [
            Point("meter", "main", "boiler", device, at_ms, (("energy_kwh", value),), sub_ns)
            for device, at_ms, sub_ns, value in rows
        ]
        assert history.write(points, Cursors(n + 1)) == ()
        kept.update({(device, at_ms, sub_ns): value for device, at_ms, sub_ns, value in rows})
    return kept


def values_of(kept: dict[Key, float], device: str, start_ms: int, end_ms: int) -> list[Sample]:
    rows = sorted((key[1:], value) for key, value in kept.items() if key[0] == device)
    return [Sample(at_ms, value) for (at_ms, _), value in rows if start_ms <= at_ms < end_ms]


FOLDS: dict[Aggregate, Callable[[list[float]], float]] = {
    Aggregate.MEAN: lambda values: sum(values) / len(values),
    Aggregate.MIN: min,
    Aggregate.MAX: max,
    Aggregate.LAST: lambda values: values[-1],
    Aggregate.COUNT: len,
}


def folded(samples: list[Sample], step_ms: int, aggregate: Aggregate) -> tuple[Sample, ...]:
    steps: dict[int, list[float]] = {}
    for one in samples:
        steps.setdefault(one.at_ms - one.at_ms % step_ms, []).append(one.value)
    return tuple(Sample(start, float(FOLDS[aggregate](values))) for start, values in sorted(steps.items()))


@settings(max_examples=60, deadline=None)
@given(BATCHES, STEPS, EDGES, EDGES)
def test_a_range_is_that_of_the_values_themselves_however_they_came(
    batches: list[list[tuple[str, int, int, float]]], step_ms: int, start: int, end: int
) -> None:
    with small_runs() as history:
        kept = keep(history, batches)
        for device in METERS:
            for aggregate in Aggregate:
                ends = (NOON + start, NOON + end)
                found = history.range("meter", "energy_kwh", device, *ends, step_ms, aggregate)
                expected = folded(values_of(kept, device, *ends), step_ms, aggregate)
                assert [one.at_ms for one in found] == [one.at_ms for one in expected]
                assert [one.value for one in found] == pytest.approx([one.value for one in expected])


@settings(max_examples=60, deadline=None)
@given(BATCHES, STEPS, EDGES)
def test_energy_and_newest_are_those_of_the_values_themselves(
    batches: list[list[tuple[str, int, int, float]]], step_ms: int, start: int
) -> None:
    with small_runs() as history:
        kept = keep(history, batches)
        begin_ms, end_ms = NOON + start, NOON + 3 * HOUR
        expected: list[Used] = []
        for device in METERS:
            samples = values_of(kept, device, begin_ms - LOOK_BACK_MS, end_ms)
            before = [one for one in samples if one.at_ms < begin_ms][-1:]
            after = [one for one in samples if one.at_ms >= begin_ms]
            expected += used(device, [*before, *after], begin_ms, step_ms)
        found = history.energy(METERS, begin_ms, end_ms, step_ms)
        assert [(u.device, u.at_ms, u.resets) for u in found] == [
            (u.device, u.at_ms, u.resets) for u in expected
        ]
        assert [u.energy_kwh for u in found] == pytest.approx([u.energy_kwh for u in expected])
        newest = [values_of(kept, device, 0, 2 * NOON)[-1:] for device in METERS]
        assert history.latest("meter", "energy_kwh") == tuple(
            Newest(device, one.at_ms, one.value)
            for device, last in zip(METERS, newest, strict=True)
            for one in last
        )


@settings(max_examples=40, deadline=None)
@given(BATCHES, st.sampled_from([QUARTER, HOUR, 2 * HOUR]), st.sampled_from([0, HOUR, 2 * HOUR, 5 * HOUR]))
def test_what_is_pruned_is_still_there_summed_up(
    batches: list[list[tuple[str, int, int, float]]], step_ms: int, before: int
) -> None:
    ends = (NOON - HOUR, NOON + 6 * HOUR)
    with small_runs() as history:
        kept = keep(history, batches)
        history.prune(NOON + before + 5)
        for device in METERS:
            for aggregate in Aggregate:
                found = history.range("meter", "energy_kwh", device, *ends, step_ms, aggregate)
                expected = folded(values_of(kept, device, *ends), step_ms, aggregate)
                assert [one.at_ms for one in found] == [one.at_ms for one in expected]
                assert [one.value for one in found] == pytest.approx([one.value for one in expected])
            gone = history.samples("meter", "energy_kwh", device, 0, NOON + before)
            assert gone == ()


def test_a_reset_inside_an_hour_that_has_settled_is_still_seen() -> None:
    with small_runs(run=4) as history:
        readings = {0: 10.0, 10: 50.0, 20: 3.0, 30: 62.0}
        history.write([counted(kwh, NOON + m * MINUTE, METERS[0]) for m, kwh in readings.items()], Cursors())
        history.write([counted(1.0, NOON, METERS[1])], Cursors())
        assert history.energy(METERS[:1], NOON, NOON + HOUR, HOUR) == (Used(METERS[0], NOON, 99.0, 1),)


def test_a_settled_value_that_is_rewritten_is_summed_up_anew() -> None:
    with small_runs(run=1) as history:
        history.write([point(4.0, NOON), point(6.0, NOON + MINUTE)], Cursors())
        history.write([point(5.0, NOON + HOUR)], Cursors())
        history.write([point(9.0, NOON + MINUTE)], Cursors())
        history.write([], Cursors())
        ends = (NOON, NOON + 2 * HOUR, HOUR)
        found = history.range("fridge", "temperature_c", "cold-1", *ends, Aggregate.MEAN)
        assert found == (Sample(NOON, 6.5), Sample(NOON + HOUR, 5.0))


def test_finer_steps_than_are_kept_come_by_the_quarter_hour() -> None:
    with small_runs() as history:
        history.write([point(float(n), NOON + n * MINUTE) for n in range(60)], Cursors())
        history.prune(NOON + HOUR)
        ends = (NOON, NOON + HOUR, MINUTE)
        found = history.range("fridge", "temperature_c", "cold-1", *ends, Aggregate.MAX)
        assert found == tuple(Sample(NOON + n * QUARTER, n * 15 + 14.0) for n in range(4))


def test_a_value_older_than_the_kept_ones_is_refused_with_its_reason() -> None:
    with small_runs() as history:
        history.write([point(1.0), point(2.0, NOON + HOUR)], Cursors())
        history.prune(NOON + HOUR)
        late = point(9.0, NOON + HOUR - 1)
        (refused,) = history.write([late, point(3.0, NOON + HOUR)], Cursors())
        assert (refused.point, refused.reason) == (late, "older than the history keeps single values")
        history.prune(NOON)
        assert len(history.samples("fridge", "temperature_c", "cold-1", 0, 2 * NOON)) == 1


def test_pruning_is_remembered_and_texts_go_too(tmp_path: Path) -> None:
    history = DuckHistory(tmp_path / "history.duckdb")
    history.write([point("1.0", field="firmware"), point(2.0)], Cursors())
    history.prune(NOON + HOUR)
    history.close()
    assert len(history.write([point(2.0)], Cursors())) == 1
    found = history.range("fridge", "firmware", "cold-1", 0, 2 * NOON, HOUR, Aggregate.COUNT)
    assert found == ()
    assert history.latest("fridge", "temperature_c") == (Newest("cold-1", NOON, 2.0),)
    history.close()


def test_a_run_settles_piece_by_piece_with_the_writes_that_follow(tmp_path: Path) -> None:
    path = tmp_path / "history.duckdb"
    history = DuckHistory(path, Settler(run=100, piece=25))
    for n in range(10):
        history.write([point(n / 7, NOON + n * MINUTE, f"cold-{k}") for k in range(10)], Cursors(n))
    history.close()
    assert counted_rows(path)["settled"] == 0
    for n in range(10, 14):
        history.write([point(n / 7, NOON + n * MINUTE, f"cold-{k}") for k in range(10)], Cursors(n))
    history.close()
    rows = counted_rows(path)
    assert rows["arrived"] + rows["settled"] == 140
    assert 100 <= rows["settled"] <= 120
    with duckdb.connect(str(path)) as connection:
        kept = connection.execute("SELECT series, at_ms FROM settled").fetchall()
    assert kept == sorted(kept)


WRITE_FOREVER = """
import itertools, sys
from pathlib import Path
from hub.history.duck import DuckHistory
from hub.history.duck_settling import Settler
from hub.history.port import Cursors
from tests.hub.history.samples import counted

history = DuckHistory(Path(sys.argv[1]), Settler(run=2_000, piece=300))
first = history.cursors().log + 1
print("ready", flush=True)
for n in itertools.count(first):
    late = [counted(float(n), (n - 20) * 60_000 + k, f"meter-{k}") for k in range(7)] if n > 20 else []
    batch = [counted(float(n), n * 60_000 + k, f"meter-{k % 7}") for k in range(100)]
    history.write([*batch, *late], Cursors(n))
    print(n, flush=True)
"""


def test_a_hub_that_is_killed_while_values_settle_loses_none_and_doubles_none(tmp_path: Path) -> None:
    path = tmp_path / "history.duckdb"
    for batches in (25, 40, 33):
        command = [sys.executable, "-c", WRITE_FOREVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(batches):
                writer.stdout.readline()
            writer.kill()
            writer.stdout.read()
        assert writer.returncode == -signal.SIGKILL
        history = DuckHistory(path)
        last = history.cursors().log
        end_ms = (last + 1) * MINUTE
        for step_ms in (MINUTE, QUARTER, HOUR):
            counts = [
                sum(
                    sample.value
                    for sample in history.range(
                        "meter", "energy_kwh", f"meter-{k}", 0, end_ms, step_ms, Aggregate.COUNT
                    )
                )
                for k in range(7)
            ]
            assert sum(counts) == last * 100
        history.close()
