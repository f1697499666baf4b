"""The guards of a simulated campus: which window they walk when, and what goes differently this time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Final, Protocol

from firmware_sim.dice import dice
from firmware_sim.guard import PlannedTap, Window, tap_id, walk, windows
from firmware_sim.plan import SimCheckpoint, SimPlan, SimRound
from firmware_sim.scenario import Scenario
from firmware_sim.sun_tag import Signed, SunTag
from firmware_sim.timeline import Timeline

_TAGS_MOUNTED_S: Final = 1_735_689_600.0
_S_PER_READ: Final = 30.0  # enough for sixteen years until a tag falls silent


@dataclass(slots=True)
class Habits:
    """What the guard does differently on the next walk, or at its first tap; None, False or empty: as usual.

    `late_s`: after the window opens; `gap_s`: between two checkpoints; `copied_after_s`: when what a tag has
    signed is brought by another tap as well."""

    skip_rounds: set[str] = field(default_factory=set)
    skip_checkpoint: bool = False
    late_s: float | None = None
    gap_s: float | None = None
    backwards: bool = False
    badge: str = ""
    strange_tag: bool = False
    copied_after_s: float | None = None


class Stage(Protocol):
    """Where guards walk: the campus."""

    def schedule(self, at_s: float, what: Callable[[float], None]) -> None:
        """Puts something on the agenda."""

    def tell(self, at_s: float, zh: str, en: str) -> None:
        """Records something worth telling."""

    def tap(self, at_s: float, tap_id: str, tag_uid: str, badge: str, signed: Signed | None) -> bool:
        """The guards' reader reads a tag; False: it cannot."""


class Walking:
    """Every walk of a run."""

    def __init__(
        self, plan: SimPlan, scenario: Scenario, timeline: Timeline, seed: int, stage: Stage
    ) -> None:
        self.habits = Habits()
        self._plan = plan
        self._scenario = scenario
        self._timeline = timeline
        self._stage = stage
        self._random = dice(seed, "walks", str(round(timeline.started_s * 1000)))
        self._to_come: dict[str, set[str]] = {}  # taps, by round
        self._tags = {checkpoint.id: checkpoint.tag_uid for checkpoint in plan.checkpoints}
        self._chips = {
            place.id: chip
            for place in plan.checkpoints
            if (chip := _chip(place, timeline, dice(seed, place.id, "tag"))) is not None
        }

    def begin(self) -> None:
        """Puts the first windows on the agenda."""
        for planned in self._plan.rounds:
            self._next_window(planned, self._timeline.stamp_s(0))

    def skip_round(self, at_s: float, planned: str) -> None:
        """The guard breaks off the walk under way, or does not begin the next one."""
        under_way = [name for name in self._to_come if planned in ("", name)]
        for name in under_way:
            del self._to_come[name]
            self._stage.tell(at_s, f"保安中断了巡更 {name}", f"The guard broke off round {name}")
        if not under_way:
            self.habits.skip_rounds.add(planned)

    def lend_badge(self) -> None:
        """The next walk is done with somebody else's badge."""
        badges = {planned.badge for planned in self._plan.rounds if planned.badge}
        self.habits.badge = f"04{self._random.getrandbits(40):010X}80" if len(badges) < 2 else "another"

    def _next_window(self, planned: SimRound, since_s: float) -> None:
        for window in windows(planned, self._plan.zone, since_s):
            opens_s = max(0.0, self._timeline.sim_s(window.opens_s))
            self._stage.schedule(opens_s, partial(self._open, window))
            return

    def _open(self, window: Window, at_s: float) -> None:
        name = window.round.id
        closes_s = self._timeline.sim_s(window.closes_s)
        self._stage.schedule(closes_s, lambda _at_s: self._next_window(window.round, window.closes_s))
        for skipped in (name, ""):
            if skipped in self.habits.skip_rounds:
                self.habits.skip_rounds.discard(skipped)
                self._stage.tell(at_s, f"没有人走巡更 {name}", f"Nobody walks round {name}")
                return
        if not window.round.checkpoints:
            return
        planned, left_out = self._this_time(window.round)
        taps = walk(
            replace(window, round=planned),
            self._timeline.stamp_s(at_s),
            self._scenario.walk_gap_s if self.habits.gap_s is None else self.habits.gap_s,
            self._random,
            left_out,
            late_s=self.habits.late_s,
        )
        self.habits.late_s = self.habits.gap_s = None
        self._to_come[name] = {tap.tap_id for tap in taps}
        for tap in taps:
            self._stage.schedule(self._timeline.sim_s(tap.at_s), partial(self._tap, planned, tap))

    def _this_time(self, planned: SimRound) -> tuple[SimRound, frozenset[str]]:
        """The round as it is walked now, and the checkpoints that are passed without a tap."""
        habits = self.habits
        left_out = frozenset[str]()
        if habits.skip_checkpoint:
            left_out = frozenset((self._random.choice(planned.checkpoints),))
        if habits.backwards:
            planned = replace(planned, checkpoints=planned.checkpoints[::-1])
        if habits.badge:
            others = sorted({one.badge for one in self._plan.rounds} - {planned.badge, ""})
            planned = replace(planned, badge=others[0] if habits.badge == "another" else habits.badge)
        habits.skip_checkpoint, habits.backwards, habits.badge = False, False, ""
        return planned, left_out

    def _tap(self, planned: SimRound, tap: PlannedTap, at_s: float) -> None:
        to_come = self._to_come.get(planned.id, set())
        if tap.tap_id not in to_come:
            return
        to_come.discard(tap.tap_id)
        if not to_come:
            del self._to_come[planned.id]
        if self.habits.strange_tag:
            self.habits.strange_tag = False
            strange = f"04{self._random.getrandbits(40):010X}80"
            self._stage.tap(at_s, tap_id(self._random), strange, planned.badge, None)
        chip = self._chips.get(tap.checkpoint)
        signed = chip.touch() if chip is not None else None
        if not self._read(planned.badge, tap, signed, at_s):
            return
        if signed is not None and self.habits.copied_after_s is not None:
            copy = replace(tap, tap_id=tap_id(self._random))
            copied_s, self.habits.copied_after_s = at_s + self.habits.copied_after_s, None
            self._stage.schedule(copied_s, lambda now_s: self._copied(planned.badge, copy, signed, now_s))
        self._stage.tell(
            at_s,
            f"保安在 {tap.checkpoint} 打卡（{planned.id}）",
            f"The guard tapped {tap.checkpoint} ({planned.id})",
        )

    def _copied(self, badge: str, copy: PlannedTap, signed: Signed, at_s: float) -> None:
        self._read(badge, copy, signed, at_s)

    def _read(self, badge: str, tap: PlannedTap, signed: Signed | None, at_s: float) -> bool:
        return self._stage.tap(at_s, tap.tap_id, self._tags[tap.checkpoint], badge, signed)


def _chip(place: SimCheckpoint, timeline: Timeline, random: Random) -> SunTag | None:
    if place.signing is None:
        return None
    # A real tag goes on counting between two runs; so does one whose count is the time.
    passed = int(max(0.0, timeline.started_s - _TAGS_MOUNTED_S) / _S_PER_READ)
    return SunTag(place.tag_uid, place.signing, max(passed, place.signing.count), random)
