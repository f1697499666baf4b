"""The board: the newest value of everything, kept in memory, and who wants to hear when it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final, TypeAlias, assert_never

import msgspec

from devices.facts import Clock, Fact, Presence, Reading, Tap, Tick, Value
from hub.book.model import Alert, RoundRun

TAPS_SHOWN: Final = 30


class Topic(Enum):
    """What kind of thing changed."""

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
    of itself (or its last will for it); None: it never said."""

    id: str
    quantities: tuple[Quantity, ...] = ()
    measured_at_ms: int | None = None
    received_at_ms: int | None = None
    online: bool | None = None
    clock: Clock | None = None

    def quantity(self, name: str) -> Quantity | None:
        """The newest value of a series, or None."""
        return next((quantity for quantity in self.quantities if quantity.name == name), None)


class Board:
    """Written by one thread, read by any. What it hands out is frozen."""

    def __init__(self, device_ids: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._devices = {device: DeviceNow(device) for device in device_ids}
        self._alerts: dict[int, Alert] = {}
        self._rounds: dict[str, RoundRun] = {}
        self._taps: tuple[Tap, ...] = ()
        self._listeners: list[Listener] = []

    def device(self, device: str) -> DeviceNow | None:
        """One device, or None for one that is not configured."""
        return self._devices.get(device)

    def devices(self) -> tuple[DeviceNow, ...]:
        """Every configured device, in the order of the configuration."""
        with self._lock:
            return tuple(self._devices.values())

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
        changed: set[Changed] = set()
        with self._lock:
            for fact in facts:
                match fact:
                    case Reading() | Presence():
                        changed |= self._fold_device(fact)
                    case Tap():
                        changed |= self._fold_device(fact)
                        self._fold_tap(fact)
                        changed.add((Topic.TAP, fact.key))
                    case Tick():
                        pass
                    case _:
                        assert_never(fact)
        return frozenset(changed)

    def restore(self, devices: Iterable[DeviceNow], taps: Iterable[Tap]) -> None:
        """What was so when the hub last ran."""
        with self._lock:
            for device in devices:
                if device.id in self._devices:
                    self._devices[device.id] = device
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

    def announce(self, changed: frozenset[Changed]) -> None:
        """Tells every listener."""
        if not changed:
            return
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(changed)

    def _fold_device(self, fact: Reading | Presence | Tap) -> set[Changed]:
        before = self._devices.get(fact.device)
        if before is None:
            return set()
        quantities, measured_at_ms = before.quantities, before.measured_at_ms
        if isinstance(fact, Reading):
            quantities = _newer(quantities, fact)
            measured_at_ms = max(measured_at_ms or 0, fact.measured_at_ms)
        lives = not isinstance(fact, Presence) or fact.online  # a last will is no sign of life
        after = DeviceNow(
            id=before.id,
            quantities=quantities,
            measured_at_ms=measured_at_ms,
            received_at_ms=max(before.received_at_ms or 0, fact.received_at_ms)
            if lives
            else before.received_at_ms,
            online=lives,
            clock=before.clock if isinstance(fact, Presence) else fact.clock,
        )
        self._devices[before.id] = after
        return {(Topic.DEVICE, before.id)} if after != before else set()

    def _fold_tap(self, tap: Tap) -> None:
        self._taps = tuple(sorted((tap, *self._taps), key=_newest_first)[:TAPS_SHOWN])


def _newest_first(tap: Tap) -> tuple[int, str]:
    return -tap.measured_at_ms, tap.key


def _newer(quantities: tuple[Quantity, ...], fact: Reading) -> tuple[Quantity, ...]:
    merged = {quantity.name: quantity for quantity in quantities}
    for name, value in fact.values:
        known = merged.get(name)
        if known is None or fact.measured_at_ms >= known.measured_at_ms:
            merged[name] = Quantity(name, value, fact.measured_at_ms)
    return tuple(merged.values())
