"""Rounds and taps as the pages show them; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from devices.facts import Clock, Tap, Trust
from hub.book.model import RoundRun
from hub.config.walkers import walkers_of
from hub.live.board import Topic
from hub.rounds.standing import TONES, word_of
from hub.web.scene import Element, Face, Scene, Section
from hub.words.wording import local
from rules.model import Text


class Stop(msgspec.Struct, frozen=True):
    """One checkpoint of a round, and whether it was visited."""

    name: Text
    visited: bool


class RoundCard(msgspec.Struct, frozen=True):
    """One run of a round. `word`: its state, or `due` and `late` while its window is open or just over."""

    id: str
    name: Text
    guard: str
    starts_ms: int
    ends_ms: int
    word: str
    tone: str
    current: bool
    stops: tuple[Stop, ...]

    @property
    def visited(self) -> int:
        """How many checkpoints were visited."""
        return sum(stop.visited for stop in self.stops)


class Today(msgspec.Struct, frozen=True):
    """Today's rounds. `is_unknown`: some are configured for today, and none is in the book (yet)."""

    rounds: tuple[RoundCard, ...]
    is_unknown: bool


class TapRow(msgspec.Struct, frozen=True):
    """One tap. `who` and `where` None: the badge or the tag belongs to nobody and nothing known."""

    id: str
    who: str | None
    badge: str
    where: Text | None
    tag_uid: str
    device: Text | None
    at_ms: int
    trust: Trust
    unsure_time: bool


def sections(scene: Scene) -> tuple[Section, ...]:
    """Today's rounds, and the newest taps; each list is one element."""
    today = today_of(scene)
    rounds = Element("rounds", "patrol/rounds.html", today, ((Topic.ROUND, None), (Topic.HEALTH, None)))
    taps = Element(
        "taps", "patrol/taps.html", tuple(tap_row(scene, tap) for tap in scene.taps), ((Topic.TAP, None),)
    )
    return Section("patrol", (rounds,)), Section("tapped", (taps,))


FACE: Final = Face("hub.patrol", sections)


def rounds_of_today(scene: Scene) -> Iterator[RoundRun]:
    """The runs that start on the site's today, and those of yesterday that are not over."""
    zone = scene.campus.site.zone
    today = local(scene.now_ms, zone).date()
    for run in scene.rounds:
        starts_on = local(run.starts_ms, zone).date()
        if starts_on == today or (starts_on < today and run.ends_ms + run.grace_ms >= scene.now_ms):
            yield run


def today_of(scene: Scene) -> Today:
    """What is shown of today's rounds."""
    weekday = local(scene.now_ms, scene.campus.site.zone).weekday()
    planned = any(weekday in planned.weekdays for planned in scene.campus.rounds.values())
    rounds = tuple(round_card(scene, run) for run in rounds_of_today(scene))
    return Today(rounds, is_unknown=planned and not rounds)


def round_card(scene: Scene, run: RoundRun) -> RoundCard:
    """What is shown of one run."""
    planned = scene.campus.rounds.get(run.round)
    places = {checkpoint.tag_uid: checkpoint.name for checkpoint in scene.campus.checkpoints.values()}
    word = word_of(run, scene.now_ms)
    return RoundCard(
        id=run.id,
        name=planned.name if planned else Text(run.round, run.round),
        guard=", ".join(one.name for one in walkers_of(scene.campus, planned)) if planned else "",
        starts_ms=run.starts_ms,
        ends_ms=run.ends_ms,
        word=word,
        tone=TONES[word],
        current=run.starts_ms <= scene.now_ms <= run.ends_ms + run.grace_ms,
        stops=tuple(Stop(places.get(tag, Text(tag, tag)), tag in run.visited) for tag in run.tags),
    )


def tap_row(scene: Scene, tap: Tap) -> TapRow:
    """What is shown of one tap."""
    who = next((p.name for p in scene.campus.people.values() if p.badge and p.badge == tap.badge), None)
    where = next((c.name for c in scene.campus.checkpoints.values() if c.tag_uid == tap.tag_uid), None)
    device = scene.campus.devices.get(tap.device)
    return TapRow(
        id=tap.key,
        who=who,
        badge=tap.badge,
        where=where,
        tag_uid=tap.tag_uid,
        device=device.name if device else None,
        at_ms=tap.measured_at_ms,
        trust=tap.trust,
        unsure_time=tap.clock not in (Clock.DEVICE, Clock.LOCAL),
    )
