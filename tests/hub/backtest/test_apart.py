"""A backtest in several processes finds exactly what one process finds, and ends whole."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator
from importlib.resources import files
from itertools import count
from pathlib import Path

import apsw
import msgspec
import pytest

from devices.facts import Clock, Fact, Kind, Presence, Reading, Tap, Tick, Trust
from devices.series import measurement_of
from hub.backtest import apart
from hub.backtest.apart import Judged, Work, judge
from hub.backtest.then import OfHistory, OfLog, of_history, of_log
from hub.config.binding import watches_of_devices
from hub.config.load import load
from hub.config.model import Campus
from hub.history.duck import DuckHistory
from hub.history.points import Place, points_of_fact
from hub.history.port import Cursors, HistoryUnavailableError, Point
from hub.log.model import Entry, LogFaultError
from hub.log.writer import LogWriter
from hub.processes import TrialError
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING

MINUTES = 26 * 60
MOODS = ("calm", "calm", "wrong", "rising", "stuck", "gone", "unset")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's campus, with one meter that feeds two others."""
    path = tmp_path_factory.mktemp("apart") / "campus.toml"
    text = files("hub.demo").joinpath("campus.toml").read_text("utf-8")
    for name in ("meter-building-a", "meter-building-b"):
        text = text.replace(f'id = "{name}"\n', f'id = "{name}"\nfed_by = "meter-canteen"\n')
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def campus(config: Path) -> Campus:
    return load(config, {})


@pytest.fixture(scope="module")
def facts(campus: Campus) -> list[Fact]:
    """A day and a night in which much goes wrong: by chance, and each time the same."""
    return list(happenings(campus, random.Random(7)))


@pytest.fixture(scope="module")
def log(config: Path, facts: list[Fact]) -> Path:
    path = config.parent / "log.sqlite"
    writer = LogWriter(path)
    for begin in range(0, len(facts), 500):
        piece = tuple(facts[begin : begin + 500])
        writer.append([Entry(piece)], piece[-1].received_at_ms)
    writer.close()
    return path


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "APART_FROM", 0)


def happenings(campus: Campus, chance: random.Random) -> Iterator[Fact]:
    numbers = count()
    tags = [one.tag_uid for one in campus.checkpoints.values()]
    moods = dict.fromkeys(campus.devices, "calm")
    for minute in range(MINUTES):
        now_ms = MORNING + minute * MINUTE
        yield Tick(f"tick/{now_ms}", now_ms, MORNING - HOUR)
        for device in campus.devices.values():
            if chance.random() < 0.01:
                moods[device.id] = chance.choice(
                    ["calm", "calm", "wrong", "rising", "stuck", "gone", "unset"]
                )
            mood, key = moods[device.id], f"{device.id}/{next(numbers)}"
            at_ms = now_ms + chance.randrange(MINUTE) - (5 * MINUTE if chance.random() < 0.02 else 0)
            received_ms = now_ms + MINUTE - 1
            clock = Clock.UNSET if mood == "unset" else Clock.DEVICE
            if device.kind is Kind.CHECKPOINT:
                if chance.random() < 0.2:
                    tag = chance.choice(tags)
                    yield Tap(key, device.id, at_ms, received_ms, clock, tag, "", Trust.READER)
            elif chance.random() < 0.02:
                online = chance.random() < 0.5
                yield Presence(key, device.id, received_ms, received_ms, Clock.NONE, online)
            elif mood != "gone":
                values = sorted(says(device.kind, mood, minute, chance).items())
                yield Reading(key, device.id, at_ms, received_ms, clock, tuple(values))


def says(kind: Kind, mood: str, minute: int, chance: random.Random) -> dict[str, float | bool]:
    off = {"wrong": 25.0, "rising": minute % 60 / 4, "stuck": 0.0}.get(mood, chance.random())
    if kind is Kind.METER:
        return {
            "power_w": 5_000.0 + 500 * off,
            "energy_kwh": minute * 0.1,
            "voltage_l1_v": 230.0 + off,
            "voltage_l2_v": 229.0,
            "voltage_l3_v": 231.0 - (200 if mood == "wrong" else 0),
            "current_l1_a": 10.0 + off,
            "current_l2_a": 10.0,
            "current_l3_a": 10.0,
        }
    return {"temperature_c": 3.0 + off, "door_open": mood == "wrong", "humidity_pct": 60.0 + off}


def work(config: Path, campus: Campus, then: OfLog | OfHistory, *rules: str) -> Work:
    return Work(config, {}, frozenset(rules or campus.rules), then)


def found(campus: Campus, asked: Work, processes: int) -> Judged:
    told: list[float] = []
    judged = judge(campus, asked, processes, told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    assert not multiprocessing.active_children()
    return judged


def plain(judged: Judged) -> object:
    return judged.facts, judged.raisings


def test_more_processes_find_the_same_in_the_log(
    config: Path, campus: Campus, log: Path, facts: list[Fact]
) -> None:
    asked = work(config, campus, of_log(log, 0, None))
    one, two, three = (found(campus, asked, processes) for processes in (1, 2, 3))
    assert (one.processes, two.processes, three.processes) == (1, 2, 3)
    assert plain(one) == plain(two) == plain(three)
    assert one.facts == len(facts)
    raised = {each.rule for each in one.raisings}
    watched = {type(watch.condition) for watch in watches_of_devices(campus) if watch.rule in raised}
    assert {"power.unaccounted", "patrol.round-incomplete"} <= raised
    assert len(watched) >= 8, "there is something of nearly every kind"


def test_so_they_do_for_some_rules_and_a_time_within_a_day(config: Path, campus: Campus, log: Path) -> None:
    then = of_log(log, MORNING + 5 * HOUR, MORNING + 20 * HOUR)
    for rules in (("cold.chilled.warm",), ("patrol.round-incomplete",), tuple(campus.rules)):
        asked = msgspec.structs.replace(
            work(config, campus, then, *rules), from_ms=MORNING + 6 * HOUR, to_ms=MORNING + 20 * HOUR
        )
        assert plain(found(campus, asked, 1)) == plain(found(campus, asked, 2))


def test_more_processes_find_the_same_in_the_history(config: Path, campus: Campus, facts: list[Fact]) -> None:
    path = config.parent / "history.duckdb"
    history = DuckHistory(path)
    points: list[Point] = []
    for seq, fact in enumerate(facts):
        if fact.device:
            device = campus.devices[fact.device]
            place = Place(campus.site.id, device.area, device.id, measurement_of(device.kind))
            points += points_of_fact(fact, place, seq)
    history.write(points, Cursors())
    history.close()
    asked = work(config, campus, of_history(path, MORNING, MORNING + 25 * HOUR))
    one, two, three = (found(campus, asked, processes) for processes in (1, 2, 3))
    assert plain(one) == plain(two) == plain(three)
    assert one.raisings
    assert three.processes == 3


def test_a_history_that_nobody_can_read_ends_all_with_its_message(config: Path, campus: Campus) -> None:
    path = config.parent / "broken.duckdb"
    path.write_bytes(b"no database" * 1_000)
    asked = work(config, campus, OfHistory(path, MORNING, MORNING + HOUR, (MORNING,), 1_000))
    with pytest.raises(HistoryUnavailableError, match=r"broken\.duckdb"):
        judge(campus, asked, 2, lambda _: None)


def test_few_facts_are_judged_by_one_process(
    config: Path, campus: Campus, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "APART_FROM", 1_000_000)
    assert found(campus, work(config, campus, of_log(log, 0, None)), 3).processes == 1


def test_a_fault_of_one_ends_all_with_its_message(config: Path, campus: Campus, log: Path) -> None:
    torn = config.parent / "torn.sqlite"
    with apsw.Connection(str(log)) as whole, apsw.Connection(str(torn)) as copy:
        with copy.backup("main", whole, "main") as backup:
            backup.step()
        tables = copy.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'facts_%'").fetchall()
        copy.execute(f"UPDATE {tables[0][0]} SET body = substr(body, 1, length(body) - 3) WHERE seq = 300")
    with pytest.raises(LogFaultError, match="is damaged"):
        judge(campus, work(config, campus, of_log(torn, 0, None)), 2, lambda _: None)
    assert not multiprocessing.active_children()


def test_a_process_that_dies_ends_all(config: Path, campus: Campus, log: Path) -> None:
    def kill(_: float) -> None:
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(TrialError, match="ended before its time"):
        judge(campus, work(config, campus, of_log(log, 0, None)), 2, kill)
    assert not multiprocessing.active_children()


def test_an_interruption_leaves_no_process(config: Path, campus: Campus, log: Path) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(campus, work(config, campus, of_log(log, 0, None)), 2, interrupt)
    assert not multiprocessing.active_children()
