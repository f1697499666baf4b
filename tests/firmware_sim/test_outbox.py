"""The outbox: nothing is lost silently, order is kept, and it never grows past its bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.dialects import Message
from firmware_sim.outbox import Outbox, joined

STEPS = st.lists(st.sampled_from(("put", "send", "acknowledge", "connect", "lose", "power")), max_size=80)


def fact(number: int, topic: str = "t") -> Message:
    return Message(topic, f'{{"seq":{number}}}')


def test_when_there_are_too_many_the_oldest_goes_and_is_counted() -> None:
    outbox = Outbox(capacity=3, batch_limit=10)
    outbox.put(fact(number) for number in range(5))
    assert outbox.take() == (fact(2), fact(3), fact(4))
    assert outbox.dropped == 2


def test_a_backlog_goes_out_as_arrays_of_one_topic_in_order() -> None:
    outbox = Outbox(capacity=10, batch_limit=2)
    outbox.put((fact(1), fact(2), fact(3), fact(4, "other")))
    assert [joined(outbox.take()).body for _ in range(3)] == [
        '[{"seq":1},{"seq":2}]',
        '{"seq":3}',
        '{"seq":4}',
    ]
    assert outbox.take() == ()


def test_what_was_under_way_when_the_connection_broke_goes_out_again_first() -> None:
    outbox = Outbox(capacity=10, batch_limit=10)
    outbox.put((fact(1), fact(2)))
    outbox.sent(1, outbox.take())
    outbox.put((fact(3),))
    outbox.connection_lost()
    assert outbox.take() == (fact(1), fact(2), fact(3))


def test_what_keeps_little_while_offline_drops_nothing_while_connected() -> None:
    outbox = Outbox(capacity=5, batch_limit=1, offline_capacity=1)
    outbox.connection_made()
    outbox.put(fact(number) for number in range(5))
    assert (outbox.queued, outbox.dropped) == (5, 0)
    outbox.connection_lost()
    assert (outbox.queued, outbox.dropped) == (1, 4)


@given(steps=STEPS, capacity=st.integers(1, 6), batch_limit=st.integers(1, 4))
def test_every_fact_is_acknowledged_queued_or_counted_as_dropped(
    steps: list[str], capacity: int, batch_limit: int
) -> None:
    outbox = Outbox(capacity, batch_limit, offline_capacity=1 + capacity // 2)
    number, waiting = 0, []
    for step in steps:
        match step:
            case "put":
                outbox.put((fact(outbox.made),))
            case "send":
                number += 1
                facts = outbox.take()
                if facts:
                    outbox.sent(number, facts)
                    waiting.append(number)
            case "acknowledge" if waiting:
                outbox.acknowledge(waiting.pop(0))
            case "connect":
                outbox.connection_made()
            case "lose":
                outbox.connection_lost()
                waiting.clear()
            case "power":
                outbox.power_lost()
                waiting.clear()
        assert outbox.made == outbox.acknowledged + outbox.queued + outbox.dropped
        assert outbox.queued <= capacity
