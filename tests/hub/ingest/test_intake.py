"""Every message of a batch is acknowledged as a fact, a dead letter or ignored, and none stops the others."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.facts import ClockSet
from devices.formats import Router
from hub.ingest.counts import Counts
from hub.ingest.decode import Decoder, Message, Taken
from hub.ingest.flood import Flood
from hub.ingest.intake import FLOOD, HUB_FAULT, Batch, Intake
from hub.ingest.own_clock import OwnClock
from hub.ingest.publishes import Publish
from hub.log.model import Letter
from tests.hub.ingest.campus import BINDINGS

NOW = 1_790_000_000_000
MARKER = b"campus/s/hub/marker"
COLD_1 = b"campus/s/fridge/cold-1/reading"


class BrokenDecoder(Decoder):
    """Fails at one payload."""

    def carefully(self, message: Message) -> Taken:
        if message.payload == b"break":
            raise KeyError("a fault of ours")
        return super().carefully(message)


class World:
    """An intake with a clock that is set by hand."""

    def __init__(self, flood: Flood | None = None, marker: bytes = MARKER) -> None:
        self.counts = Counts()
        self.now_ms = NOW
        decoder = BrokenDecoder(Router("s", BINDINGS), ZoneInfo("Asia/Shanghai"))
        self.steady_ms = 0
        own_clock = OwnClock(lambda: self.now_ms, lambda: self.steady_ms)
        self.intake = Intake(decoder, self.counts, flood or Flood(), own_clock, marker.decode())

    def take(self, *publishes: Publish) -> Batch:
        return self.intake.take(publishes)


def message(
    number: int, payload: bytes | None = None, *, topic: bytes = COLD_1, qos: int = 1, missing: int = 0
) -> Publish:
    if payload is None:
        payload = b'{"boot":"b","seq":%d,"temperature_c":4}' % number
    packet_id = number if qos else 0
    return Publish(topic, payload, packet_id, qos, again=False, retained=False, missing=missing)


def letters(batch: Batch) -> list[Letter]:
    return [letter for entry in batch.entries for letter in entry.letters]


def test_all_of_a_batch_is_acknowledged_in_the_order_of_arrival() -> None:
    world = World()
    batch = world.take(
        message(9),
        message(3, topic=b"zigbee2mqtt/bridge/state"),
        message(7, b"not json"),
        message(0, qos=0),
        message(4, qos=2),
        message(5, topic=MARKER),
    )
    assert (batch.of_qos_1, batch.of_qos_2) == ([9, 3, 7, 5], [4])
    assert len(batch.entries) == 4
    assert world.counts.messages == 6
    assert world.counts.letters == {"not_json": 1}
    assert world.counts.ignored.total() == 1


def test_only_the_marker_that_was_sent_last_is_the_marker() -> None:
    world = World()
    world.intake.marker = b"new"
    assert not world.take(message(1, b"old", topic=MARKER)).has_marker
    assert world.take(message(1), message(2, b"new", topic=MARKER)).has_marker


def test_a_fault_of_ours_is_a_dead_letter_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    batch = world.take(message(1), message(2, b"break"), message(3))
    assert [letter.reason for letter in letters(batch)] == [HUB_FAULT]
    assert letters(batch)[0].payload == b"break"
    assert batch.of_qos_1 == [1, 2, 3]
    assert sum(len(entry.facts) for entry in batch.entries) == 2
    assert "a fault of ours" in caplog.text


def test_what_was_too_large_to_keep_is_a_dead_letter_with_its_true_size() -> None:
    (letter,) = letters(World().take(message(1, b"x" * 100, missing=5_000_000)))
    assert (letter.reason, letter.detail) == ("too_large", "5000100 bytes")


def test_a_topic_that_is_no_utf_8_is_a_dead_letter_that_can_be_printed() -> None:
    (letter,) = letters(World().take(message(1, topic=b"campus/s/fridge/\xff/reading")))
    assert letter.topic.isprintable()


def test_a_flood_is_cut_counted_and_shown_and_its_neighbour_is_heard() -> None:
    world = World(Flood(messages_per_s=10, burst=20))
    world.intake.judges_floods = True
    other = b"campus/s/fridge/cold-1/status"
    flood = [message(number) for number in range(1, 101)]
    batch = world.take(*flood, message(101, b'{"online":true}', topic=other))
    assert sum(len(entry.facts) for entry in batch.entries) == 21
    assert batch.of_qos_1 == list(range(1, 102))
    assert world.counts.flooded == 80
    assert [letter.reason for letter in letters(batch)] == [FLOOD]
    world.now_ms += 1_000
    batch = world.take(*(message(number) for number in range(101, 201)))
    (letter,) = letters(batch)
    assert letter.detail.startswith("80 messages")
    assert world.counts.flooded == 80 + 90


def test_strangers_together_have_one_limit() -> None:
    world = World(Flood(messages_per_s=10, burst=20))
    world.intake.judges_floods = True
    batch = world.take(
        *(message(n, topic=b"campus/s/fridge/new-%d/reading" % n) for n in range(1, 101)), message(101)
    )
    assert sum(len(entry.meetings) for entry in batch.entries) == 20
    assert world.counts.strangers == 20
    assert world.counts.flooded == 80
    assert batch.entries[-1].facts


@given(
    st.lists(
        st.tuples(
            st.sampled_from([COLD_1, b"campus/s/fridge/cold-1/status", b"zigbee2mqtt/cold-4", b"campus/s/x"]),
            st.sampled_from(
                [
                    b'{"at":1790000000,"boot":"b","seq":1,"temperature_c":4}',
                    b'{"boot":"b","seq":2,"temperature_c":-0.0}',
                    b'{"at":1,"boot":"b","seq":3,"temperature_c":4}',
                    b'[{"boot":"b","seq":4,"temperature_c":4}]',
                    b'{"online":true}',
                    b'{"temperature":4}',
                ]
            )
            | st.binary(max_size=20),
            st.integers(0, 3),
            st.booleans(),
            st.booleans(),
        )
    )
)
def test_a_message_becomes_the_same_in_a_batch_as_alone(
    messages: list[tuple[bytes, bytes, int, bool, bool]],
) -> None:
    decoder = Decoder(Router("s", BINDINGS), ZoneInfo("Asia/Shanghai"))
    alone = [
        decoder.carefully(Message(topic.decode(), payload, packet_id, again, retained, NOW))
        for topic, payload, packet_id, again, retained in messages
    ]
    batch = World().take(
        *(
            Publish(topic, payload, packet_id, int(packet_id > 0), again, retained)
            for topic, payload, packet_id, again, retained in messages
        )
    )
    assert batch.entries == [taken.entry for taken in alone if not taken.ignored]


def test_that_the_hub_s_clock_was_set_stands_before_what_came_since() -> None:
    world = World()
    world.take(message(7))
    world.now_ms += 3_601_000
    world.steady_ms += 1_000
    moved, reading = world.take(message(8)).entries
    assert moved.facts == (ClockSet(f"clock:{NOW + 1_000}:{NOW + 3_601_000}", NOW + 3_601_000, NOW + 1_000),)
    assert reading.facts[0].received_at_ms == NOW + 3_601_000
    assert len(world.take(message(9)).entries) == 1


def test_a_reading_without_clock_is_known_again_by_its_delivery() -> None:
    (entry,) = World().take(message(7)).entries
    (again,) = World().take(msgspec.structs.replace(message(7), again=True)).entries
    assert entry.delivery is not None
    assert again.delivery is not None
    assert (entry.delivery.packet_id, entry.delivery.again, again.delivery.again) == (7, False, True)
    assert entry.delivery.digest == again.delivery.digest


def test_the_marker_s_own_topic_is_never_taken_for_a_device_s() -> None:
    world = World(marker=COLD_1)
    world.intake.marker = b'{"boot":"b","seq":1,"temperature_c":4}'
    batch = world.take(message(1))
    assert batch.has_marker
    assert batch.entries == []


def test_a_backlog_is_not_a_flood() -> None:
    world = World(Flood(messages_per_s=10, burst=20))
    batch = world.take(*(message(number) for number in range(1, 101)))
    assert sum(len(entry.facts) for entry in batch.entries) == 100
    assert world.counts.flooded == 0
