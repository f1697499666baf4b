"""Many bodies are decoded together as each alone, whatever their quantities are called."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.facts import Clock, Fact, Reading, Tick
from devices.series import FIELDS, FRIDGE
from hub.log import body

NAMES = st.sampled_from([*FIELDS[FRIDGE], "of_another_version", ""]) | st.text(max_size=5)
VALUES = st.floats(allow_nan=False) | st.booleans()
READINGS = st.builds(
    Reading,
    key=st.text(max_size=40),
    device=st.text(max_size=40),
    measured_at_ms=st.integers(0, 1 << 50),
    received_at_ms=st.integers(0, 1 << 50),
    clock=st.sampled_from(Clock),
    values=st.lists(st.tuples(NAMES, VALUES), max_size=4).map(tuple),
)
FACTS: st.SearchStrategy[list[Fact]] = st.lists(READINGS | st.builds(Tick, st.text(), st.just(5), st.just(3)))


@given(FACTS)
def test_many_are_decoded_as_one_by_one(facts: list[Fact]) -> None:
    bodies = [body.encode(fact) for fact in facts]
    assert body.decode_many(bodies) == [body.decode(kept) for kept in bodies] == facts


@given(FACTS, st.integers(1, 20))
def test_a_torn_body_among_many_is_noticed(facts: list[Fact], cut: int) -> None:
    bodies = [body.encode(fact) for fact in facts]
    torn = body.encode(Tick("tick", 5, 3))[:-cut]
    with pytest.raises(msgspec.MsgspecError):
        body.decode_many([*bodies, torn])


def test_names_of_known_quantities_are_not_made_anew() -> None:
    reading = Reading("k", "d", 1, 1, Clock.DEVICE, (("temperature_c", 4.0),))
    [one, other] = body.decode_many([body.encode(reading)] * 2)
    assert isinstance(one, Reading)
    assert isinstance(other, Reading)
    assert one.values[0][0] is other.values[0][0]
