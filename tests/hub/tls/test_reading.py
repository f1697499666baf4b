from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from devices.facts import Clock, Kind
from hub.tls.reading import Readings
from tests.hub.tls.making import DAY_MS
from tests.hub.web_pages.school import demo_campus

HOUR_MS = 3_600_000


def readings(folder: Path) -> Readings:
    any_device = next(iter(demo_campus(folder).devices.values()))
    return Readings([any_device, replace(any_device, id="hub", kind=Kind.HUB)])


def test_the_hub_says_once_an_hour_how_long_its_certificate_is_good(tmp_path: Path) -> None:
    own = readings(tmp_path)
    (first,) = own.of(20.123, DAY_MS)
    assert (first.device, first.values, first.clock) == ("hub", (("certificate_days", 20.12),), Clock.DEVICE)
    own.taken((first,))
    assert own.of(20.1, DAY_MS + HOUR_MS - 1) == ()
    (second,) = own.of(20.0, DAY_MS + HOUR_MS)
    assert second.key != first.key


def test_a_new_certificate_and_a_clock_set_back_do_not_wait_for_the_hour(tmp_path: Path) -> None:
    own = readings(tmp_path)
    own.taken(own.of(2.0, DAY_MS))
    assert own.of(395.0, DAY_MS + 1)
    assert own.of(2.5, DAY_MS - 1)


def test_what_the_log_did_not_take_is_said_again(tmp_path: Path) -> None:
    own = readings(tmp_path)
    assert own.of(20.0, DAY_MS)
    assert own.of(20.0, DAY_MS + 1)


def test_a_campus_that_does_not_list_the_hub_says_nothing(tmp_path: Path) -> None:
    assert Readings(demo_campus(tmp_path).devices.values()).of(1.0, DAY_MS) == ()
