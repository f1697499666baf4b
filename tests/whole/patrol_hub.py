"""A whole hub with a real mosquitto and simulated readers, by a clock that tests step."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from devices.facts import Kind, Tap, Tick
from firmware_sim.beeps import Beep, Beeps
from firmware_sim.device import Device
from firmware_sim.dice import dice
from firmware_sim.firmware import NativeFirmware
from firmware_sim.link import MqttNetwork
from firmware_sim.plan import BrokerAddress, Dialect, SimDevice
from firmware_sim.run import Summary, simulate_on
from firmware_sim.scenario import load as load_scenario
from firmware_sim.sun_tag import Signed, SunTag
from hub.alerts import keeping
from hub.book import journal
from hub.book.model import Alert, AlertChanged, RoundRun
from hub.cli.planning import broker_address, plan_of
from hub.config.load import load
from hub.config.model import Campus
from hub.log.reader import LogReader
from hub.main import Hub
from rules.life import Change
from tests.real import free_port
from tests.real.mosquitto import mosquitto
from tests.whole.hub_process import wait_until
from tests.whole.stepped_clock import Clock

ZONE: Final = ZoneInfo("Asia/Shanghai")
DAY: Final = "2026-11-23"  # a Monday
_TICK_MS: Final = 10_000
_QUIET_S: Final = 0.05

CHECKPOINTS: Final = """\
[[checkpoint]]
id = "gate"
name = { zh = "校门", en = "Gate" }
area = "grounds"
tag_uid = "04A1B2C3D4E580"
[[checkpoint]]
id = "library"
name = { zh = "图书馆", en = "Library" }
area = "grounds"
tag_uid = "044E18B36D9280"
tag_count = 0
[[checkpoint]]
id = "boiler"
name = { zh = "锅炉房", en = "Boiler room" }
area = "grounds"
tag_uid = "0469D41E8C5780"
"""
CAMPUS: Final = """\
[site]
id = "school"
name = "School"
zone = "Asia/Shanghai"
language = "zh-CN"
[broker]
embedded = false
host = "127.0.0.1"
port = {broker_port}
[storage]
folder = "data"
[web]
port = {web_port}
[tags]
master_key_file = "tag-key"
[[area]]
id = "grounds"
name = "Grounds"
[[person]]
id = "zhang-wei"
name = "张伟"
role = "guard"
badge = "04B83A1C5E7280"
[[person]]
id = "li-qiang"
name = "李强"
role = "guard"
badge = "04C94B2D6F8380"
[[person]]
id = "liu-yang"
name = "刘洋"
role = "head"
[[person]]
id = "admin"
name = "管理员"
role = "admin"
{checkpoints}[[device]]
id = "reader-1"
name = "Handheld"
kind = "checkpoint"
area = "grounds"
owner = "liu-yang"
[[device]]
id = "gate-1"
name = "At the gate"
kind = "checkpoint"
checkpoint = "gate"
area = "grounds"
owner = "liu-yang"
{rounds}
"""
MORNING: Final = """\
[[round]]
id = "morning"
name = "Morning"
starts = "06:00"
ends = "08:00"
guard = "zhang-wei"
checkpoints = ["gate", "library", "boiler"]
"""


@dataclass(frozen=True)
class Read:
    """One read of a tag, as it is told to a reader."""

    at: str
    checkpoint: str
    person: str = "zhang-wei"


class Reader:
    """One simulated reader. `error_s`: how far its clock is ahead; None: it is not set."""

    def __init__(self, world: PatrolHub, id_: str) -> None:
        self._world = world
        device = SimDevice(id_, Kind.CHECKPOINT, Dialect.NATIVE, "", "", 60.0, "")
        self.firmware = NativeFirmware("school", ZONE, device, int(world.now_s), world.now_s)
        self.device = Device(self.firmware, world.network, dice(1, id_))
        self.beeps: list[Beep] = []
        self.device.on_reply = self._hear

    def read(self, at: str, tag_uid: str, badge: str, signed: Signed | None, tap_id: str) -> None:
        """Reads a tag at a local time of the day, and sends it if it has a network."""
        self._world.beeps.tapped(tap_id)
        self.device.send((self.firmware.tap(instant_ms(at) / 1000, tap_id, tag_uid, badge, signed),))

    def _hear(self, payload: bytes) -> None:
        beep = self._world.beeps.heard("", payload)
        assert beep is not None, payload
        self.beeps.append(beep)


class PatrolHub:
    """The hub under test; `reader` and `gate_reader` are at work."""

    def __init__(self, folder: Path, broker_port: int, rounds: str, begins: str) -> None:
        (folder / "tag-key").write_text(bytes(range(16)).hex() + "\n", encoding="ascii")
        (folder / "tag-key").chmod(0o600)
        path = folder / "campus.toml"
        text = CAMPUS.format(
            broker_port=broker_port, web_port=free_port(), rounds=rounds, checkpoints=CHECKPOINTS
        )
        path.write_text(text, encoding="utf-8")
        self.campus: Campus = load(path, {})
        self.clock = Clock(instant_ms(begins))
        self.network = MqttNetwork(BrokerAddress("127.0.0.1", broker_port))
        self.beeps = Beeps(time.monotonic)
        self.hub = Hub(self.campus, self.clock)
        self.hub.start()
        self._log = LogReader(self.campus.storage.folder / "log.sqlite")
        self._looked_to = self._taps = self._newest_tick_ms = self._tapped = 0
        wait_until(lambda: self.hub.health().listening_since_ms)
        self.reader = Reader(self, "reader-1")
        self.gate_reader = Reader(self, "gate-1")
        self._readers = (self.reader, self.gate_reader)
        keys = self.campus.tags.keys
        assert keys is not None
        library = next(one for one in plan_of(self.campus).checkpoints if one.id == "library")
        assert library.signing is not None
        self.chip = SunTag(library.tag_uid, library.signing, 0, dice(1, "library"))
        self._settle()

    @property
    def now_s(self) -> float:
        """The hub's time in Unix seconds."""
        return self.clock.now_ms / 1000

    # --- what happens ---

    def passes(self, at: str) -> None:
        """Time passes, up to a local time of day; the hub has judged what follows from it."""
        at_ms = instant_ms(at)
        for now_ms in (at_ms - _TICK_MS, at_ms):
            if now_ms > self.clock.now_ms:
                self.clock.step(self.hub, now_ms)
        wait_until(lambda: self._ticked() >= at_ms)
        self._catch_up()

    def taps(
        self,
        at: str,
        checkpoint: str,
        person: str = "zhang-wei",
        *,
        reader: Reader | None = None,
        tag_uid: str | None = None,
        signed: Signed | None = None,
        received: str | None = None,
    ) -> list[Beep]:
        """A guard taps, and the hub has judged it. Returns what the reader beeped.

        `received`: the reader is offline at the tap, and has its network back then."""
        used = reader or self.reader
        heard = len(used.beeps)
        if received is not None:
            used.device.cut()
            self._settle()
        self.passes(received or at)
        uid = tag_uid or self.campus.checkpoints[checkpoint].tag_uid
        self._tapped += 1
        tap_id = f"{self._tapped:08x}-1111-4222-8333-444444444444"
        badge = self.campus.people[person].badge if person else ""
        used.read(at, uid, badge, signed, tap_id)
        if received is not None:
            used.device.restore()
        self._settle()
        self._catch_up()
        return used.beeps[heard:]

    def walks(self, *reads: tuple[str, str], person: str = "zhang-wei") -> None:
        """A guard taps one checkpoint after the other."""
        for at, checkpoint in reads:
            self.taps(at, checkpoint, person)

    def plays(self, scenario: str, until: str) -> Summary:
        """The simulator plays a shipped scenario from now on, by the hub's own clock."""
        network = _Lockstep(self, broker_address(self.campus.broker))
        for reader in self._readers:
            reader.device.leave()
        try:
            return simulate_on(
                network,
                plan_of(self.campus),
                load_scenario(scenario),
                speed=1,
                seed=1,
                duration_s=(instant_ms(until) - self.clock.now_ms) / 1000,
                clock=lambda: self.now_s,
                progress=lambda _: None,
                stop=threading.Event(),
            )
        finally:
            network.close()

    def step(self) -> None:
        """Ten seconds pass."""
        self.clock.step(self.hub, self.clock.now_ms + _TICK_MS)

    # --- what came of it ---

    def alerts(self) -> set[tuple[str, str, str]]:
        """Every alert that there ever was: its rule, its subject, and its state."""
        with self.hub.book.reading() as session:
            alerts = keeping.recent(session, 1_000)
            recorded = [one.decision for one in journal.after(session, 0, 10_000)]
        amended = {
            one.alert for one in recorded if isinstance(one, AlertChanged) and one.change is Change.AMENDED
        }
        return {(alert.rule, alert.subject, _state(alert, alert.id in amended)) for alert in alerts}

    def run(self, round_: str, day: str = DAY) -> RoundRun:
        """A round of a day."""
        with self.hub.book.reading() as session:
            runs = {run.id: run for run in keeping.runs_between(session, 0, 2**60)}
        return runs[f"{round_}@{day}"]

    def state(self, round_: str = "morning", day: str = DAY) -> tuple[str, int]:
        """A round's state, and how many of its checkpoints were visited."""
        run = self.run(round_, day)
        return run.state.value, len(run.visited)

    def stop(self) -> None:
        self.network.close()
        self._log.close()
        self.hub.stop()

    # --- waiting ---

    def _settle(self) -> None:
        """Until every reader that has a network has handed everything over, and nothing more comes."""

        def handed_over() -> bool:
            for reader in self._readers:
                # Devices wait before they connect anew: here that is no time of the hub's.
                reader.device.tend(time.monotonic(), self.now_s)
            self.network.pump(_QUIET_S)
            return all(
                reader.device.up and not reader.device.outbox.queued
                for reader in self._readers
                if reader.device._reachable
            )

        wait_until(handed_over)

    def _catch_up(self) -> None:
        """Until every tap that was handed over is in the log, judged, and perhaps answered."""
        queued = sum(reader.device.outbox.queued for reader in self._readers)
        wait_until(lambda: self._logged() >= self._tapped - queued)
        wait_until(lambda: self.hub.health().alerts_behind == 0)
        for _ in range(2):
            self.network.pump(_QUIET_S)

    def _look(self) -> None:
        for logged in self._log.after(self._looked_to, 10**6):
            self._looked_to = logged.seq
            if isinstance(logged.fact, Tick):
                self._newest_tick_ms = max(self._newest_tick_ms, logged.fact.measured_at_ms)
            self._taps += isinstance(logged.fact, Tap)

    def _ticked(self) -> int:
        self._look()
        return self._newest_tick_ms

    def _logged(self) -> int:
        self._look()
        return self._taps


class _Lockstep(MqttNetwork):
    """Each pump of the simulator is ten seconds of the hub's time, once everything on its way has arrived."""

    def __init__(self, world: PatrolHub, broker: BrokerAddress) -> None:
        super().__init__(broker)
        self._world = world

    def pump(self, timeout_s: float) -> None:
        del timeout_s
        wait_s = 0.0
        while self._selector.select(wait_s):
            super().pump(0)
            wait_s = _QUIET_S  # what was sent is acknowledged, and perhaps answered
        self._world.step()


@contextmanager
def patrol_hub(folder: Path, rounds: str = MORNING, begins: str = "05:50") -> Iterator[PatrolHub]:
    """A hub, its broker and two readers, ended afterwards."""
    with mosquitto(folder / "broker") as broker:
        world = PatrolHub(folder, broker.port, rounds, begins)
        try:
            yield world
        finally:
            world.stop()


def instant_ms(text: str) -> int:
    """A local time of the tests' day, or of another that is written before it."""
    day, _, at = text.rpartition(" ")
    moment = datetime.fromisoformat(f"{day or DAY} {at}").replace(tzinfo=ZONE)
    return round(moment.timestamp() * 1000)


def _state(alert: Alert, amended: bool) -> str:
    if amended:
        return "amended"
    if alert.closed:
        return "closed"
    return "active" if alert.active else "over"
