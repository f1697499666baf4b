"""The pump carries facts and decisions into a history that may be away, change, or refuse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hub.config.model import History as HistoryConfig
from hub.config.model import HistoryKind
from hub.history.duck import DuckHistory
from hub.history.port import (
    Aggregate,
    Cursors,
    HistoryUnavailableError,
    Link,
    Point,
    Refused,
    Sample,
)
from hub.history.pump import HistoryPump
from hub.log.reader import LogReader
from hub.log.writer import LogWriter
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, Office, demo_campus


class FickleHistory:
    """Keeps points in a list; away while `fault` is set; refuses what is above 50 °C."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.fault: HistoryUnavailableError | None = None
        self.opened = 0
        self.pruned: list[int] = []

    def open(self) -> None:
        self.opened += 1
        self._fail()

    def cursors(self) -> Cursors | None:
        return None

    def write(self, points: Sequence[Point], _: Cursors) -> tuple[Refused, ...]:
        self._fail()
        hot = [point for point in points if ("temperature_c", 85.0) in point.fields]
        self.points += [point for point in points if point not in hot]
        return tuple(Refused(point, "too hot for me") for point in hot)

    def range(self, *_: object) -> tuple[Sample, ...]:
        return ()

    def prune(self, before_ms: int) -> None:
        self.pruned.append(before_ms)

    def close(self) -> None:
        self.points = []

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault


class Carried:
    """An office whose log and journal a pump reads."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(folder, demo_campus(folder))
        self.history = FickleHistory()
        self.refused: list[Refused] = []
        self.pump = self.new_pump()

    def new_pump(self) -> HistoryPump:
        def refuse(points: Iterable[Refused]) -> None:
            self.refused += points

        log = LogReader(self.office.folder / "log.sqlite")
        return HistoryPump(self.office.campus, self.history, log, self.office.book, refuse)

    def store_is(self, history: HistoryConfig) -> None:
        """The hub was started anew with this store configured."""
        campus = self.office.campus
        self.office.campus = replace(campus, storage=replace(campus.storage, history=history))
        self.pump = self.new_pump()

    def warm_minutes(self, minutes: range, degrees: float = 12.0) -> None:
        for minute in minutes:
            self.office.happens(self.office.reads("cold-1", MORNING + minute * MINUTE, temperature_c=degrees))

    def fields(self, measurement: str) -> list[dict[str, object]]:
        return [dict(point.fields) for point in self.history.points if point.measurement == measurement]


@pytest.fixture
def carried(tmp_path: Path) -> Carried:
    return Carried(tmp_path)


def test_readings_and_the_alert_that_they_raise_arrive(carried: Carried) -> None:
    carried.warm_minutes(range(12))
    carried.pump.turn()
    assert len(carried.fields("fridge")) == 12
    (alert,) = carried.fields("alert")
    assert (alert["open"], alert["active"], alert["change"]) == (1, 1, "raised")
    (point,) = [point for point in carried.history.points if point.measurement == "alert"]
    assert (point.rule, point.device, point.area) == ("cold.chilled.warm", "cold-1", "cold-room")


def test_a_round_arrives_under_its_name_and_not_under_its_day(carried: Carried) -> None:
    carried.office.happens(carried.office.ticks(MORNING), carried.office.taps("gatehouse", MORNING))
    carried.pump.turn()
    due, walked = [point for point in carried.history.points if point.measurement == "round"]
    assert (due.device, dict(due.fields)["state"]) == ("morning", "due")
    assert (walked.device, dict(walked.fields)["visited"]) == ("morning", 1)


def test_a_history_that_is_away_is_caught_up_with_later_and_nothing_is_carried_twice(
    carried: Carried,
) -> None:
    carried.warm_minutes(range(3))
    carried.history.fault = HistoryUnavailableError(Link.UNREACHABLE, "no route", retry_after_ms=7_000)
    assert carried.pump.turn() == 7.0
    assert (carried.pump.link, carried.pump.detail) == (Link.UNREACHABLE, "no route")
    carried.warm_minutes(range(3, 6))
    carried.history.fault = None
    carried.pump.turn()
    carried.pump.turn()
    assert carried.pump.link is Link.OK
    assert len(carried.fields("fridge")) == 6


def test_a_restart_goes_on_where_it_was(carried: Carried) -> None:
    carried.warm_minutes(range(3))
    carried.pump.turn()
    carried.pump = carried.new_pump()
    carried.warm_minutes(range(3, 5))
    carried.pump.turn()
    assert len(carried.fields("fridge")) == 5


@pytest.mark.parametrize(
    "other",
    [
        HistoryConfig(HistoryKind.INFLUXDB2, "http://b:8086", "campus", "school", None, None, None),
        HistoryConfig(HistoryKind.INFLUXDB1, "http://c:8086", "campus", "school", None, None, None),
        HistoryConfig(HistoryKind.INFLUXDB1, "http://b:8086", "other", "school", None, None, None),
    ],
)
def test_another_store_is_filled_from_the_beginning_and_the_first_goes_on_later(
    carried: Carried, other: HistoryConfig
) -> None:
    first = HistoryConfig(HistoryKind.INFLUXDB1, "http://b:8086", "campus", "school", "old token", None, None)
    carried.warm_minutes(range(3))
    carried.store_is(first)
    carried.pump.turn()
    carried.store_is(other)
    carried.pump.turn()
    assert len(carried.fields("fridge")) == 6
    carried.warm_minutes(range(3, 5))
    carried.store_is(replace(first, token="new token"))
    carried.pump.turn()
    assert len(carried.fields("fridge")) == 8


def test_a_log_begun_anew_is_carried_although_its_numbers_are_lower(carried: Carried) -> None:
    carried.warm_minutes(range(9))
    carried.pump.turn()
    carried.office.log.close()
    for file in carried.office.folder.glob("log.sqlite*"):
        file.unlink()
    LogWriter(carried.office.folder / "log.sqlite").close()
    carried.office.restart()
    carried.pump = carried.new_pump()
    carried.pump.turn()
    carried.warm_minutes(range(20, 23))
    carried.pump.turn()
    assert len(carried.fields("fridge")) == 9 + 3


def test_a_refused_point_is_told_and_its_neighbours_arrive(carried: Carried) -> None:
    carried.warm_minutes(range(2))
    carried.warm_minutes(range(2, 3), degrees=85.0)
    carried.pump.turn()
    assert [refused.reason for refused in carried.refused] == ["too hot for me"]
    assert len(carried.fields("fridge")) == 2


def test_old_values_are_dropped_once_a_day_when_asked(carried: Carried) -> None:
    day_ms = 24 * HOUR
    for asked_ms in (0, day_ms, day_ms + HOUR, 2 * day_ms):
        carried.pump.prune_before_ms = asked_ms
        carried.pump.turn()
    assert carried.history.pruned == [day_ms, 2 * day_ms]


def test_an_embedded_history_that_was_removed_is_filled_again_from_the_log(tmp_path: Path) -> None:
    carried = Carried(tmp_path)
    carried.warm_minutes(range(5))
    for attempt in ("first.duckdb", "second.duckdb"):
        history = DuckHistory(tmp_path / attempt)
        pump = HistoryPump(
            carried.office.campus,
            history,
            LogReader(tmp_path / "log.sqlite"),
            carried.office.book,
            lambda _: None,
        )
        pump.turn()
        (sample,) = history.range(
            "fridge", "temperature_c", "cold-1", MORNING, MORNING + HOUR, HOUR, Aggregate.COUNT
        )
        assert sample.value == 5
        history.close()
