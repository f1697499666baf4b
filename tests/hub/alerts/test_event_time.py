"""From messages and the log to alerts: what a threshold rule says does not hang on how a reading came.

Neither on the order among devices, the batches, repetitions, lateness and restarts, nor on the time of year.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from devices.clock import AHEAD_TOLERANCE_MS
from devices.facts import Clock, ClockSet, Fact, Kind, Reading
from devices.formats import Binding, Format, Router
from hub.book.model import AlertChanged
from hub.config.binding import watches_of_devices
from hub.ingest.decode import Decoder, Message
from hub.ingest.own_clock import OwnClock
from rules.judge import step
from rules.life import Change
from rules.model import Cleared, Event, Raised, State, Watch
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, Office, demo_campus
from tests.rules.test_threshold import WARM

FRIDGES: Final = ("cold-1", "cold-2", "cold-3")
BERLIN: Final = ZoneInfo("Europe/Berlin")

# By rule and device: raised or cleared, when, with which value.
Told: TypeAlias = dict[tuple[str, str], list[tuple[str, int, float | None]]]


# --- through the log --------------------------------------------------------------------------------------


@st.composite
def mornings(draw: st.DrawFn) -> dict[str, list[Reading]]:
    """What each fridge measures; -127 is a dead probe."""
    steps = st.tuples(st.integers(1, 5), st.sampled_from([4.0, 7.5, 12.0, 12.0, -20.0, -127.0]))
    found = {}
    for device in FRIDGES:
        at_ms, readings = MORNING, []
        for number, (minutes, celsius) in enumerate(draw(st.lists(steps, min_size=1, max_size=25))):
            at_ms += minutes * MINUTE
            values = (("temperature_c", celsius),)
            key = f"r:{device}:b1:{number}"
            readings.append(Reading(key, device, at_ms, at_ms, Clock.DEVICE, values))
        found[device] = readings
    return found


@st.composite
def batches(draw: st.DrawFn, told: dict[str, list[Reading]]) -> list[list[Fact]]:
    """All of it in any order that keeps each device's own, in any batches, up to a day late, some of it again
    and again."""
    turns = draw(st.permutations([device for device, facts in told.items() for _ in facts]))
    waiting = {device: iter(facts) for device, facts in told.items()}
    found: list[list[Fact]] = [[]]
    past: list[Reading] = []
    now_ms = MORNING
    for device in turns:
        fact = next(waiting[device])
        now_ms = max(now_ms, fact.measured_at_ms) + draw(st.sampled_from([0, 0, 0, 0, 8 * HOUR]))
        past.append(fact)
        found[-1].append(replace(fact, received_at_ms=now_ms))
        if draw(st.integers(0, 4)) == 0:
            found[-1].append(replace(draw(st.sampled_from(past)), received_at_ms=now_ms))
        if draw(st.integers(0, 3)) == 0:
            found.append([])
    return found


def said_by_step(watches: Iterable[Watch], told: dict[str, list[Reading]]) -> Told:
    """What each watch says to its own device's readings, one after the other."""
    found: Told = {}
    for watch in watches:
        state, events = State(), list[Event]()
        for fact in told.get(watch.subject, []):
            state, said = step(watch, state, fact, fact.measured_at_ms)
            events += said
        if events:
            found[(watch.rule, watch.subject)] = [as_told(event) for event in events]
    return found


def as_told(event: Event) -> tuple[str, int, float | None]:
    assert isinstance(event, Raised | Cleared)
    # The journal keeps with each change the value that the alert was raised for.
    return (
        ("raised", event.at_ms, event.value) if isinstance(event, Raised) else ("cleared", event.at_ms, None)
    )


def said_in_the_book(office: Office) -> Told:
    found: Told = {}
    for recorded in office.decisions():
        changed = recorded.decision
        if not isinstance(changed, AlertChanged):
            continue
        key = (changed.rule, changed.subject)
        if changed.change in (Change.RAISED, Change.RAISED_AGAIN):
            found.setdefault(key, []).append(("raised", changed.at_ms, changed.value))
        elif changed.change is Change.CLEARED:
            found.setdefault(key, []).append(("cleared", changed.at_ms, None))
    return found


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_order_batches_repetition_lateness_and_restarts_change_no_alert(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("office")
    told = data.draw(mornings())
    office = Office(folder, demo_campus(folder))
    for batch in data.draw(batches(told)):
        office.happens(*batch)
        match data.draw(st.sampled_from(["", "", "", "save", "crash", "save and crash"])):
            case "":
                continue
            case what:
                if "save" in what:
                    office.reader.save()
                if "crash" in what:
                    office.restart()
    office.happens()
    expected = said_by_step(watches_of_devices(office.campus), told)
    assert said_in_the_book(office) == expected
    starts = {alert.since_ms for alert in office.alerts()}
    assert starts <= {fact.measured_at_ms for facts in told.values() for fact in facts}
    office.log.close()
    office.book.close()


def test_the_log_tells_after_a_restart_too_that_the_hub_s_clock_was_set(tmp_path: Path) -> None:
    warm = [
        Reading(f"r:cold-1:b1:{n}", "cold-1", at_ms, at_ms, Clock.DEVICE, (("temperature_c", 12.0),))
        for n, at_ms in enumerate(range(MORNING, MORNING + 40 * MINUTE, MINUTE))
    ]
    office = Office(tmp_path, demo_campus(tmp_path))
    told = {"cold-1": warm}
    expected = said_by_step(watches_of_devices(office.campus), told)["cold.chilled.warm", "cold-1"]
    by_the_wrong_clock = [
        replace(fact, measured_at_ms=at_ms, received_at_ms=at_ms, clock=Clock.AHEAD)
        for fact in warm[5:]
        for at_ms in (fact.measured_at_ms - HOUR,)
    ]
    set_at_ms = MORNING + 5 * MINUTE - 1_000
    office.happens(*warm[:5])
    office.reader.save()
    office.happens(ClockSet("clock", set_at_ms - HOUR, set_at_ms))
    office.restart()
    office.happens(*by_the_wrong_clock)
    said = said_in_the_book(office)["cold.chilled.warm", "cold-1"]
    assert said == [(what, at_ms - HOUR, value) for what, at_ms, value in expected]
    office.log.close()
    office.book.close()


# --- from messages ----------------------------------------------------------------------------------------

Payload: TypeAlias = Callable[[datetime, float], tuple[str, object]]  # topic and body

WATCH: Final = Watch("test.rule", "cold-1", WARM)
# Warm from minute 20 to 45: raised after ten minutes of it, over after two cool ones.
EXCURSION: Final[list[Event]] = [Raised(30 * MINUTE, 20 * MINUTE, 12.0), Cleared(47 * MINUTE, 4.0)]
NIGHTS: Final = {
    "summer time begins": datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    "summer time ends": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "into a leap day": datetime(2028, 2, 28, 22, 30, tzinfo=UTC),
    "out of a leap day": datetime(2028, 2, 29, 22, 30, tzinfo=UTC),
    "new year": datetime(2026, 12, 31, 22, 30, tzinfo=UTC),
}


def with_offset(at: datetime, celsius: float) -> tuple[str, object]:
    said = {"at": at.astimezone(BERLIN).isoformat(), "boot": "b1", "temperature_c": celsius}
    return "campus/s/fridge/cold-1/reading", {**said, "seq": int(at.timestamp())}


def in_seconds(at: datetime, celsius: float) -> tuple[str, object]:
    said = {"at": at.timestamp(), "boot": "b1", "temperature_c": celsius}
    return "campus/s/fridge/cold-1/reading", {**said, "seq": int(at.timestamp())}


def by_the_wall(at: datetime, celsius: float) -> tuple[str, object]:
    """As Tasmota says it: the time of the place, without an offset."""
    local = at.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M:%S")
    return "tele/probe/SENSOR", {
        "Time": local,
        "DS18B20": {"Id": "0A", "Temperature": celsius},
        "TempUnit": "C",
    }


def without_time(_: datetime, celsius: float) -> tuple[str, object]:
    return "campus/s/fridge/cold-1/reading", {"temperature_c": celsius}


def events_of(
    payload: Payload,
    start: datetime,
    hub_is_ahead_ms: Callable[[int], int] = lambda _: 0,
    warm: range = range(20, 45),
    late_ms: int = 0,
) -> list[Event]:
    """What is said about ninety minutes, in time since `start`; `hub_is_ahead_ms` is of its clock's error,
    `late_ms` how long everything was under way."""
    format_ = Format.TASMOTA if payload is by_the_wall else Format.NATIVE
    bindings = [Binding("cold-1", Kind.FRIDGE, format_, "probe" if format_ is Format.TASMOTA else "", "")]
    decoder = Decoder(Router("s", bindings), BERLIN)
    start_ms = int(start.timestamp()) * 1000
    minute = 0
    own_clock = OwnClock(
        lambda: start_ms + late_ms + minute * MINUTE + hub_is_ahead_ms(minute), lambda: minute * MINUTE
    )
    state, found = State(), list[Event]()
    for minute in range(90):
        topic, body = payload(start + timedelta(minutes=minute), 12.0 if minute in warm else 4.0)
        received_ms, clock_set = own_clock.read()
        message = Message(
            topic, json.dumps(body).encode(), 1, again=False, retained=False, received_at_ms=received_ms
        )
        facts = decoder.take(message).entry.facts
        for fact in facts if clock_set is None else (clock_set, *facts):
            state, said = step(WATCH, state, fact, received_ms)
            found += said
    return [since(event, start_ms) for event in found]


def since(event: Event, start_ms: int) -> Event:
    if isinstance(event, Raised):
        return replace(event, at_ms=event.at_ms - start_ms, since_ms=event.since_ms - start_ms)
    assert isinstance(event, Cleared)
    return replace(event, at_ms=event.at_ms - start_ms)


@pytest.mark.parametrize("night", NIGHTS)
@pytest.mark.parametrize("payload", [with_offset, in_seconds])
def test_no_night_of_the_calendar_changes_an_excursion(night: str, payload: Payload) -> None:
    assert events_of(payload, NIGHTS[night]) == EXCURSION


@pytest.mark.parametrize("night", [night for night in NIGHTS if night != "summer time ends"])
def test_nor_if_the_device_tells_the_time_of_the_place_only(night: str) -> None:
    assert events_of(by_the_wall, NIGHTS[night]) == EXCURSION


def test_a_clock_without_offset_is_understood_in_the_hour_that_comes_twice() -> None:
    assert events_of(by_the_wall, NIGHTS["summer time ends"]) == EXCURSION


# An hour late it looks as if it had just been said in the second hour.
@pytest.mark.parametrize("minutes", [1, 10, 30, 50, 70, 120, 480])
def test_nor_does_the_order_of_what_comes_long_after_leave_a_doubt(minutes: int) -> None:
    start = NIGHTS["summer time ends"] - timedelta(minutes=35)  # a quarter of an hour of it is before two
    warm = range(70, 85)
    events = events_of(by_the_wall, start, warm=warm, late_ms=minutes * MINUTE)
    assert events == [Raised(80 * MINUTE, 70 * MINUTE, 12.0), Cleared(87 * MINUTE, 4.0)]


@settings(deadline=None)
@given(st.lists(st.integers(-24 * HOUR, 24 * HOUR), min_size=90, max_size=90))
def test_a_fridge_without_a_clock_is_warm_as_long_as_it_is_however_often_the_hub_s_clock_is_set(
    ahead_ms: list[int],
) -> None:
    start = datetime(2026, 11, 22, 7, tzinfo=UTC)
    events = events_of(without_time, start, lambda minute: ahead_ms[minute] // MINUTE * MINUTE)
    raised, cleared = 30, 47
    assert [(type(event), event.at_ms) for event in events] == [
        (Raised, (raised + ahead_ms[raised] // MINUTE) * MINUTE),
        (Cleared, (cleared + ahead_ms[cleared] // MINUTE) * MINUTE),
    ]


@given(st.lists(st.integers(-AHEAD_TOLERANCE_MS, 3 * HOUR), min_size=90, max_size=90))
def test_a_hub_clock_that_jumps_ahead_or_a_little_back_changes_nothing(ahead_ms: list[int]) -> None:
    start = datetime(2026, 11, 22, 7, tzinfo=UTC)
    assert events_of(in_seconds, start, lambda minute: ahead_ms[minute]) == EXCURSION


@pytest.mark.parametrize("from_minute", range(0, 60, 5))
@pytest.mark.parametrize("hours", [1, 24])
def test_a_hub_clock_that_is_hours_ahead_for_half_an_hour_changes_nothing(
    from_minute: int, hours: int
) -> None:
    wrong = range(from_minute, from_minute + 30)
    start = datetime(2026, 11, 22, 7, tzinfo=UTC)
    events = events_of(in_seconds, start, lambda minute: hours * HOUR if minute in wrong else 0)
    assert events == EXCURSION


# Every device's clock seems ahead to such a hub; so it takes its own, wrong time for theirs.
def while_an_hour_back(wrong: range, warm: range) -> list[Event]:
    start = datetime(2026, 11, 22, 7, tzinfo=UTC)
    return events_of(in_seconds, start, lambda minute: -HOUR if minute in wrong else 0, warm)


@pytest.mark.parametrize("from_minute", range(60))
@pytest.mark.parametrize("length", [1, 7, 15, 40])
def test_a_hub_clock_that_is_an_hour_back_for_a_while_changes_no_excursion_but_its_times(
    from_minute: int, length: int
) -> None:
    wrong = range(from_minute, from_minute + length)
    events = while_an_hour_back(wrong, warm=range(20, 45))
    by_the_hub = [event.at_ms + (HOUR if event.at_ms < 0 else 0) for event in events]
    assert by_the_hub == [event.at_ms for event in EXCURSION]


def test_a_hub_clock_that_is_an_hour_back_forgets_no_time_that_a_fridge_was_warm() -> None:
    raised = [e for e in while_an_hour_back(range(25, 60), warm=range(20, 35)) if isinstance(e, Raised)]
    assert len(raised) == 1


def test_a_hub_clock_that_was_an_hour_back_makes_no_hour_of_three_warm_minutes() -> None:
    assert while_an_hour_back(range(10, 40), warm=range(39, 42)) == []


@pytest.mark.parametrize("from_minute", range(31, 45))
def test_a_hub_clock_that_is_an_hour_back_neither_doubles_nor_ends_what_is_raised(from_minute: int) -> None:
    events = while_an_hour_back(range(from_minute, 80), warm=range(20, 45))
    assert [type(event) for event in events] == [Raised, Cleared]
    assert events[0] == EXCURSION[0]
