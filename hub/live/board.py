"""The board: the newest value of everything, kept in memory, and who wants to hear when it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from devices.facts import OF_THE_HUB, Clock, Fact, Presence, Reading, Tap, Value
from hub.book.model import Alert, RoundRun, Setting

TAPS_SHOWN: Final = 30


class Topic(StrEnum):
    """What kind of thing changed. A string, because its hash is a string's: there are thousands a second."""

    DEVICE = "device"
    ALERT = "alert"
    TAP = "tap"
    ROUND = "round"
    HEALTH = "health"


Changed: TypeAlias = tuple[Topic, str]  # the id of the thing; empty for HEALTH
Listener: TypeAlias = Callable[[frozenset[Changed]], None]


class Quantity(msgspec.Struct, frozen=True):
    """The newest value of one series of a device."""

    name: str
    value: Value
    measured_at_ms: int


class DeviceNow(msgspec.Struct, frozen=True):
    """A device as it is now. `received_at_ms` None: nothing was ever received of it. `online` is what it said
    of itself (or its last will for it); None: it never said. `upkeep`: what people set about it."""

    id: str
    quantities: tuple[Quantity, ...] = ()
    measured_at_ms: int | None = None
    received_at_ms: int | None = None
    online: bool | None = None
    clock: Clock | None = None
    upkeep: Setting | None = None

    def quantity(self, name: str) -> Quantity | None:
        """The newest value of a series, or None."""
        return next((quantity for quantity in self.quantities if quantity.name == name), None)


class _Device:
    """A device as it is kept: many facts come for each time that somebody looks."""

    __slots__ = (
        "_id",
        "_seen",
        "changed",
        "clock",
        "measured_at_ms",
        "online",
        "received_at_ms",
        "upkeep",
        "values",
    )

    def __init__(self, now: DeviceNow) -> None:
        self._id = now.id
        self._seen: DeviceNow | None = now
        self.changed: Changed = (Topic.DEVICE, now.id)
        self.values = {
            quantity.name: (quantity.value, quantity.measured_at_ms) for quantity in now.quantities
        }
        self.measured_at_ms = now.measured_at_ms
        self.received_at_ms = now.received_at_ms
        self.online = now.online
        self.clock = now.clock
        self.upkeep = now.upkeep

    def take(self, fact: Reading | Presence | Tap) -> None:
        """Folds one fact in."""
        self._seen = None
        if isinstance(fact, Presence):
            self.online = fact.online
            if not fact.online:
                return  # a last will is no sign of life
        else:
            self.online, self.clock = True, fact.clock
        if self.received_at_ms is None or fact.received_at_ms > self.received_at_ms:
            self.received_at_ms = fact.received_at_ms
        if isinstance(fact, Reading):
            at_ms, values = fact.measured_at_ms, self.values
            if self.measured_at_ms is None or at_ms > self.measured_at_ms:
                self.measured_at_ms = at_ms
            for name, value in fact.values:
                known = values.get(name)
                if known is None or at_ms >= known[1]:
                    values[name] = value, at_ms

    def put_upkeep(self, upkeep: Setting | None) -> bool:
        """What people set about it; returns whether that is new."""
        is_new = upkeep is not self.upkeep
        if is_new:
            self.upkeep, self._seen = upkeep, None
        return is_new

    def seen(self) -> DeviceNow:
        """The device with all that it said."""
        if self._seen is None:
            self._seen = DeviceNow(
                self._id,
                tuple([Quantity(name, value, at_ms) for name, (value, at_ms) in self.values.items()]),
                self.measured_at_ms,
                self.received_at_ms,
                self.online,
                self.clock,
                self.upkeep,
            )
        return self._seen


class Board:
    """Written by one thread, read by any. What it hands out is frozen."""

    def __init__(self, device_ids: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._devices = {device: _Device(DeviceNow(device)) for device in device_ids}
        self._alerts: dict[int, Alert] = {}
        self._rounds: dict[str, RoundRun] = {}
        self._taps: tuple[Tap, ...] = ()
        self._listeners: list[Listener] = []

    def device(self, device: str) -> DeviceNow | None:
        """One device, or None for one that is not configured."""
        with self._lock:
            found = self._devices.get(device)
            return None if found is None else found.seen()

    def devices(self) -> tuple[DeviceNow, ...]:
        """Every configured device, in the order of the configuration."""
        with self._lock:
            return tuple([device.seen() for device in self._devices.values()])

    def heard(self) -> dict[str, int | None]:
        """When each configured device was last heard: `DeviceNow.received_at_ms`, for who needs no more."""
        with self._lock:
            return {name: device.received_at_ms for name, device in self._devices.items()}

    def alerts(self) -> tuple[Alert, ...]:
        """Every alert not yet closed, newest first."""
        with self._lock:
            return tuple(sorted(self._alerts.values(), key=lambda alert: -alert.id))

    def rounds(self) -> tuple[RoundRun, ...]:
        """The runs of rounds around now, by their start."""
        with self._lock:
            return tuple(sorted(self._rounds.values(), key=lambda run: (run.starts_ms, run.id)))

    def taps(self) -> tuple[Tap, ...]:
        """The newest taps by the time of the tap, newest first."""
        return self._taps

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` (on the writing thread: be quick) at each change; returns how to stop that."""
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return stop

    # --- the writing side ---

    def fold(self, facts: Iterable[Fact]) -> frozenset[Changed]:
        """Takes facts in; returns what changed, for `announce`."""
        spoke: dict[str, _Device] = {}  # by id, for the hash of a Changed costs more than all the rest here
        taps: list[Tap] = []
        with self._lock:
            for fact in facts:
                device = self._devices.get(fact.device)
                if device is not None and not isinstance(fact, OF_THE_HUB):
                    device.take(fact)
                    spoke[fact.device] = device
                if isinstance(fact, Tap):
                    self._fold_tap(fact)
                    taps.append(fact)
        return frozenset(
            [device.changed for device in spoke.values()] + [(Topic.TAP, tap.key) for tap in taps]
        )

    def restore(self, devices: Iterable[DeviceNow], taps: Iterable[Tap]) -> None:
        """What was so when the hub last ran."""
        with self._lock:
            for device in devices:
                if device.id in self._devices:
                    self._devices[device.id] = _Device(device)
            self._taps = tuple(sorted(taps, key=_newest_first)[:TAPS_SHOWN])

    def put_alerts(self, unclosed: Iterable[Alert]) -> frozenset[Changed]:
        """Replaces the unclosed alerts; returns what changed."""
        with self._lock:
            before, self._alerts = self._alerts, {alert.id: alert for alert in unclosed}
            ids = before.keys() | self._alerts.keys()
            return frozenset(
                (Topic.ALERT, str(id_)) for id_ in ids if before.get(id_) != self._alerts.get(id_)
            )

    def put_rounds(self, runs: Iterable[RoundRun]) -> frozenset[Changed]:
        """Replaces the runs around now; returns what changed."""
        with self._lock:
            before, self._rounds = self._rounds, {run.id: run for run in runs}
            ids = before.keys() | self._rounds.keys()
            return frozenset((Topic.ROUND, id_) for id_ in ids if before.get(id_) != self._rounds.get(id_))

    def put_upkeep(self, upkeep: Mapping[str, Setting]) -> frozenset[Changed]:
        """Replaces which devices are worked on; returns what changed."""
        with self._lock:
            return frozenset(
                device.changed
                for name, device in self._devices.items()
                if device.put_upkeep(upkeep.get(name))
            )

    def announce(self, changed: frozenset[Changed]) -> None:
        """Tells every listener."""
        if not changed:
            return
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(changed)

    def _fold_tap(self, tap: Tap) -> None:
        self._taps = tuple(sorted((tap, *self._taps), key=_newest_first)[:TAPS_SHOWN])


def _newest_first(tap: Tap) -> tuple[int, str]:
    return -tap.measured_at_ms, tap.key
