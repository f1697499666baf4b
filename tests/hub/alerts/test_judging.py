"""Judging passes over what is calm; it says and remembers what `step` does with each fact."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.clock import AHEAD_TOLERANCE_MS
from devices.facts import (
    Clock,
    ClockSet,
    Fact,
    Order,
    Presence,
    Reading,
    RoundOrder,
    Tap,
    Tick,
    Trust,
)
from hub.alerts.judging import Judging, Remembered, Said, WatchKey
from hub.alerts.watched import Overheard
from rules.judge import step
from rules.model import (
    ClockWrong,
    Condition,
    Count,
    Direction,
    Flaw,
    Forecast,
    Held,
    Odd,
    OddTaps,
    Outside,
    Overdue,
    Phase,
    Rate,
    RoundFlaw,
    RoundIncomplete,
    SensorFault,
    Shape,
    Silent,
    Spread,
    State,
    Stuck,
    Threshold,
    TooFewPatrols,
    Total,
    Watch,
)
from rules.odd_taps import REPLAY
from rules.route import Sequence, Stop, Walk

DEVICES = ("cold-1", "cold-2")
QUANTITIES = ("temperature_c", "humidity_pct")
FLAGS = ("door_open", "defrost")
FAULTS = (85.0, -127.0, 4.0)
VALUES = st.sampled_from([4.0, 6.0, 6.5, 7.0, 8.0, 8.5, 9.0, 0.0, -1.0, 85.0, -127.0, 130.0]) | st.booleans()
# Small steps and, at times, a clock that is wrong by more than is tolerated, either way.
STEPS = st.sampled_from([0, 0, 1, 1, 2, 5, -1, -3, 2 * AHEAD_TOLERANCE_MS, -2 * AHEAD_TOLERANCE_MS])
LAGS = st.sampled_from([0, 0, 0, 1, 7, -1, -2 * AHEAD_TOLERANCE_MS, 2 * AHEAD_TOLERANCE_MS])


def thresholds(quantity: str) -> st.SearchStrategy[Threshold]:
    return st.builds(
        Threshold,
        quantity=st.just(quantity),
        direction=st.sampled_from(Direction),
        limit=st.sampled_from([0.0, 7.0, 8.0, 84.0]),
        clear=st.sampled_from([1.0, 7.0, 6.0]),
        for_ms=st.integers(0, 3),
        keep_for_ms=st.integers(0, 3),
        valid_low=st.just(-60.0),
        valid_high=st.just(120.0),
        fault_values=st.sampled_from([(), FAULTS]),
        ramp=st.sampled_from([0.0, 5.0]),
        grave=st.sampled_from([None, None, 8.5, -1.0]),
        grave_for_ms=st.integers(0, 2),
        excuse=st.sampled_from(["", "", "defrost"]),
        excuse_ms=st.integers(1, 4),
        others=st.sampled_from([(), (), QUANTITIES]),
    )


def faults(quantity: str) -> st.SearchStrategy[SensorFault]:
    return st.builds(
        SensorFault,
        quantity=st.just(quantity),
        low=st.just(-60.0),
        high=st.just(120.0),
        fault_values=st.sampled_from([(), FAULTS]),
        ramp=st.sampled_from([0.0, 5.0]),
        keep_for_ms=st.integers(0, 3),
    )


DELAYS = st.integers(0, 3)
CLOCKS = st.sampled_from([Clock.DEVICE, Clock.DEVICE, Clock.NONE, Clock.UNSET, Clock.AHEAD])
WIDE = {"valid_low": st.just(-60.0), "valid_high": st.just(120.0)}
OF_NUMBERS: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Overdue, quantity=st.sampled_from(QUANTITIES), for_ms=st.sampled_from([0, 2, 300_000])),
    st.builds(
        Outside,
        quantity=st.sampled_from(QUANTITIES),
        low=st.sampled_from([0.0, 4.0]),
        high=st.sampled_from([7.0, 8.0]),
        margin=st.sampled_from([0.0, 1.0]),
        for_ms=DELAYS,
        keep_for_ms=DELAYS,
        **WIDE,
    ),
    st.builds(
        Rate,
        quantity=st.sampled_from(QUANTITIES),
        direction=st.sampled_from(Direction),
        limit=st.just(2.0),
        clear=st.just(1.0),
        within_ms=st.integers(1, 30),
        for_ms=DELAYS,
        keep_for_ms=DELAYS,
        **WIDE,
    ),
    st.builds(
        Forecast,
        quantity=st.sampled_from(QUANTITIES),
        direction=st.sampled_from(Direction),
        limit=st.sampled_from([8.0, 0.0]),
        start=st.sampled_from([6.0, 4.0]),
        shape=st.sampled_from(Shape),
        within_ms=st.integers(2, 30),
        ahead_ms=st.integers(1, 30),
        points=st.integers(3, 4),
        noise=st.sampled_from([0.0, 0.5]),
        for_ms=DELAYS,
        keep_for_ms=DELAYS,
        **WIDE,
    ),
    st.builds(
        Stuck,
        quantity=st.sampled_from(QUANTITIES),
        after_ms=st.integers(1, 8),
        points=st.integers(2, 4),
        keep_for_ms=DELAYS,
        **WIDE,
    ),
    st.builds(
        Spread,
        quantities=st.just(QUANTITIES),
        limit=st.just(5.0),
        clear=st.just(4.0),
        least=st.just(1.0),
        for_ms=DELAYS,
        keep_for_ms=DELAYS,
        grave=st.sampled_from([None, 20.0]),
        grave_for_ms=DELAYS,
        **WIDE,
    ),
    st.builds(
        Total,
        quantity=st.sampled_from(QUANTITIES),
        parts=st.just(("cold-1", "cold-3")),
        limit=st.just(5.0),
        clear=st.just(4.0),
        least=st.just(1.0),
        fresh_ms=st.integers(1, 9),
        for_ms=DELAYS,
        keep_for_ms=DELAYS,
        **WIDE,
    ),
)
OF_STATES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        Held,
        quantity=st.sampled_from(FLAGS),
        wanted=st.booleans(),
        for_ms=DELAYS,
        keep_for_ms=DELAYS,
        patience_ms=st.integers(1, 9),
    ),
    st.builds(
        Count,
        quantity=st.sampled_from([*FLAGS, "online"]),
        times=st.integers(1, 3),
        within_ms=st.integers(1, 20),
        keep_for_ms=DELAYS,
        wanted=st.booleans(),
    ),
    st.builds(
        Count,
        quantity=st.sampled_from(QUANTITIES),
        times=st.integers(1, 3),
        within_ms=st.integers(1, 20),
        keep_for_ms=DELAYS,
        direction=st.sampled_from(Direction),
        limit=st.sampled_from([7.0, 0.0]),
    ),
)
CONDITIONS: st.SearchStrategy[Condition] = st.one_of(
    *(thresholds(quantity) for quantity in QUANTITIES),
    *(faults(quantity) for quantity in QUANTITIES),
    st.builds(Silent, st.integers(1, 12)),
    st.builds(ClockWrong, DELAYS, DELAYS),
    OF_NUMBERS,
    OF_STATES,
)


class Shifts:
    """Hours that come and go every few milliseconds."""

    def active(self, at_ms: int) -> bool:
        return at_ms // 5 % 2 == 0


OF_READINGS = ["reading"] * 6 + ["again", "tick", "tick", "tap", "order", "presence", "clock set"]
OF_TAPS = ["tap"] * 8 + ["again", "again", "tick", "reading", "order", "clock set"]
HOURS = st.sampled_from([None, None, None, Shifts()])
RUN = "night@1"
WALK = Walk(
    2,
    40,
    5,
    (Stop("A", latest_ms=20), Stop("B", least_ms=3, most_ms=15), Stop("C", earliest_ms=5)),
    sequence=Sequence.FIXED,
    people=("zhang",),
    badges=("B1",),
    others=("li",),
    least_ms=4,
    most_ms=30,
    duplicate_ms=4,
)
ROUND = Watch("patrol", RUN, RoundIncomplete(Walk(0, 40, 5, (Stop("A"), Stop("B")))))
ROUNDS = st.lists(
    st.sampled_from(
        [
            Watch("patrol.incomplete", RUN, RoundIncomplete(WALK)),
            *(Watch(f"patrol.{flaw.value}", RUN, RoundFlaw(flaw, WALK, 3)) for flaw in Flaw),
            Watch("patrol.too-few", "patrols@1", TooFewPatrols(0, 60, ((RUN, WALK),), ("A",), 2, 5, 5)),
        ]
    ),
    unique_by=lambda watch: watch.rule,
).map(lambda drawn: (ROUND, *drawn))
# Of readers by what they read, of checkpoints by the reads of their tags.
ODD = st.sampled_from(
    [
        Watch(f"odd.{odd.value}", subject, OddTaps(odd, ("A", "B"), 4, 2))
        for odd in Odd
        for subject in (DEVICES if odd in (Odd.UNKNOWN_TAG, Odd.WRONG_PLACE) else ("gate", "library"))
    ]
)


@st.composite
def campuses(draw: st.DrawFn) -> tuple[Watch, ...]:
    of_devices = tuple(
        Watch(f"rule.{number}", device, condition, draw(HOURS), draw(HOURS))
        for device in DEVICES
        for number, condition in enumerate(draw(st.lists(CONDITIONS, max_size=6)))
        if not (isinstance(condition, Total) and device in condition.parts)
    )
    odd = draw(st.lists(ODD, max_size=4, unique_by=lambda watch: (watch.rule, watch.subject)))
    return (*of_devices, *odd)


@st.composite
def logs(draw: st.DrawFn) -> list[Fact]:
    """Facts in order of arrival, by clocks that jump, some of them again; also of a device nobody watches."""
    now_ms, facts = 1, list[Fact]()
    mix = draw(st.sampled_from([OF_READINGS, OF_TAPS]))
    for number in range(draw(st.integers(0, 40))):
        now_ms = max(0, now_ms + draw(STEPS))
        at_ms = max(0, now_ms - draw(LAGS))
        device = draw(st.sampled_from([*DEVICES, *DEVICES, "cold-3", "unknown"]))
        key = str(number)
        match draw(st.sampled_from(mix)):
            case "reading":
                values = draw(
                    st.lists(
                        st.tuples(st.sampled_from([*QUANTITIES, *FLAGS, "rssi_dbm"]), VALUES), max_size=4
                    )
                )
                facts.append(Reading(key, device, at_ms, now_ms, draw(CLOCKS), tuple(values)))
            case "again" if facts:
                facts.append(draw(st.sampled_from(facts)))
            case "tick":
                facts.append(Tick(key, now_ms, max(0, now_ms - draw(st.integers(0, 30)))))
            case "clock set":
                before_ms, now_ms = now_ms, max(0, now_ms + draw(STEPS))
                facts.append(ClockSet(key, now_ms, before_ms))
            case "tap":
                facts.append(draw(taps(key, device, at_ms, now_ms)))
            case "order":
                order = draw(st.sampled_from(Order))
                until_ms = draw(st.integers(30, 60)) if order is Order.EXTEND else 0
                facts.append(RoundOrder(key, at_ms, now_ms, RUN, order, "head", "why", until_ms))
            case _:
                facts.append(Presence(key, device, at_ms, now_ms, Clock.NONE, draw(st.booleans())))
    return facts


def taps(key: str, device: str, at_ms: int, now_ms: int) -> st.SearchStrategy[Tap]:
    """By people whose round it is or not, of tags that hang here, elsewhere or nowhere, also replayed."""
    return st.builds(
        Tap,
        st.just(key),
        st.just(device),
        st.just(at_ms),
        st.just(now_ms),
        CLOCKS,
        st.sampled_from("AABBCZ"),
        st.sampled_from(["", "B1", "B9"]),
        st.sampled_from(Trust),
        st.sampled_from(["", "zhang", "zhang", "li", "wang"]),
        st.integers(-1, 5),
        st.sampled_from(["", "", "", REPLAY, "forged"]),
    )


def plainly(watches: tuple[Watch, ...], facts: list[Fact]) -> tuple[list[Said], dict[WatchKey, State]]:
    """Every fact to every watch, one by one."""
    states = {(watch.rule, watch.subject): State() for watch in watches}
    said = []
    for fact in facts:
        for watch in watches:
            key = (watch.rule, watch.subject)
            states[key], events = step(watch, states[key], fact, 0)
            said += [Said(watch, event) for event in events]
    return said, states


def by_watch(said: list[Said]) -> dict[WatchKey, list[object]]:
    """What each watch said, in order."""
    found = defaultdict[WatchKey, list[object]](list)
    for one in said:
        found[(one.watch.rule, one.watch.subject)].append(one.event)
    return found


def ignore(_: Fact) -> None:
    pass


def start(
    watches: tuple[Watch, ...], rounds: tuple[Watch, ...] = (ROUND,), *, saved: Saved | None = None
) -> Judging:
    saved = saved or Saved({}, b"\x90", 0)
    lines = msgspec.msgpack.decode(saved.overheard, type=list[Overheard])
    judging = Judging(watches, saved.states, lines, saved.cursor)
    for watch in rounds:
        judging.watch_round(watch)
    return judging


class Saved(msgspec.Struct):
    """What a book keeps."""

    states: dict[WatchKey, Remembered]
    overheard: bytes
    cursor: int


@settings(max_examples=600, deadline=None)
@given(campuses(), ROUNDS, logs(), st.data())
def test_nobody_can_tell_that_calm_readings_are_passed_over(
    watches: tuple[Watch, ...], rounds: tuple[Watch, ...], facts: list[Fact], data: st.DataObject
) -> None:
    judging = start(watches, rounds)
    said: list[Said] = []
    at = 0
    while at < len(facts):
        size = data.draw(st.integers(1, 12))
        said += judging.judge(at + 1, facts[at : at + size], 0, ignore)
        if data.draw(st.booleans()):
            judging.shown([(watch.rule, watch.subject) for watch in watches])
        at += size
    expected, states = plainly((*watches, *rounds), facts)
    assert by_watch(said) == by_watch(expected)
    assert judging.shown(states) == states


@settings(max_examples=600, deadline=None)
@given(campuses(), ROUNDS, logs(), st.data())
def test_a_crash_between_any_two_facts_is_noticed_by_nobody(
    watches: tuple[Watch, ...], rounds: tuple[Watch, ...], facts: list[Fact], data: st.DataObject
) -> None:
    book = Saved({}, b"\x90", 0)
    judging = start(watches, rounds, saved=book)
    said: list[Said] = []
    at = 0
    while at < len(facts):
        size = data.draw(st.integers(1, 12))
        heard = judging.judge(at + 1, facts[at : at + size], 0, ignore)
        at = min(len(facts), at + size)
        speakers = {(one.watch.rule, one.watch.subject) for one in heard}
        written = {key: Remembered(state, at) for key, state in judging.shown(speakers).items()}
        match data.draw(st.sampled_from(["go on", "go on", "save", "crash before", "crash after"])):
            case "crash before":  # what was said is in nobody's book
                at = book.cursor
                judging = start(watches, rounds, saved=book)
                continue
            case "crash after":
                book.states |= written
                at = book.cursor
                judging = start(watches, rounds, saved=book)
            case choice:
                book.states |= written
                judging.saved(speakers)
                if choice == "save":
                    book.states |= {key: Remembered(state, at) for key, state in judging.unsaved().items()}
                    book.overheard = msgspec.msgpack.encode(judging.overheard())
                    book.cursor = at
                    judging.saved()
        said += heard
    expected, states = plainly((*watches, *rounds), facts)
    assert by_watch(said) == by_watch(expected)
    assert judging.shown(states) == states


WARM = Watch(
    "warm", "cold-1", Threshold("temperature_c", Direction.ABOVE, 8.0, 7.0, 10, 10, -60.0, 120.0, (), 0.0)
)


def reading(at_ms: int, degrees: float) -> Reading:
    return Reading(str(at_ms), "cold-1", at_ms, at_ms, Clock.DEVICE, (("temperature_c", degrees),))


def test_a_calm_device_has_nothing_to_save_but_its_line() -> None:
    judging = start((WARM,))
    judging.judge(1, [reading(at_ms, 4.0) for at_ms in range(100)], 0, ignore)
    assert judging.unsaved() == {}
    assert [heard.device for heard in judging.overheard()] == ["cold-1"]
    assert judging.shown([("warm", "cold-1")]) == {("warm", "cold-1"): State(newest_ms=99, last_value=4.0)}


def test_what_was_calm_by_an_old_rule_is_not_taken_for_calm_by_a_new_one() -> None:
    judging = start((WARM,))
    judging.judge(1, [reading(1, 6.0)], 0, ignore)
    saved = Saved({}, msgspec.msgpack.encode(judging.overheard()), 1)
    assert isinstance(WARM.condition, Threshold)
    stricter = msgspec.structs.replace(
        WARM, condition=msgspec.structs.replace(WARM.condition, limit=5.0, clear=4.0)
    )
    changed = start((stricter,), saved=saved)
    assert changed.shown([("warm", "cold-1")])["warm", "cold-1"].phase is Phase.QUIET
    [said] = changed.judge(2, [reading(2, 6.0), reading(12, 6.0)], 0, ignore)
    assert said.event.at_ms == 12


def test_a_line_of_a_device_or_quantity_that_is_watched_no_more_is_dropped() -> None:
    lines = [
        Overheard("gone", ("temperature_c",), [1, 1, 4.0]),
        Overheard("cold-1", ("humidity_pct", "temperature_c"), [1, 1, 50.0, 2, 4.0]),
    ]
    judging = start((WARM,), saved=Saved({}, msgspec.msgpack.encode(lines), 9))
    assert judging.shown([("warm", "cold-1")])["warm", "cold-1"] == State(newest_ms=2, last_value=4.0)
