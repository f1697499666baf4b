"""The broker is asked again only when its session is gone, is another, or the filters have changed."""

from __future__ import annotations

import pytest

from hub.ingest.subscriptions import Plan, note, plan

SESSION = "hub@127.0.0.1:1883"
WANTED = ("campus/s/#", "zigbee2mqtt/#")
NOTED = note(WANTED, SESSION)


def test_a_session_that_has_everything_is_left_alone() -> None:
    assert plan(WANTED, SESSION, NOTED, session_present=True) == Plan()
    assert plan(WANTED[::-1], SESSION, NOTED, session_present=True) == Plan()


def test_a_session_that_is_gone_is_made_anew() -> None:
    assert plan(WANTED, SESSION, NOTED, session_present=False) == Plan(WANTED)


def test_another_broker_or_client_is_asked_anew() -> None:
    assert plan(WANTED, "hub@broker:1883", NOTED, session_present=True) == Plan(WANTED)


def test_what_is_wanted_no_more_is_dropped() -> None:
    wanted = ("campus/s/#", "tele/+/SENSOR")
    assert plan(wanted, SESSION, NOTED, session_present=True) == Plan(wanted, ("zigbee2mqtt/#",))


@pytest.mark.parametrize(
    "remembered", ["", "nonsense", "[]", '{"session":1}', '{"session":"' + SESSION, "\ud800"]
)
def test_a_memory_that_cannot_be_read_is_none(remembered: str) -> None:
    assert plan(WANTED, SESSION, remembered, session_present=True) == Plan(WANTED)
