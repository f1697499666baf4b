"""Many calm readings of several quantities of one device are noted, and remembered as if each were judged."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import Clock, Fact, Reading
from hub.alerts.judging import Judging, Said
from rules.judge import step
from rules.model import Condition, Direction, Event, Forecast, Rate, Shape, Spread, State, Stuck, Watch

WIDE = (-60.0, 120.0)
CONDITIONS: Mapping[str, Condition] = {
    "rise": Rate("temperature_c", Direction.ABOVE, 3.0, 1.0, 300, 0, 0, *WIDE),
    "fall": Rate("humidity_pct", Direction.BELOW, 3.0, 1.0, 200, 0, 0, *WIDE),
    "soon": Forecast("temperature_c", Direction.ABOVE, 8.0, 6.0, Shape.LINE, 400, 200, 3, 0.0, 0, 0, *WIDE),
    "still": Stuck("humidity_pct", 500, 4, 0, *WIDE),
    "apart": Spread(("temperature_c", "humidity_pct"), 90.0, 80.0, 1.0, 0, 0, *WIDE),
}
WATCHES = tuple(Watch(rule, "cold-1", condition) for rule, condition in CONDITIONS.items())


def said_by(random: Random, readings: int) -> list[Fact]:
    """A slow course; now and then a jump, a late reading, a quantity left out or that is no number."""
    facts: list[Fact] = []
    at_ms, degrees, humidity = 1_000, 4.0, 60.0
    for number in range(readings):
        at_ms += random.randint(1, 12)
        degrees += random.uniform(-0.05, 0.05) if random.random() < 0.99 else random.choice((-3.5, 3.5))
        humidity += random.choice((0.0, 0.0, 0.01, -0.01)) if random.random() < 0.99 else -4.0
        late_ms = random.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, 9)) if random.random() < 0.3 else 0
        values = [("temperature_c", degrees), ("humidity_pct", humidity)]
        if random.random() < 0.05:
            values.pop(random.randrange(2))
        if random.random() < 0.01:
            values.append(("temperature_c", True))
        facts.append(Reading(f"{number}", "cold-1", at_ms - late_ms, at_ms, Clock.DEVICE, tuple(values)))
    return facts


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from([0.0, 0.01, 0.2]))
def test_long_courses_are_remembered_whole(seed: int, saved_each: float) -> None:
    random = Random(seed)
    facts = said_by(random, 600)
    judging = Judging(WATCHES, {})
    said: list[Said] = []
    at = 0
    while at < len(facts):
        size = random.randint(1, 40)
        said += judging.judge(at + 1, facts[at : at + size], 0, lambda _: None)
        at += size
        if random.random() < saved_each:
            judging.unsaved()
            judging.saved()
    states = {(watch.rule, watch.subject): State() for watch in WATCHES}
    for watch in WATCHES:
        key = (watch.rule, watch.subject)
        expected = list[Event]()
        for fact in facts:
            states[key], events = step(watch, states[key], fact, 0)
            expected += events
        assert [one.event for one in said if one.watch == watch] == expected
    assert judging.shown(states) == states
