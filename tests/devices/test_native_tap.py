"""Native taps: UIDs, trust, identity, and what is refused."""

from __future__ import annotations

import pytest

from devices.facts import Clock, Kind, Trust
from devices.native import decode_status, decode_tap
from devices.source import Source
from devices.wire import WireReason
from tests.devices.samples import RECEIVED_MS, ms, only_presence, only_tap, payload, reason_of, source

GATE = source(Kind.CHECKPOINT, "gate")
TAP_ID = "3f2b8c1e-6a7d-4e59-9b0a-1c2d3e4f5a6b"


def test_a_tap_is_read_whole() -> None:
    said = {
        "tap_id": TAP_ID.upper(),
        "at": "2026-03-02T07:59:58+08:00",
        "tag_uid": "04:a1:b2:c3:d4:e5:80",
        "badge": "04-A1-B2-C3",
        "source": "reader",
    }
    tap = only_tap(decode_tap(payload(said), GATE))
    assert (tap.key, tap.device, tap.clock) == (f"tap:{TAP_ID}", "gate", Clock.DEVICE)
    assert (tap.tag_uid, tap.badge, tap.trust) == ("04A1B2C3D4E580", "04A1B2C3", Trust.READER)
    assert tap.measured_at_ms == ms("2026-03-02T07:59:58+08:00")


@pytest.mark.parametrize("uid", ["04a1b2c3", "04A1B2C3D4E580", "04:A1:B2:C3:D4:E5:80:91:A2:B3"])
def test_a_uid_of_4_7_or_10_bytes_is_taken_in_upper_case_without_separators(uid: str) -> None:
    assert only_tap(decode_tap(payload({"tag_uid": uid}), GATE)).tag_uid == uid.replace(":", "").upper()


@pytest.mark.parametrize(
    ("claim", "trust"),
    [
        ("sun", Trust.UID),
        ("reader", Trust.READER),
        ("uid", Trust.UID),
        ("qr", Trust.QR),
        ("manual", Trust.MANUAL),
        (None, Trust.READER),
    ],
)
def test_a_claim_of_sun_is_worth_a_uid_until_it_is_verified(claim: str | None, trust: Trust) -> None:
    said = {"tag_uid": "04A1B2C3", "sun": {"e": "EF963FF7828658A5", "c": "94EED9EE65337086"}}
    if claim is not None:
        said["source"] = claim
    assert only_tap(decode_tap(payload(said), GATE)).trust is trust


@pytest.mark.parametrize("badge", [None, ""])
def test_a_badge_may_be_absent_or_empty(badge: str | None) -> None:
    said = {"tag_uid": "04A1B2C3"} | ({} if badge is None else {"badge": badge})
    assert only_tap(decode_tap(payload(said), GATE)).badge == ""


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"tag_uid": None}, WireReason.WRONG_TYPE),
        ({"tag_uid": 4}, WireReason.WRONG_TYPE),
        ({"tag_uid": ""}, WireReason.BAD_VALUE),
        ({"tag_uid": "04A1B2"}, WireReason.BAD_VALUE),
        ({"tag_uid": "04A1B2C3D4"}, WireReason.BAD_VALUE),
        ({"tag_uid": "04A1B2C3D4E58"}, WireReason.BAD_VALUE),
        ({"tag_uid": "04 A1 B2 C3"}, WireReason.BAD_VALUE),
        ({"tag_uid": "04A1B2CG"}, WireReason.BAD_VALUE),
        ({"tag_uid": "04A1B2C3\n"}, WireReason.BAD_VALUE),
        ({"tag_uid": "04:A1:B2:C3:"}, WireReason.BAD_VALUE),
        ({"tag_uid": "04" * 100_000}, WireReason.BAD_VALUE),
        ({"badge": None}, WireReason.WRONG_TYPE),
        ({"badge": "Li Wei"}, WireReason.BAD_VALUE),
        ({"source": "SUN"}, WireReason.BAD_VALUE),
        ({"source": None}, WireReason.WRONG_TYPE),
        ({"tap_id": "1"}, WireReason.BAD_VALUE),
        ({"tap_id": TAP_ID.replace("-", "")}, WireReason.BAD_VALUE),
        ({"tap_id": 1}, WireReason.WRONG_TYPE),
        ({"sun": "EF"}, WireReason.WRONG_TYPE),
        ({"sun": {"e": "EF"}}, WireReason.MISSING_FIELD),
        ({"sun": {"e": "EF", "c": "9"}}, WireReason.BAD_VALUE),
        ({"sun": {"e": "EF", "c": 94}}, WireReason.WRONG_TYPE),
        ({"sun": {"e": "EF", "c": "94", "m": ""}}, WireReason.UNKNOWN_FIELD),
        ({"role": "admin"}, WireReason.UNKNOWN_FIELD),
    ],
)
def test_a_faulty_tap_is_refused_with_its_reason(members: dict[str, object], reason: WireReason) -> None:
    assert reason_of(decode_tap, payload({"tag_uid": "04A1B2C3"} | members), GATE) is reason


def test_a_tap_without_a_tag_is_refused() -> None:
    assert reason_of(decode_tap, b"{}", GATE) is WireReason.MISSING_FIELD


def test_a_captured_tap_replayed_is_the_same_fact() -> None:
    said = payload({"tag_uid": "04A1B2C3", "tap_id": TAP_ID, "at": 1772323200})
    later = Source("gate", Kind.CHECKPOINT, "", RECEIVED_MS + 3_600_000, GATE.zone)
    assert only_tap(decode_tap(said, GATE)).key == only_tap(decode_tap(said, later)).key


def test_two_taps_a_second_apart_are_two_facts() -> None:
    said = [{"tag_uid": "04A1B2C3", "at": 1772323200}, {"tag_uid": "04A1B2C3", "at": 1772323201}]
    assert len({fact.key for fact in decode_tap(payload(said), GATE).facts}) == 2


def test_a_tap_and_a_status_of_the_same_number_are_two_facts() -> None:
    tap = only_tap(decode_tap(payload({"tag_uid": "04A1B2C3", "boot": 1, "seq": 1}), GATE))
    status = only_presence(decode_status(payload({"online": True, "boot": 1, "seq": 1}), GATE))
    assert (tap.key, status.key) == ("t:gate:1:1", "s:gate:1:1")
