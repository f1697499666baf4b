"""From the embedded history to another store: everything arrives, once, with its type."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.history.backfill import Progress, SourceError, backfill
from hub.history.duck import DuckHistory
from hub.history.duck_settling import Settler
from hub.history.influx import InfluxHistory
from hub.history.port import Aggregate, Cursors, Point, Sample, Store
from tests.hub.history.samples import MINUTE, NOON, config, point
from tests.hub.history.stub_influx import V1, StubInflux

HOUR = 60 * MINUTE
DEVICE = "cold-of-backfill"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three hours of a fridge with door and firmware; some of it settled."""
    path = tmp_path / "old" / "history.duckdb"
    history = DuckHistory(path, Settler(run=60, piece=30))
    for n in range(180):
        fields = (("temperature_c", n / 4), ("door_open", n % 2 == 0), ("firmware", f"1.{n}"))
        history.write([Point("fridge", "main", "kitchen", DEVICE, NOON + n * MINUTE, fields)], Cursors(n))
    visited = Point("round", "main", "", DEVICE, NOON, (("visited", 3),), 42)
    history.write([visited], Cursors(200))
    history.close()
    return path


def count(store: Store, field: str, measurement: str = "fridge") -> float:
    ends = (NOON, NOON + 24 * HOUR, 24 * HOUR)
    return sum(sample.value for sample in store.range(measurement, field, DEVICE, *ends, Aggregate.COUNT))


def test_everything_arrives_and_again_changes_nothing(source: Path, store: Store) -> None:
    for _ in range(2):
        assert backfill(source, store, lambda _: None) == 180 * 3 + 1
        assert [count(store, field) for field in ("temperature_c", "door_open", "firmware")] == [180.0] * 3
    ends = (NOON + 178 * MINUTE, NOON + 180 * MINUTE)
    found = store.samples("fridge", "temperature_c", DEVICE, *ends)
    assert found == (Sample(ends[0], 44.5), Sample(ends[0] + MINUTE, 44.75))
    assert [s.value for s in store.samples("fridge", "door_open", DEVICE, *ends)] == [1.0, 0.0]
    assert store.write([Point("round", "main", "", DEVICE, NOON, (("visited", 4),), 42)], Cursors()) == ()
    assert count(store, "visited", "round") == 1.0, "whole numbers arrived as such, and in their nanosecond"


def test_a_backfill_goes_on_where_it_was_interrupted(source: Path, tmp_path: Path) -> None:
    target = DuckHistory(tmp_path / "new.duckdb")
    said: list[Progress] = []

    def stop(progress: Progress) -> None:
        said.append(progress)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backfill(source, target, stop)
    assert said == [Progress(NOON + HOUR, 181, 1, 3)]
    assert count(target, "temperature_c") == 60
    assert backfill(source, target, said.append, from_ms=said[0].until_ms) == 360
    assert count(target, "temperature_c") == 180
    assert [progress.until_ms for progress in said] == [NOON + n * HOUR for n in (1, 2, 3)]
    target.close()


def test_a_source_that_cannot_be_read_is_told_apart_from_the_target(source: Path, tmp_path: Path) -> None:
    source.write_bytes(b"no database at all" * 1_000)
    target = DuckHistory(tmp_path / "new.duckdb")
    with pytest.raises(SourceError, match="damaged"):
        backfill(source, target, lambda _: None)
    target.close()


def test_what_the_log_still_holds_is_left_to_the_pump(source: Path, tmp_path: Path) -> None:
    target = DuckHistory(tmp_path / "new.duckdb")
    target.write([point(1.0)], Cursors(5, 6))
    backfill(source, target, lambda _: None, before_ms=NOON + 90 * MINUTE)
    assert count(target, "temperature_c") == 90
    assert target.cursors() == Cursors(5, 6)
    target.close()


def test_refused_points_are_told(source: Path, stub: StubInflux) -> None:
    stub.always(400, b'{"error": "partial write: field type conflict"}')
    said: list[Progress] = []
    target = InfluxHistory(config(V1, stub.url))
    backfill(source, target, said.append, before_ms=NOON + MINUTE)
    assert {refused.reason for refused in said[0].refused} == {"partial write: field type conflict"}
    assert len(said[0].refused) == 4
