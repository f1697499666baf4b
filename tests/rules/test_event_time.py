"""Threshold rules live in the readings' own time: how and when a reading arrives is nothing to them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from devices.facts import Fact, Reading
from rules.model import Cleared, Direction, Event, Raised, Threshold
from tests.rules.facts import (
    DEVICE,
    HOUR,
    MINUTE,
    OTHER,
    SECOND,
    presence,
    reading,
    run,
    run_with_restarts,
    tap,
    tick,
)

WARM = Threshold("temperature_c", Direction.ABOVE, 8.0, 7.0, 5 * SECOND, 3 * SECOND, -60.0, 120.0, (85.0,))
MOST_LATE = 48 * HOUR


@st.composite
def series(draw: st.DrawFn, device: str = DEVICE) -> list[Reading]:
    """A device's readings in its own order, no two of one time: the log lets the same one in only once."""
    steps = st.tuples(st.integers(1, 4), st.sampled_from([4.0, 7.0, 7.5, 8.0, 8.1, 12.0, 85.0, 130.0]))
    at_ms, facts = HOUR, []
    for step_s, temperature in draw(st.lists(steps, max_size=40)):
        at_ms += step_s * SECOND
        facts.append(reading(at_ms, device=device, temperature_c=temperature))
    return facts


@st.composite
def deliveries(draw: st.DrawFn, facts: Sequence[Reading]) -> list[Fact]:
    """The same readings as a hub may get them: hours late, some again and again, with others' in between."""
    others: list[Fact] = [
        *draw(series(OTHER)),
        tick(HOUR),
        tick(5 * HOUR),
        presence(2 * HOUR, online=False),
        tap(HOUR, "04AA"),
    ]
    delivered: list[Fact] = []
    now_ms = 0
    for number, fact in enumerate(facts):
        now_ms = max(now_ms, fact.measured_at_ms) + draw(st.sampled_from([0, 0, 0, SECOND, MOST_LATE]))
        delivered.append(replace(fact, received_at_ms=now_ms))
        again = draw(st.lists(st.integers(0, number), max_size=2))
        delivered += [replace(facts[earlier], received_at_ms=now_ms) for earlier in again]
        delivered += draw(st.lists(st.sampled_from(others), max_size=2))
    return delivered


@given(st.data())
def test_any_way_of_delivery_gives_the_same_events_with_the_same_times(data: st.DataObject) -> None:
    facts = data.draw(series())
    expected = run(WARM, facts)
    delivered = data.draw(deliveries(facts))
    assert run(WARM, delivered) == expected
    assert run_with_restarts(WARM, delivered) == expected


@given(st.data())
def test_a_restart_at_any_point_has_the_same_future(data: st.DataObject) -> None:
    delivered = data.draw(deliveries(data.draw(series())))
    cut = data.draw(st.integers(0, len(delivered)))
    before, said = run_with_restarts(WARM, delivered[:cut])
    after, said_later = run(WARM, delivered[cut:], before)
    assert (after, said + said_later) == run(WARM, delivered)


@given(series(), st.integers(-HOUR, 100 * 365 * 24 * HOUR))
def test_the_same_story_at_another_time_is_the_same(facts: list[Reading], later_ms: int) -> None:
    moved = [
        replace(
            fact,
            measured_at_ms=fact.measured_at_ms + later_ms,
            received_at_ms=fact.received_at_ms + later_ms,
        )
        for fact in facts
    ]
    assert run(WARM, moved)[1] == [later(event, later_ms) for event in run(WARM, facts)[1]]


def later(event: Event, by_ms: int) -> Event:
    match event:
        case Raised():
            return replace(event, at_ms=event.at_ms + by_ms, since_ms=event.since_ms + by_ms)
        case Cleared():
            return replace(event, at_ms=event.at_ms + by_ms)
        case _:
            raise AssertionError(event)


def test_a_batch_that_is_two_days_late_is_judged_by_its_own_times() -> None:
    warm = [
        reading(HOUR + n * SECOND, received_ms=HOUR + MOST_LATE + n, temperature_c=12.0) for n in range(20)
    ]
    cool = [
        reading(HOUR + n * MINUTE, received_ms=HOUR + MOST_LATE + n, temperature_c=4.0) for n in range(1, 3)
    ]
    assert run(WARM, warm + cool)[1] == [
        Raised(HOUR + 5 * SECOND, HOUR, 12.0),
        Cleared(HOUR + 2 * MINUTE, 4.0),
    ]
