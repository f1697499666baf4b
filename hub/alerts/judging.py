"""Which watches a fact concerns, and what they say to it; decides, and does no IO.

Nearly all facts are calm (`rules.calm`): they only move a line of numbers of their device, and the states of
its watches are brought up to date from it before anything else is judged. What is said and remembered is
the same as if `step` had been given every fact.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final, TypeAlias

import msgspec

from devices.clock import AHEAD_TOLERANCE_MS
from devices.facts import Clock, ClockSet, Fact, Presence, Reading, RoundOrder, Tap, Tick
from hub.alerts.tapped import Tapped
from hub.alerts.watched import (
    HEARD,
    HIGH,
    LOW,
    NOT_QUIET,
    RESTLESS,
    SHOWN,
    UNTIL_MS,
    Course,
    Overheard,
    Plan,
    WatchedDevice,
    heard_of,
    is_silenced,
    mark_of,
)
from rules import spread
from rules.calm import after_calm, after_signs_of_life, is_calm, is_calm_tick, mark_ms
from rules.course import STEADY, after_course, room_of, shared_room
from rules.judge import step
from rules.model import Event, Phase, State, Watch
from rules.reach import OF_TAPS, devices_of, quantities_of
from rules.route import Visit
from rules.sensing import ONLINE

WatchKey: TypeAlias = tuple[str, str]  # rule, subject
_FRESH: Final = State()
_STRANGER: Final = WatchedDevice("", (), {})


class Said(msgspec.Struct, frozen=True, gc=False):
    """What one watch had to say to one fact."""

    watch: Watch
    event: Event
    transit_ms: int = 0  # how long the fact took to arrive


class Remembered(msgspec.Struct, frozen=True, gc=False):
    """A state as saved: it has judged the facts up to number `as_of`."""

    state: State
    as_of: int = 0


class Judging:
    """Every watch of the campus and what it remembers.

    What `judge` says has to be durable, with the states of those that said it, before it is given more; if it
    cannot be, this is good for nothing any more: begin again with what was saved. Other states that changed
    are `unsaved`, and what only moved a line is in `overheard`: they are written now and then, not at each
    fact."""

    def __init__(
        self,
        watches: Iterable[Watch],
        saved: Mapping[WatchKey, Remembered],
        overheard: Iterable[Overheard] = (),
        judged_to: int = 0,
    ) -> None:
        """Goes on after fact number `judged_to`, as of which `overheard` is. What was saved later than that
        has judged some facts ahead, and is not given them again."""
        self._states = {key: remembered.state for key, remembered in saved.items()}
        self._ahead = {key: r.as_of for key, r in saved.items() if r.as_of > judged_to}
        self._dirty: set[WatchKey] = set()
        watches = tuple(watches)
        self._tapped = Tapped(watch for watch in watches if isinstance(watch.condition, OF_TAPS))
        self._devices = _by_device(watch for watch in watches if not isinstance(watch.condition, OF_TAPS))
        self._listeners = [device for device in self._devices.values() if device.listeners]
        self._ticking = [
            (device, mark, tuple(watches))
            for device in self._devices.values()
            for mark, watches in device.ticking_by_mark().items()
        ]
        for device in self._devices.values():
            self._settle(device)
        self._tapped.settle(self._state_of)
        for heard in overheard:
            self._take_up(heard)

    # --- what is watched ---

    def watch_round(self, watch: Watch, visits: tuple[Visit, ...] = ()) -> None:
        """Watches one planned run, or day of runs, more; what it remembered before is taken up again.

        `visits`: what others know of it already, for a watch that remembers nothing."""
        key = (watch.rule, watch.subject)
        if visits and key not in self._states:
            self._bring(key, State(visits=tuple(sorted(set(visits), key=attrgetter("at_ms", "key")))))
        self._tapped.add(watch, self._state_of(watch))

    def rounds_ended_before(self, at_ms: int) -> set[str]:
        """The rounds and days watched whose time was over before `at_ms`."""
        return self._tapped.ended_before(at_ms)

    def drop_round(self, subject: str) -> tuple[WatchKey, ...]:
        """Stops watching a round that is long over; returns what may be forgotten."""
        gone = self._tapped.drop(subject)
        for key in gone:
            self._states.pop(key, None)
            self._dirty.discard(key)
        return gone

    def watches(self, key: WatchKey) -> bool:
        """Whether this rule watches this subject."""
        rule, subject = key
        device = self._devices.get(subject)
        return self._tapped.has(key) or (
            device is not None and any(watch.rule == rule for watch in device.all_watches())
        )

    def forget_all_but(self, wanted: Callable[[WatchKey], bool]) -> tuple[WatchKey, ...]:
        """Drops what is remembered for other watches; a rule that comes back one day starts anew."""
        gone = tuple(key for key in self._states if not wanted(key))
        for key in gone:
            del self._states[key]
            self._ahead.pop(key, None)
        return gone

    # --- judging ---

    def judge(  # noqa: C901 - a call costs more than all the branches of this loop together
        self, first: int, facts: Sequence[Fact], now_ms: int, before: Callable[[Fact], None]
    ) -> list[Said]:
        """What the watches say to the next facts of the log, of which the first has the number `first`.

        `before` is called ahead of each fact that is no reading, and may watch more rounds."""
        said: list[Said] = []
        if self._ahead:
            self._catch_up(first - 1)
        devices = self._devices
        unset, ahead = Clock.UNSET, Clock.AHEAD
        apart, nan = spread.apart, math.nan
        for seq, fact in enumerate(facts, first):
            if type(fact) is not Reading:
                before(fact)
                self._judge_other(seq, fact, now_ms, said)
                continue
            device = devices.get(fact.device, _STRANGER)
            line, plan = device.line, device.plan
            bands = plan.bands
            received_ms = fact.received_at_ms
            heard_ms = line[HEARD]
            if received_ms > heard_ms:
                if heard_ms == NOT_QUIET:
                    self._judge_silences(device, seq, fact, now_ms, said)
                else:
                    line[HEARD] = received_ms
            measured_ms = fact.measured_at_ms
            is_trusted = measured_ms <= received_ms + AHEAD_TOLERANCE_MS
            measured = float(measured_ms)  # as lines have it: numbers of one type are compared faster
            values = fact.values
            of = dict(values)
            if len(of) != len(values):  # `step` takes the first value that a reading gives for a quantity
                of = dict(reversed(values))
            for quantity, value in of.items():
                band = bands.get(quantity)
                if band is None:
                    continue
                mark, low, high, excluded, other_type = band
                if (
                    is_trusted
                    and low <= value <= high
                    and line[mark] <= measured
                    and not (excluded and value in excluded)
                    and value.__class__ is not other_type
                ):
                    line[mark] = measured
                    line[mark + 1] = value
                else:
                    self._judge_quantity(device, quantity, seq, fact, now_ms, said)
            courses = plan.courses
            if courses:
                kept = device.kept
                kept.append(measured)
                for number, (quantity, at) in enumerate(courses):
                    value_ = of.get(quantity)
                    if value_ is None:
                        kept.append(nan)
                    elif (
                        is_trusted
                        and line[at + LOW] < value_ < line[at + HIGH]
                        and line[at] < measured < line[at + UNTIL_MS]
                        and value_.__class__ is float
                    ):
                        line[at] = measured
                        kept.append(value_)
                    else:
                        kept.append(nan)
                        self._judge_course(device, device.courses[number], seq, fact, now_ms, said)
                if len(kept) >= plan.full:
                    self._take_in_courses(device)
                    for course in device.courses:
                        self._settle_course(device, course)
            for condition, at in plan.comparisons:
                off = apart(condition, of)
                if off is None:
                    continue
                if is_trusted and line[at] <= measured and off <= condition.limit:
                    line[at] = measured
                    line[at + 1] = off
                else:
                    self._judge_comparison(device, at, seq, fact, now_ms, said)
            clock = fact.clock
            if clock is unset or clock is ahead or device.clock_wrong:
                self._judge_clock(device, seq, fact, now_ms, said)
            for watch in device.restless:
                self._step(watch, seq, fact, now_ms, said)
        return said

    def _judge_other(self, seq: int, fact: Fact, now_ms: int, said: list[Said]) -> None:
        if isinstance(fact, Tick):
            self._judge_tick(seq, fact, now_ms, said)
        elif isinstance(fact, ClockSet):
            self._judge_clock_set(seq, fact, now_ms, said)
        elif (device := self._devices.get(fact.device)) is not None:
            if not (isinstance(fact, Presence) and not fact.online):
                self._judge_silences(device, seq, fact, now_ms, said)
            if isinstance(fact, Presence) and ONLINE in device.watches:
                self._judge_quantity(device, ONLINE, seq, fact, now_ms, said)
            if isinstance(fact, Tap):
                self._judge_clock(device, seq, fact, now_ms, said)
        if isinstance(fact, Tick | Tap | RoundOrder):
            for watch in self._tapped.concerned_by(fact):
                self._step(watch, seq, fact, now_ms, said)
                self._tapped.note(watch, self._state_of(watch))

    def _judge_tick(self, seq: int, tick: Tick, now_ms: int, said: list[Said]) -> None:
        at_ms, since_ms = float(tick.measured_at_ms), float(tick.listening_since_ms)
        for device in self._listeners if not tick.phones_only else ():
            heard_ms = device.line[HEARD]
            if heard_ms == NOT_QUIET or not is_calm_tick(device.patience_ms, heard_ms, at_ms, since_ms):
                self._judge_silences(device, seq, tick, now_ms, said)
        for device, mark, watches in self._ticking:
            if mark and device.line[mark] != RESTLESS:
                continue
            for watch in watches:
                if self._state_of(watch).phase is not Phase.QUIET:
                    self._show_heard(device)
                    self._step_shown(device, watch, seq, tick, now_ms, said)

    def _judge_clock_set(self, seq: int, fact: ClockSet, now_ms: int, said: list[Said]) -> None:
        for device in self._devices.values():
            self._show_device(device)
            for watch in device.all_watches():
                self._step(watch, seq, fact, now_ms, said)
            self._settle(device)

    def _judge_silences(
        self, device: WatchedDevice, seq: int, fact: Fact, now_ms: int, said: list[Said]
    ) -> None:
        self._show_heard(device)
        for watch in device.listeners:
            self._step_shown(device, watch, seq, fact, now_ms, said)
        self._settle_heard(device)

    def _step_shown(
        self, device: WatchedDevice, watch: Watch, seq: int, fact: Fact, now_ms: int, said: list[Said]
    ) -> None:
        """Steps a watch by what is no calm reading of its quantity: the line is shown, then settled."""
        quantities = [name for name in quantities_of(watch.condition) if name in device.watches]
        for quantity in quantities:
            self._show_value(device, quantity)
        self._step(watch, seq, fact, now_ms, said)
        for quantity in quantities:
            self._settle_mark(device, quantity)

    def _judge_quantity(
        self, device: WatchedDevice, quantity: str, seq: int, fact: Fact, now_ms: int, said: list[Said]
    ) -> None:
        self._show_value(device, quantity)
        for watch in device.watches[quantity]:
            self._step(watch, seq, fact, now_ms, said)
        self._settle_mark(device, quantity)

    def _judge_course(
        self, device: WatchedDevice, course: Course, seq: int, fact: Fact, now_ms: int, said: list[Said]
    ) -> None:
        self._take_in(device, course)
        for watch in course.watches:
            self._step(watch, seq, fact, now_ms, said)
        self._settle_course(device, course)

    def _judge_clock(
        self, device: WatchedDevice, seq: int, fact: Fact, now_ms: int, said: list[Said]
    ) -> None:
        for watch in device.clocks:
            self._step(watch, seq, fact, now_ms, said)
        device.clock_wrong = any(self._state_of(watch).phase is not Phase.QUIET for watch in device.clocks)

    def _judge_comparison(
        self, device: WatchedDevice, at: int, seq: int, fact: Fact, now_ms: int, said: list[Said]
    ) -> None:
        watch = next(watch for watch, its_place in device.comparisons if its_place == at)
        self._show_comparison(device, watch, at)
        self._step(watch, seq, fact, now_ms, said)
        self._settle_comparison(device, watch, at)

    def _step(self, watch: Watch, seq: int, fact: Fact, now_ms: int, said: list[Said]) -> None:
        key = (watch.rule, watch.subject)
        if self._ahead and self._ahead.get(key, 0) >= seq:
            return
        before = self._state(key)
        after, events = step(watch, before, fact, now_ms)
        if after != before:
            self._bring(key, after)
        if events:
            transit_ms = fact.received_at_ms - fact.measured_at_ms
            said.extend(Said(watch, event, transit_ms) for event in events)

    # --- between lines and states ---

    def _show_heard(self, device: WatchedDevice) -> None:
        """Brings the states of the watches of silence up to date."""
        heard_ms = device.line[HEARD]
        if math.isfinite(heard_ms):
            for watch in device.listeners:
                self._remember(watch, after_signs_of_life(self._state_of(watch), int(heard_ms)))

    def _show_value(self, device: WatchedDevice, quantity: str) -> None:
        """Brings the states of a quantity's watches up to date."""
        mark = device.plan.bands[quantity][0]
        at_ms, value = device.line[mark], device.line[mark + 1]
        if not math.isnan(value):
            for watch in device.watches[quantity]:
                self._remember(watch, after_calm(self._state_of(watch), int(at_ms), value))
            device.line[mark + 1] = SHOWN

    def _show_comparison(self, device: WatchedDevice, watch: Watch, at: int) -> None:
        """Brings the state of a comparison's watch up to date."""
        at_ms, off = device.line[at], device.line[at + 1]
        if not math.isnan(off):
            self._bring(
                (watch.rule, watch.subject), spread.after_calm(self._state_of(watch), int(at_ms), off)
            )
            device.line[at + 1] = SHOWN

    def _take_in(self, device: WatchedDevice, course: Course) -> None:
        """Brings the states of a course's watches up to date; its room stays."""
        times_ms, values = device.take_out(course)
        if not values:
            return
        for watch in course.watches:
            if isinstance(watch.condition, STEADY):
                state = after_course(watch.condition, self._state_of(watch), times_ms, values)
                self._bring((watch.rule, watch.subject), state)

    def _take_in_courses(self, device: WatchedDevice) -> None:
        for course in device.courses:
            self._take_in(device, course)
        if device.kept:
            device.kept = array("d")

    def _take_in_all(self, device: WatchedDevice) -> None:
        self._take_in_courses(device)
        for watch, at in device.comparisons:
            self._show_comparison(device, watch, at)

    def _bring(self, key: WatchKey, state: State) -> None:
        self._states[key] = state
        self._dirty.add(key)

    def _show_devices(self, keys: Iterable[WatchKey]) -> None:
        for subject in {subject for _, subject in keys} & self._devices.keys():
            self._show_device(self._devices[subject])

    def _show_device(self, device: WatchedDevice) -> None:
        self._show_heard(device)
        for quantity in device.watches:
            self._show_value(device, quantity)
        self._take_in_all(device)

    def _settle(self, device: WatchedDevice) -> None:
        """Makes the line tell what the states know."""
        self._settle_heard(device)
        for quantity in device.watches:
            self._settle_mark(device, quantity)
        for course in device.courses:
            self._settle_course(device, course)
        for watch, at in device.comparisons:
            self._settle_comparison(device, watch, at)

    def _settle_course(self, device: WatchedDevice, course: Course) -> None:
        states = [self._state_of(watch) for watch in course.watches]
        room = None
        if not self._is_ahead(course.watches):
            room = shared_room(
                room_of(watch.condition, state)
                for watch, state in zip(course.watches, states, strict=True)
                if isinstance(watch.condition, STEADY)
            )
        device.settle(course, room, max(map(mark_ms, states)))

    def _settle_comparison(self, device: WatchedDevice, watch: Watch, at: int) -> None:
        device.line[at] = RESTLESS if self._is_ahead((watch,)) else mark_of((self._state_of(watch),))
        device.line[at + 1] = SHOWN

    def _settle_heard(self, device: WatchedDevice) -> None:
        listeners = device.listeners
        ahead = self._is_ahead(listeners)
        heard_ms = heard_of((watch, self._state_of(watch)) for watch in listeners)
        device.line[HEARD] = NOT_QUIET if ahead else heard_ms

    def _settle_mark(self, device: WatchedDevice, quantity: str) -> None:
        watches = device.watches[quantity]
        ahead = self._is_ahead(watches)
        mark = device.plan.bands[quantity][0]
        device.line[mark] = RESTLESS if ahead else mark_of(map(self._state_of, watches))
        device.line[mark + 1] = SHOWN

    def _is_ahead(self, watches: Iterable[Watch]) -> bool:
        return bool(self._ahead) and any((watch.rule, watch.subject) in self._ahead for watch in watches)

    def _state(self, key: WatchKey) -> State:
        return self._states.get(key, _FRESH)

    def _state_of(self, watch: Watch) -> State:
        return self._state((watch.rule, watch.subject))

    def _remember(self, watch: Watch, state: State) -> None:
        if state != self._state_of(watch):
            self._bring((watch.rule, watch.subject), state)

    # --- keeping ---

    @property
    def remembered(self) -> int:
        """How many states there are; what lines tell has none."""
        return len(self._states)

    def shown(self, keys: Collection[WatchKey]) -> dict[WatchKey, State]:
        """The states of these watches, what lines tell of them included."""
        self._show_devices(keys)
        return {key: self._state(key) for key in keys}

    def unsaved(self) -> dict[WatchKey, State]:
        """The states that changed since they were last `saved`, but without what lines tell."""
        for device in self._devices.values():
            self._take_in_all(device)
        return {key: self._states[key] for key in self._dirty}

    def overheard(self) -> list[Overheard]:
        """What lines tell, of every device."""
        return [device.overheard() for device in self._devices.values()]

    def saved(self, keys: Iterable[WatchKey] | None = None) -> None:
        """The states of these watches are written down; None: all that was unsaved."""
        if keys is None:
            self._dirty.clear()
        else:
            self._dirty.difference_update(keys)

    # --- after a start ---

    def is_ahead(self, key: WatchKey) -> bool:
        """Whether this watch has judged facts that are still to be given to others."""
        return key in self._ahead

    def _take_up(self, heard: Overheard) -> None:
        """A line that was saved. A watch that is ahead knows better, and one whose rule changed may find
        that what its device said was not calm: it will judge what comes."""
        device = self._devices.get(heard.device)
        if device is None:
            return
        self._take_up_heard(device, float(heard.line[HEARD]))
        for number, quantity in enumerate(heard.quantities):
            at_ms, value = heard.line[1 + 2 * number : 3 + 2 * number]
            if quantity in device.watches and not math.isnan(value):
                is_flag = device.plan.bands[quantity][-1] is float  # a line knows only numbers
                self._take_up_value(device, quantity, int(at_ms), bool(value) if is_flag else float(value))

    def _take_up_heard(self, device: WatchedDevice, heard_ms: float) -> None:
        if not math.isfinite(heard_ms):
            return
        if math.isfinite(device.line[HEARD]):
            device.line[HEARD] = max(device.line[HEARD], heard_ms)
            return
        for watch in device.listeners:
            if not is_silenced(watch, self._state_of(watch)):
                self._restore(watch, after_signs_of_life(self._state_of(watch), int(heard_ms)))
        self._settle_heard(device)

    def _take_up_value(self, device: WatchedDevice, quantity: str, at_ms: int, value: float) -> None:
        mark, low, high, excluded, _ = device.plan.bands[quantity]
        if device.line[mark] <= at_ms and low <= value <= high and value not in excluded:
            device.line[mark] = at_ms
            device.line[mark + 1] = value
            return
        for watch in device.watches[quantity]:
            if is_calm(watch.condition, self._state_of(watch), at_ms, value):
                self._restore(watch, after_calm(self._state_of(watch), at_ms, value))
        self._settle_mark(device, quantity)

    def _restore(self, watch: Watch, state: State) -> None:
        key = (watch.rule, watch.subject)
        if key not in self._ahead:
            self._bring(key, state)

    def _catch_up(self, judged_to: int) -> None:
        """Those that have judged no more facts than the others are ahead no more."""
        past = [key for key, as_of in self._ahead.items() if as_of <= judged_to]
        self._show_devices(past)
        for key in past:
            del self._ahead[key]
        for subject in {subject for _, subject in past} & self._devices.keys():
            self._settle(self._devices[subject])


def _by_device(watches: Iterable[Watch]) -> dict[str, WatchedDevice]:
    of_device: dict[str, list[Watch]] = {}
    for watch in watches:
        for device in devices_of(watch):
            of_device.setdefault(device, []).append(watch)
    known: dict[str, Plan] = {}
    return {id_: WatchedDevice(id_, of_it, known) for id_, of_it in of_device.items()}
