"""The hub's disk is full for a while: what the hub must say of it, and that it goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import apsw

from hub import processes
from hub.processes import Process
from hub.torture.disk import Disk
from hub.torture.plan import Fault

# A hub that is told nothing writes at least every ten seconds: that time has passed.
_SAYS_SO_WITHIN_S: Final = 40.0
# The embedded broker has to be found out and started anew, by a loop that has failed for some time.
_GOES_ON_WITHIN_S: Final = 90.0
_POLL_S: Final = 0.05
_KILLED_ONE_IN: Final = 3


@dataclass(frozen=True, slots=True)
class Flow:
    """The messages: `go_on` lets more come, `is_through` says whether the broker has taken what came."""

    go_on: Callable[[], None]
    is_through: Callable[[], bool]


class FullDisk:
    """The fault on one hub. `shares_it`: the broker's files are on the same disk, so that it may be the
    broker that fails, and the log has nothing to write."""

    def __init__(self, disk: Disk, hub: Process, web_port: int, *, shares_it: bool) -> None:
        self._disk = disk
        self._hub = hub
        self._web_port = web_port
        self._shares_it = shares_it

    def strike(self, fault: Fault, flow: Flow) -> tuple[str, ...]:
        """Full until the hub says so, and for `lasts_s` more; at times the hub is also killed meanwhile, and
        started when there is room. Returns what was missing."""
        _no_room_in_the_log(self._disk)
        self._disk.fill()
        flow.go_on()
        missing = []
        if not self._await(self._says_so, _SAYS_SO_WITHIN_S):
            missing.append("the disk was full, and the hub did not say so")
        self._await(lambda: False, fault.lasts_s)
        kills = fault.times % _KILLED_ONE_IN == 0
        if kills:
            self._hub.kill()
        self._disk.make_room()
        if kills:
            self._hub.start()
            self._hub.await_up()
        if not _in_time(lambda: self._is_well() and flow.is_through(), _GOES_ON_WITHIN_S):
            missing.append("the disk had room again, and the hub did not go on")
        return tuple(missing)

    def _await(self, done: Callable[[], bool], within_s: float) -> bool:
        """The same as `_in_time`, and what somebody deletes meanwhile is no room for others."""

        def is_done() -> bool:
            self._disk.fill()
            return done()

        return _in_time(is_done, within_s)

    def _says_so(self) -> bool:
        says = processes.gauge(self._web_port, "log_faulty") == 1
        return says or (self._shares_it and processes.gauge(self._web_port, "ready") == 0)

    def _is_well(self) -> bool:
        return processes.gauge(self._web_port, "ready") == 1


def _in_time(done: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _no_room_in_the_log(disk: Disk) -> None:
    """The log's write-ahead file is emptied: otherwise it could still be written over for some seconds."""
    with suppress(apsw.Error):  # a reader is in the way: then it takes these seconds
        path = str(disk.view / "log.sqlite")
        log = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE, vfs=disk.vfs)
        try:
            log.set_busy_timeout(1_000)
            log.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            log.close()
