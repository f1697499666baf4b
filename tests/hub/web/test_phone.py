from __future__ import annotations

from typing import Any

import pytest

from devices.facts import Clock, Tap, Trust
from hub.log.reader import LogReader
from hub.web import phone
from tests.hub.web.world import NOW_MS, World, code_of

_ID = "11111111-2222-4333-8444-55555555555a"
_AT = "2026-05-28T20:26:40+00:00"  # the world's now


def _tap(**changes: Any) -> dict[str, Any]:
    return {"tap_id": _ID, "at": _AT, "tag_uid": "04:AA:bb:CC:DD:EE:80", "source": "uid", **changes}


def _logged(world: World) -> list[Tap]:
    log = LogReader(world.folder / "log.sqlite")
    try:
        return [logged.fact for logged in log.after(0, 2_000) if isinstance(logged.fact, Tap)]
    finally:
        log.close()


def test_a_tap_is_kept_as_the_signed_in_persons(world: World) -> None:
    body = [_tap(badge="FFFFFFFF", role="admin", trust="sun", device="phone-head")]

    answer = world.browser("guard").post("/api/v1/taps", json=body)

    assert answer.json() == [{"tap_id": _ID, "fate": "appended", "reason": None, "checkpoint": "gate"}]
    assert _logged(world) == [
        Tap(
            key=f"tap:{_ID}",
            device="phone-guard",
            measured_at_ms=NOW_MS,
            received_at_ms=NOW_MS,
            clock=Clock.DEVICE,
            tag_uid="04AABBCCDDEE80",
            badge="04A1B2C3D4E5F6",
            trust=Trust.UID,
        )
    ]


def test_a_batch_sent_twice_is_kept_once_and_says_so(world: World) -> None:
    browser = world.browser("guard")
    body = [_tap(), _tap(tap_id=_ID[:-1] + "b", source="qr")]

    first = browser.post("/api/v1/taps", json=body).json()
    world.now_ms += 90_000
    second = browser.post("/api/v1/taps", json=[*body, _tap(tap_id=_ID.upper())]).json()

    assert [answer["fate"] for answer in first] == ["appended", "appended"]
    assert [answer["fate"] for answer in second] == ["duplicate", "duplicate", "duplicate"]
    assert len(_logged(world)) == 2


def test_another_persons_tap_id_is_a_conflict_not_a_theft(world: World) -> None:
    world.browser("guard").post("/api/v1/taps", json=[_tap()])

    (answer,) = world.browser("head").post("/api/v1/taps", json=[_tap()]).json()

    assert answer["fate"] == "conflict"
    assert [tap.device for tap in _logged(world)] == ["phone-guard"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"at": "2026-05-28T20:31:41Z"}, "ahead"),
        ({"at": "2036-05-28T20:26:40Z"}, "ahead"),
        ({"at": "2026-05-28T20:26:40"}, "bad_time"),
        ({"at": "2026-02-30T00:00:00Z"}, "bad_time"),
        ({"at": "soon"}, "bad_time"),
        ({"tap_id": "1"}, "bad_tap_id"),
        ({"tag_uid": "04"}, "bad_tag_uid"),
        ({"tag_uid": "<script>"}, "bad_tag_uid"),
        ({"source": "sun"}, "bad_source"),
    ],
)
def test_a_bad_tap_is_refused_and_its_neighbours_are_kept(
    world: World, changes: dict[str, Any], reason: str
) -> None:
    good = _tap(tap_id=_ID[:-1] + "c")

    answers = world.browser("guard").post("/api/v1/taps", json=[_tap(**changes), good]).json()

    assert [(answer["fate"], answer["reason"]) for answer in answers] == [
        ("refused", reason),
        ("appended", None),
    ]


def test_a_tap_within_the_tolerance_of_clocks_is_taken(world: World) -> None:
    (answer,) = world.browser("guard").post("/api/v1/taps", json=[_tap(at="2026-05-28T20:31:40Z")]).json()

    assert answer["fate"] == "appended"


def test_a_thousand_taps_are_taken_and_ten_thousand_are_not(world: World) -> None:
    browser = world.browser("guard")
    many = [_tap(tap_id=f"{number:08x}{_ID[8:]}") for number in range(10_000)]

    assert len(browser.post("/api/v1/taps", json=many[:1_000]).json()) == 1_000
    assert browser.post("/api/v1/taps", json=many[:1_001]).status_code == 422
    assert browser.post("/api/v1/taps", json=many).status_code == 413
    assert len(_logged(world)) == 1_000
    assert browser.post("/api/v1/taps", json=[]).json() == []


def test_a_log_that_takes_nothing_is_said_and_the_future_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone, "_DURABLE_WITHIN_S", 0.01)
    world.log_accepts = False

    answer = world.browser("guard").post("/api/v1/taps", json=[_tap()])

    assert (answer.status_code, code_of(answer)) == (503, "log_unavailable")
    assert not world.submitted[-1].cancelled()


def test_a_full_inbox_is_said(world: World) -> None:
    world.inbox_full = True

    answer = world.browser("guard").post("/api/v1/taps", json=[_tap()])

    assert (answer.status_code, code_of(answer)) == (503, "log_unavailable")
