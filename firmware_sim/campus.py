"""The simulated campus: physics, firmware and guard on one agenda in simulated time; it reads no clock.

Everything that happens is a function of plan, scenario, seed and timeline alone; the network only decides
when and in which batches it gets through.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

from devices.facts import Kind
from firmware_sim.beeps import Beeps
from firmware_sim.cold import ColdUnit
from firmware_sim.device import Device
from firmware_sim.dialects import Measured
from firmware_sim.dice import dice
from firmware_sim.firmware import Firmware, NativeFirmware, TasmotaFirmware, ZigbeeFirmware, boards
from firmware_sim.link import Network
from firmware_sim.plan import Dialect, SimDevice, SimPlan, Words
from firmware_sim.power import Meter
from firmware_sim.scenario import Scenario
from firmware_sim.sun_tag import Signed
from firmware_sim.timeline import Timeline
from firmware_sim.walking import Walking

_HAPPENINGS: Final = 1_000
_METERS_INSTALLED_S: Final = 1_735_689_600.0  # 2025-01-01: counters go on from run to run
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


class Campus:
    """`run_until` moves simulated time, `tend` the connections."""

    def __init__(
        self,
        plan: SimPlan,
        scenario: Scenario,
        timeline: Timeline,
        seed: int,
        network: Network,
        beeps: Beeps,
    ) -> None:
        self.plan = plan
        self.happenings: deque[Happening] = deque(maxlen=_HAPPENINGS)
        self.simulated_s = 0.0
        self._scenario = scenario
        self._timeline = timeline
        self._seed = seed
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        self._entries = 0
        self._beeps = beeps
        self.walking = Walking(plan, scenario, timeline, seed, self)
        self.boards = tuple(self._board(group, network) for group in boards(plan.devices))

    def begin(self) -> None:
        """Puts the first reports and the first windows on the agenda."""
        for board in self.boards:
            first = dice(self._seed, board.planned[0].id, "first").uniform(0, _FIRST_REPORT_S)
            self.schedule(min(first, board.interval_s), self._reporter(board))
        if self.plan.reader:
            self.walking.begin()

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

    def tap(self, at_s: float, tap_id: str, tag_uid: str, badge: str, signed: Signed | None) -> bool:
        """The guards' reader reads a tag; False: it has no power."""
        reader = self._reader()
        firmware = reader.firmware
        if not reader.device.powered or not isinstance(firmware, NativeFirmware):
            return False
        if reader.device.up:
            self._beeps.tapped(tap_id)
        reader.device.send((firmware.tap(self._timeline.stamp_s(at_s), tap_id, tag_uid, badge, signed),))
        return True

    def _board(self, group: tuple[SimDevice, ...], network: Network) -> Board:
        firmware = self._firmware(group)
        device = Device(firmware, network, dice(self._seed, group[0].id, "network"))
        device.on_reply = partial(self._heard, group[0].id)
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

    def _reader(self) -> Board:
        return next(board for board in self.boards if board.planned[0].id == self.plan.reader)

    def _heard(self, device: str, payload: bytes) -> None:
        beep = self._beeps.heard(device, payload)
        if beep is not None:
            self.tell(self.simulated_s, f"{device} {beep.words.zh}", f"{device} {beep.words.en}")


def _unit(planned: SimDevice, random: Random, age_s: float) -> Unit | None:
    if planned.kind is Kind.FRIDGE:
        return ColdUnit(planned.storing, random)
    if planned.kind is Kind.METER:
        return Meter(3 if planned.dialect is Dialect.NATIVE else 1, random, age_s)
    return None
