"""The simulated campus: physics, firmware and guard on one agenda in simulated time; it reads no clock.

Everything that happens is a function of plan, scenario, seed and timeline alone; the network only decides
when and in which batches it gets through.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Final

from devices.facts import Kind
from firmware_sim.cold import ColdUnit
from firmware_sim.device import Device
from firmware_sim.dialects import Measured
from firmware_sim.dice import dice
from firmware_sim.firmware import Firmware, NativeFirmware, TasmotaFirmware, ZigbeeFirmware, boards
from firmware_sim.guard import PlannedTap, Window, tap_id, walk, windows
from firmware_sim.link import Network
from firmware_sim.plan import Dialect, SimCheckpoint, SimDevice, SimPlan, SimRound, Words
from firmware_sim.power import Meter
from firmware_sim.scenario import Scenario
from firmware_sim.sun_tag import Signed, SunTag
from firmware_sim.timeline import Timeline

_HAPPENINGS: Final = 1_000
_METERS_INSTALLED_S: Final = 1_735_689_600.0  # 2025-01-01: counters go on from run to run
_TAGS_MOUNTED_S: Final = 1_735_689_600.0
_S_PER_READ: Final = 30.0  # enough for sixteen years until a tag falls silent
_FIRST_REPORT_S: Final = 3.0
_CONNECTS_AT_ONCE: Final = 20
_ENOUGH_QUEUED: Final = 200  # well below what a device may queue: a fast run waits for its broker

Unit = ColdUnit | Meter


@dataclass(slots=True)
class Board:
    """One board: its program, its connection, and the physics behind each of its sensors."""

    planned: tuple[SimDevice, ...]
    firmware: Firmware
    device: Device
    units: tuple[Unit | None, ...]
    interval_s: float
    advanced_s: float = 0.0

    @property
    def on_mains(self) -> bool:
        """Meters and Tasmota boards live on the mains; the rest has batteries."""
        return any(one.kind is Kind.METER or one.dialect is Dialect.TASMOTA for one in self.planned)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something worth telling, in simulated seconds from the start."""

    at_s: float
    words: Words


@dataclass(slots=True)
class _Walks:
    """What the guard will leave out, and which taps are still to come for each round."""

    skip_rounds: set[str] = field(default_factory=set)
    skip_checkpoint: bool = False
    copied_after_s: float | None = None
    to_come: dict[str, set[str]] = field(default_factory=dict)


class Campus:
    """`run_until` moves simulated time, `tend` the connections."""

    def __init__(
        self, plan: SimPlan, scenario: Scenario, timeline: Timeline, seed: int, network: Network
    ) -> None:
        self.plan = plan
        self.happenings: deque[Happening] = deque(maxlen=_HAPPENINGS)
        self.simulated_s = 0.0
        self._scenario = scenario
        self._timeline = timeline
        self._seed = seed
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        self._entries = 0
        self._walks = _Walks()
        self._walk_dice = dice(seed, "walks", str(round(timeline.started_s * 1000)))
        self.boards = tuple(self._board(group, network) for group in boards(plan.devices))
        self._tags = {checkpoint.id: checkpoint.tag_uid for checkpoint in plan.checkpoints}
        self._chips = {
            place.id: chip for place in plan.checkpoints if (chip := self._chip(place)) is not None
        }

    def begin(self) -> None:
        """Puts the first reports and the first windows on the agenda."""
        for board in self.boards:
            first = dice(self._seed, board.planned[0].id, "first").uniform(0, _FIRST_REPORT_S)
            self.schedule(min(first, board.interval_s), self._reporter(board))
        if self.plan.reader:
            for planned in self.plan.rounds:
                self._next_window(planned, self._timeline.stamp_s(0))

    def schedule(self, at_s: float, what: Callable[[float], None]) -> None:
        """Puts something on the agenda; what was put there first happens first."""
        self._entries += 1
        heapq.heappush(self._agenda, (at_s, self._entries, what))

    def run_until(self, sim_s: float, most: int = 2_000) -> None:
        """Lets time pass up to `sim_s`, or until `most` things happened or the broker falls behind."""
        while self._agenda and self._agenda[0][0] <= sim_s:
            if most <= 0 or self._behind():
                return
            most -= 1
            at_s, _, what = heapq.heappop(self._agenda)
            self.simulated_s = max(self.simulated_s, at_s)
            what(at_s)
        self.simulated_s = max(self.simulated_s, sim_s)

    def tend(self, now_s: float) -> None:
        """Looks after every connection; `now_s` is real Unix time."""
        stamp_s = self._timeline.stamp_s(self.simulated_s)
        tries = 0
        for board in self.boards:
            if tries >= _CONNECTS_AT_ONCE and board.device.wants_to_connect:
                continue
            tries += board.device.tend(now_s, stamp_s)

    def tell(self, at_s: float, zh: str, en: str) -> None:
        """Records something worth telling."""
        self.happenings.append(Happening(at_s, Words(zh, en)))

    def unit_of(self, planned: SimDevice) -> Unit | None:
        """The physics behind a device; None for readers and gateways."""
        board = self.board_of(planned)
        return board.units[board.planned.index(planned)]

    def board_of(self, planned: SimDevice) -> Board:
        """The board that a device lives on."""
        return next(board for board in self.boards if planned in board.planned)

    def catch_up(self, board: Board, at_s: float) -> None:
        """Brings the physics behind a board up to `at_s`."""
        dt_s, board.advanced_s = at_s - board.advanced_s, at_s
        local = self._timeline.local(at_s, self.plan.zone)
        for unit in board.units:
            if unit is not None:
                unit.advance(dt_s, local)

    def skip_round(self, at_s: float, planned: str) -> None:
        """The guard breaks off the walk under way, or does not begin the next one."""
        under_way = [name for name in self._walks.to_come if planned in ("", name)]
        for name in under_way:
            del self._walks.to_come[name]
            self.tell(at_s, f"保安中断了巡更 {name}", f"The guard broke off round {name}")
        if not under_way:
            self._walks.skip_rounds.add(planned)

    def skip_checkpoint(self) -> None:
        """On the next walk one checkpoint is passed without a tap."""
        self._walks.skip_checkpoint = True

    def copy_next_read(self, after_s: float) -> None:
        """What a tag signs at the next tap is brought by another tap as well, `after_s` later."""
        self._walks.copied_after_s = after_s

    def _chip(self, place: SimCheckpoint) -> SunTag | None:
        if place.signing is None:
            return None
        # A real tag goes on counting between two runs; so does one whose count is the time.
        passed = int(max(0.0, self._timeline.started_s - _TAGS_MOUNTED_S) / _S_PER_READ)
        count = max(passed, place.signing.count)
        return SunTag(place.tag_uid, place.signing, count, dice(self._seed, place.id, "tag"))

    def _board(self, group: tuple[SimDevice, ...], network: Network) -> Board:
        firmware = self._firmware(group)
        device = Device(firmware, network, dice(self._seed, group[0].id, "network"))
        interval_s = self._scenario.report_every_s or min(one.interval_s for one in group)
        age_s = max(0.0, self._timeline.begins_s - _METERS_INSTALLED_S)
        units = tuple(_unit(one, dice(self._seed, one.id, "physics"), age_s) for one in group)
        return Board(group, firmware, device, units, interval_s)

    def _firmware(self, group: tuple[SimDevice, ...]) -> Firmware:
        first, site, zone = group[0], self.plan.site, self.plan.zone
        if first.dialect is Dialect.TASMOTA:
            return TasmotaFirmware(site, zone, first.topic)
        if first.dialect is Dialect.ZIGBEE2MQTT:
            return ZigbeeFirmware(site, first, dice(self._seed, first.id, "radio"))
        # Each run is a new boot: sequence numbers of an earlier run must not look like repeats.
        boot = int(self._timeline.started_s)
        return NativeFirmware(site, zone, first, boot, self._timeline.begins_s)

    def _behind(self) -> bool:
        return any(board.device.up and board.device.outbox.queued > _ENOUGH_QUEUED for board in self.boards)

    def _reporter(self, board: Board) -> Callable[[float], None]:
        def report(at_s: float) -> None:
            self.catch_up(board, at_s)
            if board.device.powered:
                self._report(board, self._timeline.stamp_s(at_s))
            self.schedule(at_s + board.interval_s, report)

        return report

    def _report(self, board: Board, stamp_s: float) -> None:
        heartbeat = board.firmware.heartbeat(stamp_s)
        if heartbeat is not None:
            board.device.say(heartbeat)
            return
        measured = [
            Measured(planned, unit.measure())
            for planned, unit in zip(board.planned, board.units, strict=True)
            if unit is not None
        ]
        board.device.send(board.firmware.report(stamp_s, measured))

    def _next_window(self, planned: SimRound, since_s: float) -> None:
        for window in windows(planned, self.plan.zone, since_s):
            opens_s = max(0.0, self._timeline.sim_s(window.opens_s))
            self.schedule(opens_s, partial(self._open, window))
            return

    def _open(self, window: Window, at_s: float) -> None:
        name = window.round.id
        closes_s = self._timeline.sim_s(window.closes_s)
        self.schedule(closes_s, lambda _at_s: self._next_window(window.round, window.closes_s))
        for skipped in (name, ""):
            if skipped in self._walks.skip_rounds:
                self._walks.skip_rounds.discard(skipped)
                self.tell(at_s, f"没有人走巡更 {name}", f"Nobody walks round {name}")
                return
        left_out = frozenset[str]()
        if self._walks.skip_checkpoint and window.round.checkpoints:
            self._walks.skip_checkpoint = False
            left_out = frozenset((self._walk_dice.choice(window.round.checkpoints),))
        stamp_s = self._timeline.stamp_s(at_s)
        taps = walk(window, stamp_s, self._scenario.walk_gap_s, self._walk_dice, left_out)
        self._walks.to_come[name] = {tap.tap_id for tap in taps}
        for tap in taps:
            self.schedule(self._timeline.sim_s(tap.at_s), partial(self._tap, window.round, tap))

    def _tap(self, planned: SimRound, tap: PlannedTap, at_s: float) -> None:
        to_come = self._walks.to_come.get(planned.id, set())
        if tap.tap_id not in to_come:
            return
        to_come.discard(tap.tap_id)
        if not to_come:
            del self._walks.to_come[planned.id]
        reader = next(board for board in self.boards if board.planned[0].id == self.plan.reader)
        if not reader.device.powered or not isinstance(reader.firmware, NativeFirmware):
            return
        chip = self._chips.get(tap.checkpoint)
        signed = chip.touch() if chip is not None else None
        self._send_tap(reader, planned, tap, signed, at_s)
        if signed is not None and self._walks.copied_after_s is not None:
            copy = replace(tap, tap_id=tap_id(self._walk_dice))
            copied_s, self._walks.copied_after_s = at_s + self._walks.copied_after_s, None
            self.schedule(copied_s, partial(self._send_tap, reader, planned, copy, signed))
        self.tell(
            at_s,
            f"保安在 {tap.checkpoint} 打点（{planned.id}）",
            f"The guard tapped {tap.checkpoint} ({planned.id})",
        )

    def _send_tap(
        self, reader: Board, planned: SimRound, tap: PlannedTap, signed: Signed | None, at_s: float
    ) -> None:
        firmware = reader.firmware
        if not isinstance(firmware, NativeFirmware):
            return
        stamp_s = self._timeline.stamp_s(at_s)
        tag_uid = self._tags[tap.checkpoint]
        reader.device.send((firmware.tap(stamp_s, tap.tap_id, tag_uid, planned.badge, signed),))


def _unit(planned: SimDevice, random: Random, age_s: float) -> Unit | None:
    if planned.kind is Kind.FRIDGE:
        return ColdUnit(planned.storing, random)
    if planned.kind is Kind.METER:
        return Meter(3 if planned.dialect is Dialect.NATIVE else 1, random, age_s)
    return None
