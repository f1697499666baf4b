"""The live parts of the page of rounds: who is where, the runs of the day, the plan; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

import msgspec

from hub.book.model import RoundRun
from hub.config.walkers import walkers_of
from hub.desk.campus_plan import plan_card
from hub.desk.whereabouts import whereabouts
from hub.live.board import Topic
from hub.rounds.queries import day_of
from hub.rounds.standing import TONES, deadline_of, word_of
from hub.rounds.timeline import who_of
from hub.web.scene import Element, Scene, Section
from hub.words.wording import local
from rules.model import Text
from rules.progress import UNDER_WAY
from rules.route import Visit

_SECTIONS: Final = ("whereabouts", "walks", "plan")
TODAY: Final = "today"
_HEARS: Final = ((Topic.ROUND, None), (Topic.TAP, None), (Topic.HEALTH, None))


class WalkCard(msgspec.Struct, frozen=True):
    """One run. `stops`: for each checkpoint to visit its name, and whether it was; `last`: where and when
    somebody tapped last. `is_over`: no deadline lies ahead."""

    id: str
    name: Text
    who: str
    starts_ms: int
    ends_ms: int
    deadline_ms: int
    word: str
    tone: str
    is_current: bool
    is_over: bool
    stops: tuple[tuple[Text, bool], ...]
    last: tuple[Text, int, str] | None
    decided_by: str
    decided_why: str

    @property
    def visited(self) -> int:
        """How many checkpoints were visited."""
        return sum(was for _, was in self.stops)


class Walks(msgspec.Struct, frozen=True):
    """The runs of a day; `when`: `today`, `past` or `future`, which says what it means if there are none."""

    runs: tuple[WalkCard, ...]
    when: str


def sections(scene: Scene) -> tuple[Section, ...]:
    """Each is one element. They are drawn anew at each beat: deadlines pass without anything happening."""
    today = local(scene.now_ms, scene.campus.site.zone).date()
    return of_day(scene, runs_of_today(scene, today), TODAY)


def of_day(scene: Scene, runs: Iterable[RoundRun], when: str) -> tuple[Section, ...]:
    """The same for any day's runs; where people are is a matter of today."""
    runs = tuple(runs)
    seen = whereabouts(scene, runs) if when == TODAY else ()
    walks = Walks(tuple(walk_card(scene, run) for run in runs), when)
    elements = (
        Element("whereabouts-list", "desk/whereabouts.html", seen, _HEARS),
        Element("walks-list", "desk/walks.html", walks, _HEARS),
        Element("campus-plan", "desk/campus-plan.html", plan_card(scene, runs), _HEARS),
    )
    return tuple(Section(id_, (one,)) for id_, one in zip(_SECTIONS, elements, strict=True))


def runs_of_today(scene: Scene, today: date) -> Iterator[RoundRun]:
    """Those of the site's today, and those of yesterday that are not over."""
    for run in scene.rounds:
        day = day_of(run)
        is_open = run.state in UNDER_WAY and run.starts_ms <= scene.now_ms <= deadline_of(run)
        if day == today.isoformat() or (day < today.isoformat() and is_open):
            yield run


def walk_card(scene: Scene, run: RoundRun) -> WalkCard:
    """What is shown of one run."""
    planned = scene.campus.rounds.get(run.round)
    places = {place.tag_uid: place.name for place in scene.campus.checkpoints.values()}
    word = word_of(run, scene.now_ms)
    deadline_ms = deadline_of(run)
    last = max(run.visits, key=lambda visit: visit.at_ms, default=None)
    return WalkCard(
        id=run.id,
        name=planned.name if planned else Text(run.round, run.round),
        who=", ".join(one.name for one in walkers_of(scene.campus, planned)[:3]) if planned else "",
        starts_ms=run.starts_ms,
        ends_ms=run.ends_ms,
        deadline_ms=deadline_ms,
        word=word,
        tone=TONES[word],
        is_current=run.state in UNDER_WAY and run.starts_ms <= scene.now_ms <= deadline_ms,
        is_over=run.state not in UNDER_WAY,
        stops=tuple((places.get(tag, Text(tag, tag)), tag in run.visited) for tag in run.tags),
        last=_last(scene, last, places),
        decided_by=scene.person_name(run.decided_by),
        decided_why=run.decided_why,
    )


def _last(scene: Scene, visit: Visit | None, places: dict[str, Text]) -> tuple[Text, int, str] | None:
    if visit is None:
        return None
    return places.get(visit.tag, Text(visit.tag, visit.tag)), visit.at_ms, who_of(scene.campus, visit)
