"""What a touch means, and the message that comes of it: one that the hub understands."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.facts import Clock, Kind, Trust
from devices.facts import Tap as TapFact
from devices.gateway.model import Guard, ReaderPlan, Role
from devices.gateway.replies import Reply
from devices.gateway.taps import (
    BADGE_HOLDS_S,
    Holder,
    TakenUp,
    Tap,
    Unknown,
    payload_of,
    signed_in,
    tag_uid_in,
)
from devices.native import decode_tap
from devices.pn532_reader import Touched
from devices.source import Source

E, C = "EF963FF7828658A599F3041510671E88", "94EED9EE65337086"
SIGNED = f"https://hub.example/t/gate?e={E}&c={C}"
TAG, OWN_TAG = "04DE5F1EACC040", "04A1B2C3D4E580"
ZHANG, LI = Guard("张伟", "04B83A1C5E7280"), Guard("李强", "04C94B2D6F8380")
FIXED = ReaderPlan("gate-1", "p", Role.FIXED, OWN_TAG)
HANDHELD = ReaderPlan("walk-1", "p", Role.HANDHELD)
UNKNOWN_TAG = Reply("t1", accepted=False, reason="unknown_tag")
STRANGE = "FB0EE20B"


def holder(reader: ReaderPlan, *guards: Guard) -> Holder:
    return Holder(reader, guards or (ZHANG, LI))


@pytest.mark.parametrize(
    ("touch", "tap"),
    [
        (Touched(ZHANG.badge, None), Tap(OWN_TAG, ZHANG.badge)),
        (Touched("FB0EE20B", None), Tap(OWN_TAG, "FB0EE20B")),  # whose it is, the hub knows
        (Touched(ZHANG.badge, "https://card.example/zhang"), Tap(OWN_TAG, ZHANG.badge)),
        (Touched(TAG, SIGNED), Tap(TAG, "", (E, C))),
        (Touched(TAG, "https://hub.example/t/gate"), Tap(TAG, "")),
    ],
)
def test_a_fixed_reader_reads_badges_and_tells_a_tag_from_them(touch: Touched, tap: Tap) -> None:
    assert holder(FIXED).meaning(touch, 0.0) == tap


def test_a_handheld_reader_is_whose_badge_it_read_last() -> None:
    at = holder(HANDHELD)
    assert at.meaning(Touched(TAG, None), 0.0) == Tap(TAG, "")
    assert at.meaning(Touched(ZHANG.badge, None), 1.0) == TakenUp(ZHANG)
    assert at.meaning(Touched(TAG, SIGNED), 2.0) == Tap(TAG, ZHANG.badge, (E, C))
    assert at.meaning(Touched(LI.badge, None), 3.0) == TakenUp(LI)
    assert at.meaning(Touched(TAG, None), 3.0 + BADGE_HOLDS_S) == Tap(TAG, LI.badge)
    assert at.meaning(Touched(TAG, None), 3.1 + BADGE_HOLDS_S) == Tap(TAG, "")


def test_a_handheld_reader_with_a_guard_of_its_own_stays_that_guards() -> None:
    at = holder(ReaderPlan("walk-1", "p", Role.HANDHELD, guard=ZHANG))
    assert at.meaning(Touched(LI.badge, None), 1.0) == TakenUp(LI)
    assert at.meaning(Touched(TAG, None), 2.0 + 2 * BADGE_HOLDS_S) == Tap(TAG, ZHANG.badge)


def test_a_handheld_reader_leaves_its_holder_when_a_card_is_read_that_nobody_knows() -> None:
    at = holder(HANDHELD)
    at.meaning(Touched(LI.badge, None), 1.0)
    assert at.meaning(Touched(STRANGE, None), 2.0) == Tap(STRANGE, LI.badge)
    assert at.answered(UNKNOWN_TAG, STRANGE, 2.0) is Unknown.BADGE_DROPPED
    assert at.meaning(Touched(TAG, None), 3.0) == Tap(TAG, "")
    assert at.answered(UNKNOWN_TAG, STRANGE, 3.0) is Unknown.CARD
    assert at.meaning(Touched(LI.badge, None), 4.0) == TakenUp(LI)
    assert at.meaning(Touched(TAG, None), 5.0) == Tap(TAG, LI.badge)


def test_a_badge_that_was_laid_on_after_an_unknown_card_stays() -> None:
    at = holder(HANDHELD)
    at.meaning(Touched(ZHANG.badge, None), 1.0)
    at.meaning(Touched(STRANGE, None), 2.0)
    at.meaning(Touched(LI.badge, None), 3.0)
    assert at.answered(UNKNOWN_TAG, STRANGE, 2.0) is Unknown.CARD
    assert at.badge(4.0) == LI.badge


@pytest.mark.parametrize(
    "reply",
    [Reply("t1", accepted=True), Reply("t1", accepted=True, reason="late"),
     Reply("t1", accepted=False, reason="replay"), Reply("t1", accepted=False)],
)  # fmt: skip
def test_any_other_answer_leaves_the_reader_with_its_holder(reply: Reply) -> None:
    at = holder(HANDHELD)
    at.meaning(Touched(LI.badge, None), 1.0)
    assert at.answered(reply, TAG, 2.0) is None
    assert at.badge(3.0) == LI.badge


def test_a_reader_with_a_guard_of_its_own_and_a_fixed_one_have_no_holder_to_leave() -> None:
    own = holder(ReaderPlan("walk-1", "p", Role.HANDHELD, guard=ZHANG))
    assert own.answered(UNKNOWN_TAG, STRANGE, 2.0) is None
    assert own.badge(3.0) == ZHANG.badge
    assert holder(FIXED).answered(UNKNOWN_TAG, TAG, 2.0) is None
    assert holder(FIXED).answered(UNKNOWN_TAG, OWN_TAG, 2.0) is Unknown.OWN_TAG


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        (SIGNED, (E, C)),
        (None, None),
        ("https://hub.example/t/gate", None),
        (f"https://hub.example/t/gate?e={E}", None),
        (f"https://hub.example/t/gate?e={E.lower()}&c={C}", None),
        ("https://hub.example/t/gate?uid=041E3C8A2D6B80&ctr=000006&c=4B00064004B0B3D3", None),
        (f"https://hub.example/t/gate?e={E}&enc={'0' * 32}&c={C}", None),
    ],
)
def test_a_signed_read_is_handed_on_as_it_is(url: str | None, signed: tuple[str, str] | None) -> None:
    assert signed_in(url) == signed


@given(
    st.sampled_from([OWN_TAG, "FB0EE20B", "0102030405060708090A"]),
    st.sampled_from(["", ZHANG.badge, "FB0EE20B"]),
    st.none() | st.just((E, C)),
    st.uuids(version=4).map(str),
    st.floats(1_600_000_000, 1_800_000_000),
)
def test_every_tap_is_understood_by_the_hub(
    tag_uid: str, badge: str, signed: tuple[str, str] | None, tap_id: str, at_s: float
) -> None:
    payload = payload_of(Tap(tag_uid, badge, signed), tap_id, at_s)
    assert tag_uid_in(payload) == tag_uid
    source = Source("gate-1", Kind.CHECKPOINT, "", round(at_s * 1000) + 5, ZoneInfo("Asia/Shanghai"))
    decoded = decode_tap(payload.encode(), source)
    (tap,) = decoded.facts
    assert isinstance(tap, TapFact)
    assert (tap.key, tap.tag_uid, tap.badge, tap.clock) == (f"tap:{tap_id}", tag_uid, badge, Clock.DEVICE)
    assert abs(tap.measured_at_ms - at_s * 1000) <= 1
    assert tap.trust is (Trust.READER if signed is None else Trust.UID)  # until it is verified
    assert [said.values for said in decoded.sun] == ([] if signed is None else [(("e", E), ("c", C))])
