"""The messages can be told apart and found again, and the same seed gives the same ones."""

from __future__ import annotations

from collections import Counter
from zoneinfo import ZoneInfo

from devices.facts import Kind, Reading
from devices.formats import Binding, Format, Router
from hub.ingest.decode import Decoder, Message
from hub.torture.traffic import SITE, STEP_MS, Traffic, is_clockless

FIRST_MS = 1_790_000_000_000
TRAFFIC = Traffic(messages=2_000, devices=20, seed=7, first_ms=FIRST_MS)


def decoded(traffic: Traffic) -> list[Reading]:
    bindings = [Binding(traffic.device(n), traffic.kind(n), Format.NATIVE) for n in range(traffic.devices)]
    decoder = Decoder(Router(SITE, bindings), ZoneInfo("Asia/Shanghai"))
    facts: list[Reading] = []
    for index, text in enumerate(traffic.texts()):
        received_at_ms = FIRST_MS + traffic.messages * STEP_MS
        message = Message(traffic.topic(index), text.encode(), 1, again=False, retained=False,
                          received_at_ms=received_at_ms)  # fmt: skip
        (fact,) = decoder.take(message).entry.facts
        assert isinstance(fact, Reading)
        facts.append(fact)
    return facts


def test_every_message_is_a_fact_that_names_it() -> None:
    facts = decoded(TRAFFIC)
    assert [TRAFFIC.index_of(fact) for fact in facts] == list(range(2_000))
    assert len({fact.key for fact in facts}) == 2_000


def test_the_numbered_ones_are_measured_one_step_apart() -> None:
    for index, fact in enumerate(decoded(TRAFFIC)):
        if not is_clockless(index % TRAFFIC.devices):
            assert fact.measured_at_ms == TRAFFIC.measured_at_ms(index)


def test_one_device_in_five_has_neither_clock_nor_numbers() -> None:
    kinds = Counter(TRAFFIC.kind(number) for number in range(TRAFFIC.devices))
    assert kinds == {Kind.FRIDGE: 16, Kind.METER: 4}


def test_the_seed_decides_everything() -> None:
    again = Traffic(messages=2_000, devices=20, seed=7, first_ms=FIRST_MS)
    other = Traffic(messages=2_000, devices=20, seed=8, first_ms=FIRST_MS)
    assert list(TRAFFIC.texts()) == list(again.texts())
    assert list(TRAFFIC.texts()) != list(other.texts())


def test_a_fact_that_nobody_sent_names_no_message() -> None:
    (fact, *_) = decoded(TRAFFIC)
    stranger = Reading(fact.key, "boiler", fact.measured_at_ms, fact.received_at_ms, fact.clock, fact.values)
    assert TRAFFIC.index_of(stranger) is None
