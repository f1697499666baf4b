"""Any message becomes facts, a dead letter, a meeting, or is ignored for a reason; none raises."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.facts import Kind, Presence, Reading, Tap
from devices.formats import Binding, Format, Router
from hub.ingest.decode import STRANGER, Decoder, Message, Taken

NOW = 1_790_000_000_000
ZONE = ZoneInfo("Asia/Shanghai")
DECODER = Decoder(
    Router(
        "s",
        [
            Binding("cold-1", Kind.FRIDGE, Format.NATIVE),
            Binding("cold-4", Kind.FRIDGE, Format.ZIGBEE2MQTT, "zigbee2mqtt/cold-4"),
            Binding("reader-1", Kind.CHECKPOINT, Format.NATIVE),
        ],
    ),
    ZONE,
)
COLD_1 = "campus/s/fridge/cold-1/reading"


def take(topic: str, payload: bytes, *, retained: bool = False, packet_id: int = 7) -> Taken:
    return DECODER.take(
        Message(topic, payload, packet_id, again=False, retained=retained, received_at_ms=NOW)
    )


def test_a_reading_becomes_a_fact() -> None:
    taken = take(COLD_1, b'{"at":1790000000,"boot":"b","seq":1,"temperature_c":4.5}')
    (fact,) = taken.entry.facts
    assert isinstance(fact, Reading)
    assert (fact.device, fact.values) == ("cold-1", (("temperature_c", 4.5),))
    assert taken.entry.delivery is None


def test_a_reading_without_clock_carries_how_it_was_delivered() -> None:
    taken = take("zigbee2mqtt/cold-4", b'{"temperature":4.5}')
    assert taken.entry.delivery is not None
    assert taken.entry.delivery.packet_id == 7
    assert take("zigbee2mqtt/cold-4", b'{"temperature":4.5}', packet_id=0).entry.delivery is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b'{"t":', "not_json"),
        (b"NaN", "not_json"),
        (b'{"temperature_c":1e400}', "out_of_range"),
        (b'{"temperature_c":' + b"9" * 5000 + b"}", "out_of_range"),
        (b"[" * 100_000, "too_deep"),
        (b'{"temperature_c":1,"temperature_c":2}', "duplicate_key"),
        (b'{"boot":"\\ud800","temperature_c":1}', "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"\xff\xfe", "not_utf8"),
        (b'{"temperature_c":"4"}', "wrong_type"),
        (b'{"temperature_c":true}', "wrong_type"),
        (b"{}{}", "not_json"),
        (b"x" * 10_000_000, "too_large"),
        (b'{"at":"2026-02-30T00:00:00Z","temperature_c":1}', "bad_time"),
        (b'{"at":"2026-11-22T00:00:00","temperature_c":1}', "no_offset"),
        (b'{"at":1790000000000,"temperature_c":1}', "bad_time"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value[:24]),
)
def test_what_cannot_be_decoded_is_a_dead_letter_with_its_reason(payload: bytes, reason: str) -> None:
    taken = take(COLD_1, payload)
    assert [letter.reason for letter in taken.entry.letters] == [reason]
    assert taken.entry.facts == ()
    assert taken.entry.letters[0].detail.isprintable()


def test_the_good_elements_of_an_array_come_through_beside_the_bad() -> None:
    taken = take(COLD_1, b'[{"temperature_c":4,"boot":1,"seq":1},{"temperature_c":"x"}]')
    assert len(taken.entry.facts) == 1
    assert [letter.reason for letter in taken.entry.letters] == ["wrong_type"]


def test_a_stranger_is_met_and_its_message_kept() -> None:
    taken = take("campus/s/fridge/cold-9/reading", b'{"temperature_c":4}')
    assert [meeting.suggested_id for meeting in taken.entry.meetings] == ["cold-9"]
    assert [letter.reason for letter in taken.entry.letters] == [STRANGER]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (COLD_1, b'{"temperature_c":30}'),
        ("campus/s/checkpoint/reader-1/tap", b'{"tag_uid":"04A1B2C3D4E580"}'),
        ("zigbee2mqtt/cold-4", b'{"temperature":30}'),
    ],
)
def test_a_retained_reading_or_tap_is_not_new(topic: str, payload: bytes) -> None:
    taken = take(topic, payload, retained=True)
    assert taken.ignored
    assert taken.entry.facts == ()
    assert take(topic, payload).entry.facts != ()


def test_a_retained_last_will_still_holds_but_a_retained_hello_is_over() -> None:
    topic = "campus/s/fridge/cold-1/status"
    (gone,) = take(topic, b'{"online":false}', retained=True).entry.facts
    assert isinstance(gone, Presence)
    assert not gone.online
    assert take(topic, b'{"online":true}', retained=True).entry.facts == ()
    assert len(take(topic, b'{"online":true}').entry.facts) == 1


def test_a_tap_keeps_its_own_id() -> None:
    payload = (
        b'{"tap_id":"1b671a64-40d5-491e-99b0-da01ff1f3341","tag_uid":"04:a1:b2:c3:d4:e5:80","at":1790000000}'
    )
    (fact,) = take("campus/s/checkpoint/reader-1/tap", payload).entry.facts
    assert isinstance(fact, Tap)
    assert (fact.key, fact.tag_uid) == ("tap:1b671a64-40d5-491e-99b0-da01ff1f3341", "04A1B2C3D4E580")


@pytest.mark.parametrize(
    "topic",
    [
        "campus//fridge//reading",
        "campus/s/fridge/../reading",
        "campus/s/fridge/a b,c=d/reading",
        "campus/s/fridge/\x00/reading",
        "campus/s/fridge/\u202ecold/reading",
        "campus/s/" + "x" * 65_000,
        "campus/other/fridge/cold-1/reading",
        "campus/s/meter/cold-1/reading",
    ],
    ids=lambda topic: ascii(topic)[:40],
)
def test_a_hostile_topic_is_a_dead_letter_that_can_be_printed(topic: str) -> None:
    (letter,) = take(topic, b"{}").entry.letters
    assert letter.topic.isprintable()
    assert len(letter.topic) <= 256


@given(st.text(max_size=60), st.binary(max_size=60), st.booleans())
def test_nothing_at_all_raises(topic: str, payload: bytes, retained: bool) -> None:
    take(topic, payload, retained=retained)


@given(st.sampled_from([COLD_1, "zigbee2mqtt/cold-4", "campus/s/checkpoint/reader-1/tap"]), st.binary())
def test_every_message_to_a_known_device_leaves_a_trace(topic: str, payload: bytes) -> None:
    taken = take(topic, payload)
    assert taken.entry.facts or taken.entry.letters or taken.ignored
