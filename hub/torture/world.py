"""Everything that a torture brings up, strikes, and ends again."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from hub import processes
from hub.config.load import load
from hub.config.model import HistoryKind
from hub.processes import Process, TrialError
from hub.torture import campus as campus_file
from hub.torture.disk import Disk
from hub.torture.full_disk import Flow, FullDisk
from hub.torture.plan import BrokerKind, Fault, FaultKind
from hub.torture.proxy import Proxy
from hub.torture.traffic import STEP_MS, Traffic
from hub.torture.witness import Witness

STUCK_S: Final = 120.0
POLL_S: Final = 0.1
_BETWEEN_CUTS_S: Final = 0.12


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do. `folder` is empty and stays afterwards."""

    folder: Path
    messages: int
    devices: int
    rate_hz: float
    seed: int
    broker: BrokerKind
    history: HistoryKind
    faults: tuple[Fault, ...]
    left_out: str = ""


class World:
    """Everything that runs."""

    def __init__(self, wanted: Wanted) -> None:
        """Writes the files; starts nothing. Raises TrialError if a program is missing."""
        folder = self.folder = wanted.folder.resolve()
        (folder / "data").mkdir()
        fills = any(fault.kind is FaultKind.DISK_FULL for fault in wanted.faults)
        self.disk = Disk(folder / "data") if fills else None
        self.data = self.disk.view if self.disk else folder / "data"  # as seen from here
        broker_port, self.web_port, influx_port = (processes.free_port() for _ in range(3))
        self.mosquitto: Process | None = None
        if wanted.broker is BrokerKind.MOSQUITTO:
            self.mosquitto = processes.mosquitto(folder / "mosquitto", broker_port)
        else:
            processes.embedded_is_there()
        self.influxd: Process | None = None
        history = 'kind = "duckdb"'
        if wanted.history is HistoryKind.INFLUXDB1:
            self.influxd = processes.influxd(folder / "influxd", influx_port)
            history = f'kind = "influxdb1"\nurl = "http://127.0.0.1:{influx_port}"'
        step_ms = -(-wanted.messages // wanted.devices) * STEP_MS
        first_ms = (int(time.time() * 1000) - step_ms - 3_600_000) // STEP_MS * STEP_MS
        self.traffic = Traffic(wanted.messages, wanted.devices, wanted.seed, first_ms)
        self.proxy = Proxy(broker_port)  # the devices'
        self.witness = Witness(self.traffic)
        self.hub_proxy = Proxy(broker_port, self.witness.connection)
        config = campus_file.write(
            folder,
            self.traffic,
            wanted.broker,
            # The embedded broker is the hub's own, and what is between them cannot be cut.
            broker_port=self.hub_proxy.port if self.mosquitto else broker_port,
            web_port=self.web_port,
            history=history,
        )
        self.campus = load(config, {})
        inside = self.disk.inside if self.disk else ()
        self.hub = processes.hub_process(config, self.web_port, inside)

    def start(self) -> None:
        """Returns once all is up."""
        for process in (self.mosquitto, self.influxd, self.hub):
            if process is not None:
                process.start()
                process.await_up()
        if self.mosquitto is not None:
            self._await_saved_session()

    def strike(self, fault: Fault, flow: Flow) -> tuple[str, ...]:
        """Does the fault and brings back what it took away. Returns what the hub should have done meanwhile
        and did not."""
        if fault.kind is FaultKind.DISK_FULL:
            return self._fill_disk(fault, flow)
        self._end_something(fault)
        return ()

    def bring_out(self) -> None:
        """Once the hub has ended: its files stand in the folder that it was given."""
        self._kill_embedded()
        if self.disk is not None:
            self.disk.bring_out()

    def end(self) -> None:
        """Ends everything that was started."""
        for process in (self.hub, self.mosquitto, self.influxd):
            if process is not None:
                process.kill()
        self.bring_out()
        self.proxy.close()
        self.hub_proxy.close()

    def _end_something(self, fault: Fault) -> None:
        match fault.kind:
            case FaultKind.HUB_KILLED:
                self._kill_hub(fault)
            case FaultKind.HUB_STOPPED:
                self.hub.suspend(fault.lasts_s)
            case FaultKind.HUB_RESTARTED:
                self.hub.stop()
                self.hub.start()
                self.hub.await_up()
            case FaultKind.BROKER_KILLED | FaultKind.BROKER_RESTARTED | FaultKind.SESSION_LOST:
                self._end_broker(fault)
            case FaultKind.LINK_CUT:
                for _ in range(fault.times):
                    self.proxy.cut()
                    self.hub_proxy.cut()
                    time.sleep(_BETWEEN_CUTS_S)
            case FaultKind.HISTORY_KILLED:
                if self.influxd is not None:
                    _replace(self.influxd, fault.lasts_s)
            case FaultKind.DISK_FULL:
                raise ValueError(fault.kind)  # nothing ends by it
            case _:
                assert_never(fault.kind)

    def _await_saved_session(self) -> None:
        """A broker that is killed before its first save has never heard of the hub."""
        since, store = time.time(), self.folder / "mosquitto" / "mosquitto.db"
        patience = Patience(STUCK_S)
        while not (store.exists() and store.stat().st_mtime > since):
            if patience.is_over(None):
                raise TrialError("mosquitto does not save its store")
            time.sleep(POLL_S)

    def _fill_disk(self, fault: Fault, flow: Flow) -> tuple[str, ...]:
        if self.disk is None:
            raise TrialError("no disk of the hub's own was made for this")
        shares_it = self.mosquitto is None
        return FullDisk(self.disk, self.hub, self.web_port, shares_it=shares_it).strike(fault, flow)

    def _kill_hub(self, fault: Fault) -> None:
        self.hub.kill()
        time.sleep(fault.lasts_s / 2)
        if fault.times % 3 == 0:  # once more, while it is coming up
            self.hub.start()
            time.sleep(fault.lasts_s / 2)
            self.hub.kill()
        self.hub.start()
        self.hub.await_up()

    def _kill_embedded(self) -> None:
        processes.kill_embedded(self.campus.storage.folder / "broker", self.data / "broker")

    def _end_broker(self, fault: Fault) -> None:
        forget = fault.kind is FaultKind.SESSION_LOST
        if self.mosquitto is None:
            if forget:
                self.hub.kill()
            self._kill_embedded()
            if forget:
                shutil.rmtree(self.data / "broker" / "store")
                self.hub.start()
            time.sleep(POLL_S)
            self.hub.await_up()
            return
        if fault.kind is FaultKind.BROKER_RESTARTED:
            self.mosquitto.stop()
        else:
            self.mosquitto.kill()
        if forget:
            (self.folder / "mosquitto" / "mosquitto.db").unlink(missing_ok=True)
        time.sleep(fault.lasts_s / 2)
        self.mosquitto.start()
        self.mosquitto.await_up()


class Patience:
    """Over when nothing has changed for a time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: object = None
        self._since = time.monotonic()

    def is_over(self, state: object) -> bool:
        if state != self._last:
            self._last, self._since = state, time.monotonic()
        return time.monotonic() - self._since > self._seconds


def _replace(process: Process, after_s: float) -> None:
    process.kill()
    time.sleep(after_s)
    process.start()
    process.await_up()
