"""The physics of a cold unit: a box that leaks heat, a compressor that pumps it out, a probe that lags.

Heat flows as Newton's law of cooling, dT/dt = (ambient - T) / tau. Seeded and without a clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

_STEP_S: Final = 10.0
_PROBE_LAG_S: Final = 180.0  # a buffered probe, as food probes are
_DOOR_TAU_S: Final = 1800.0
_NOISE_C: Final = 0.06
_BUSY_HOURS: Final = ((6.0, 7.5), (10.0, 12.5), (16.0, 17.5))  # meals are prepared, doors open
_BUSY_OPENINGS_PER_S: Final = 1 / 420
_QUIET_OPENINGS_PER_S: Final = 1 / 7200
_BATTERY_LIFE_S: Final = 2 * 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Box:
    """One size of cold unit: thermostat band, insulation, compressor and defrosting."""

    low_c: float
    high_c: float
    tau_s: float
    cooling_k_per_s: float
    defrost_every_s: float
    defrost_s: float
    heater_k_per_s: float


BOXES: Final = {
    "chilled": Box(2.8, 4.8, 7_500, 0.0065, 0, 0, 0),
    "sample": Box(3.0, 4.6, 7_200, 0.007, 0, 0, 0),
    "frozen": Box(-21.5, -19.5, 28_800, 0.006, 28_800, 720, 0.0008),
}


@dataclass(frozen=True, slots=True)
class ColdState:
    """What a thermometer on the unit can tell."""

    temperature_c: float
    humidity_pct: float
    door_open: bool
    defrost: bool
    battery_pct: float
    rssi_dbm: int


class ColdUnit:
    """One cold unit. `failed`: its compressor does not run; `mains`: whether it has electricity."""

    def __init__(self, storing: str, random: Random) -> None:
        self._box = BOXES[storing or "chilled"]
        self._random = random
        self._air_c = random.uniform(self._box.low_c, self._box.high_c)
        self._probe_c = self._air_c
        self._running = random.random() < 0.5
        self._door_left_s = 0.0
        self._to_defrost_s = random.uniform(0.2, 1.0) * self._box.defrost_every_s
        self._defrost_left_s = 0.0
        self._battery_pct = random.uniform(70, 100)
        self._rssi_dbm = random.uniform(-78, -52)
        self._pace = 1.0
        self._raw_fault_c: float | None = None
        self.failed = False
        self.mains = True

    @property
    def probe_c(self) -> float:
        """The true temperature at the probe, without the noise of measuring."""
        return self._probe_c

    def fail(self, pace: float = 1.0) -> None:
        """The compressor stops; the unit warms `pace` times faster than a real one would."""
        self.failed, self._pace = True, pace

    def heal(self, pace: float = 1.0) -> None:
        """Compressor and sensor work again; cooling down to the band is `pace` times faster."""
        self.failed, self._pace, self._raw_fault_c = False, pace, None

    def break_sensor(self, raw_c: float) -> None:
        """From now on the sensor says `raw_c`: 85 (power-on value) or -127 (disconnected)."""
        self._raw_fault_c = raw_c

    def open_door(self, for_s: float) -> None:
        """Somebody leaves the door open for this long."""
        self._door_left_s = max(self._door_left_s, for_s)

    def advance(self, dt_s: float, local: datetime) -> None:
        """Lets `dt_s` seconds pass, up to the local time `local`."""
        self._battery_pct = max(0.0, self._battery_pct - 100 * dt_s / _BATTERY_LIFE_S)
        hour = local.hour + local.minute / 60
        left = dt_s * self._pace
        while left > 0:
            step = min(_STEP_S, left)
            self._step(step, hour)
            left -= step
        if not self.failed and self._probe_c <= self._box.high_c:
            self._pace = 1.0

    def measure(self) -> ColdState:
        """One measurement, with the noise of its sensor."""
        noise = self._random.gauss(0, _NOISE_C)
        temperature_c = self._probe_c + noise if self._raw_fault_c is None else self._raw_fault_c
        humidity = 62 + (18 if self._door_left_s > 0 else 0) + self._random.gauss(0, 1.5)
        return ColdState(
            temperature_c=temperature_c,
            humidity_pct=min(99.0, max(20.0, humidity)),
            door_open=self._door_left_s > 0,
            defrost=self._defrost_left_s > 0,
            battery_pct=self._battery_pct,
            rssi_dbm=round(self._rssi_dbm + self._random.gauss(0, 2)),
        )

    def _step(self, dt_s: float, hour: float) -> None:
        self._move_door(dt_s, hour)
        self._move_defrost(dt_s)
        ambient_c = 25 + 2 * math.sin((hour - 9) / 24 * 2 * math.pi)
        warming = (ambient_c - self._air_c) / self._box.tau_s
        if self._door_left_s > 0:
            warming += (ambient_c - self._air_c) / _DOOR_TAU_S
        if self._defrost_left_s > 0:
            warming += self._box.heater_k_per_s
        elif self._cooling():
            warming -= self._box.cooling_k_per_s
        self._air_c += warming * dt_s
        self._probe_c += (self._air_c - self._probe_c) * (1 - math.exp(-dt_s / _PROBE_LAG_S))

    def _cooling(self) -> bool:
        if self._air_c >= self._box.high_c:
            self._running = True
        elif self._air_c <= self._box.low_c:
            self._running = False
        return self._running and self.mains and not self.failed

    def _move_door(self, dt_s: float, hour: float) -> None:
        if self._door_left_s > 0:
            self._door_left_s = max(0.0, self._door_left_s - dt_s)
            return
        busy = any(start <= hour < end for start, end in _BUSY_HOURS)
        rate = _BUSY_OPENINGS_PER_S if busy else _QUIET_OPENINGS_PER_S
        if self._random.random() < rate * dt_s:
            self._door_left_s = self._random.uniform(10, 50)

    def _move_defrost(self, dt_s: float) -> None:
        if not self._box.defrost_every_s or not self.mains:
            return
        if self._defrost_left_s > 0:
            self._defrost_left_s = max(0.0, self._defrost_left_s - dt_s)
            return
        self._to_defrost_s -= dt_s
        if self._to_defrost_s <= 0:
            self._defrost_left_s = self._box.defrost_s
            self._to_defrost_s = self._box.defrost_every_s
