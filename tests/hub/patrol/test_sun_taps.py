"""Taps that prove themselves: by phone, by the tag's own URL, and after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from devices.facts import Trust
from hub.config.model import Tags
from tests.devices.sun_tag import SunTag
from tests.hub.patrol.posting import GATE, logged, post, tap
from tests.hub.patrol.sun_site import KEYS, TAGS, message_of, tag_at
from tests.hub.web.world import World


@pytest.fixture
def site(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, tags=TAGS)
    yield world
    world.close()


def told(location: str) -> dict[str, str]:
    """What the page is told behind `#`."""
    assert location.startswith("/guard#")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).fragment).items()}


def test_a_signed_read_is_trusted_and_tells_the_tag_by_itself(site: World) -> None:
    (answer,) = post(site.browser("guard"), tap(tag=None, source="url", sun=message_of(tag_at())))

    assert (answer["trust"], answer["checkpoint"], answer["reason"]) == ("sun", "gate", None)
    (kept,) = logged(site)
    assert (kept.tag_uid, kept.trust, kept.counter, kept.refused) == (GATE, Trust.SUN, 13, "")


def test_another_tap_with_the_same_read_is_a_replay_and_on_record(site: World) -> None:
    message = message_of(tag_at())
    first, copy = post(site.browser("guard"), tap(1, sun=message), tap(2, sun=message))

    assert (first["trust"], first["reason"]) == ("sun", None)
    assert (copy["trust"], copy["reason"], copy["accepted"]) == ("uid", "replay", True)
    assert (copy["round"], copy["next"]) == (None, None)
    assert [(one.refused, one.counter) for one in logged(site)] == [("", 13), ("replay", 13)]


def test_the_answer_stays_whatever_comes_in_between_and_after_a_restart(tmp_path: Path) -> None:
    chip = tag_at()
    early, late = message_of(chip), message_of(chip)
    world = World(tmp_path, tags=TAGS)
    first = post(world.browser("guard"), tap(1, sun=late), tap(2, sun=early), tap(3, sun=late))
    world.close()
    again = World(tmp_path, tags=TAGS)
    second = post(again.browser("guard"), tap(1, sun=late), tap(2, sun=early), tap(3, sun=late))
    (copy,) = post(again.browser("guard"), tap(4, sun=early))

    assert [one["reason"] for one in first] == [None, None, "replay"]
    assert second == first
    assert copy["reason"] == "replay"
    assert len(logged(again)) == 4
    again.close()


def test_the_same_tap_is_the_same_when_its_count_is_long_forgotten(site: World) -> None:
    chip = tag_at()
    browser = site.browser("guard")
    old = message_of(chip)
    (first,) = post(browser, tap(1, sun=old))
    newer = [tap(number, sun=message_of(chip)) for number in range(2, 602)]
    post(browser, *newer[:300])
    post(browser, *newer[300:])

    (again,) = post(browser, tap(1, sun=old))
    (other,) = post(browser, tap(9_999, sun=old))

    assert again == first
    assert (other["reason"], other["trust"]) == ("forgotten", "uid")


@pytest.mark.parametrize(
    ("chip", "reason"),
    [
        (tag_at(counter=11), "void"),
        (SunTag(bytes.fromhex(GATE), counter=12), "forged"),
        (tag_at(uid="04111111111180"), "other_tag"),
    ],
)
def test_a_message_that_is_not_true_here_is_refused_and_on_record(
    site: World, chip: SunTag, reason: str
) -> None:
    (answer,) = post(site.browser("guard"), tap(sun=message_of(chip)))

    assert (answer["accepted"], answer["trust"], answer["reason"]) == (True, "uid", reason)
    assert [(one.refused, one.counter, one.tag_uid) for one in logged(site)] == [(reason, -1, GATE)]


def test_a_true_message_of_a_tag_that_is_not_enrolled_counts_as_its_uid(tmp_path: Path) -> None:
    world = World(tmp_path, tags=Tags(KEYS, {}))
    (answer,) = post(world.browser("guard"), tap(tag=None, sun=message_of(tag_at())))

    assert (answer["trust"], answer["reason"], answer["checkpoint"]) == ("qr", "not_enrolled", "gate")
    world.close()


def test_a_tags_url_opened_cold_is_a_tap_and_loading_it_anew_is_none(site: World) -> None:
    browser, address = site.browser("guard"), f"/t/gate?{tag_at().read()}"

    answers = [browser.get(address) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    first, second = (told(answer.headers["location"]) for answer in answers)
    assert first == second
    assert (first["taken"], first["trust"], first["checkpoint"]) == ("1", "sun", "gate")
    assert len(logged(site)) == 1


def test_the_link_sent_on_to_somebody_else_is_a_replay(site: World) -> None:
    address = f"/t/gate?{tag_at().read()}"
    site.browser("guard").get(address)

    said = told(site.browser("head").get(address).headers["location"])

    assert (said["trust"], said["reason"]) == ("uid", "replay")


def test_a_url_without_a_message_is_worth_a_printed_code(site: World) -> None:
    said = told(site.browser("guard").get("/t/gate").headers["location"])
    assert (said["trust"], said["taken"]) == ("qr", "1")
    nowhere = told(site.browser("guard").get("/t/nowhere").headers["location"])
    assert (nowhere["taken"], nowhere["reason"]) == ("0", "unknown_checkpoint")


@pytest.mark.parametrize("person", [None, "canteen"])
def test_whoever_is_not_signed_in_as_a_guard_takes_the_message_to_the_page(
    site: World, person: str | None
) -> None:
    message = message_of(tag_at())

    answer = site.browser(person).get("/t/gate", params=message)

    assert told(answer.headers["location"]) == {"tag": "gate", **message}
    assert logged(site) == []


def test_a_browser_that_only_guesses_makes_no_tap(site: World) -> None:
    site.browser("guard").get("/t/gate", headers={"sec-purpose": "prefetch;prerender"})
    assert logged(site) == []


@pytest.mark.parametrize("path", ["/t/" + "x" * 65, "/t/gate?e=" + "0" * 400])
def test_an_address_that_no_tag_writes_is_not_found(site: World, path: str) -> None:
    assert site.browser("guard").get(path).status_code == 404


def test_the_stand_in_uid_of_a_printed_code_is_worth_no_more_than_the_code(world: World) -> None:
    """Anybody can work it out: also where the tap says that the phone has read it."""
    stand_in = "FF0123456789AB"
    forged = {"e": "00" * 16, "c": "00" * 8}

    read, with_message = post(world.browser("guard"), tap(1, tag=stand_in), tap(2, tag=stand_in, sun=forged))

    assert read["trust"] == with_message["trust"] == "qr"
