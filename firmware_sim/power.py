"""The physics of an electricity meter: a load with a school day's rhythm, a counter that only rises."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Final

_STEP_S: Final = 10.0
_JOULE_PER_KWH: Final = 3_600_000.0
_NOMINAL_V: Final = 224.0
_SCHOOL_DAYS: Final = range(5)
_MOST_ACTIVITY: Final = 1.6  # lunch and noise on top of the peak; nothing takes more for long
_LEAKAGE_MA: Final = 420.0  # inside the alarm band of 300-500 mA


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: voltage to neutral, current, and the active power it carries."""

    voltage_v: float
    current_a: float
    power_w: float


@dataclass(frozen=True, slots=True)
class MeterState:
    """What the meter shows. `today_kwh` and `yesterday_kwh` turn over at local midnight."""

    energy_kwh: float
    today_kwh: float
    yesterday_kwh: float
    power_w: float
    phases: tuple[Phase, ...]
    power_factor: float
    frequency_hz: float
    residual_current_ma: float


class Meter:
    """One meter with `phases` phases (1 or 3); each has its own daily profile and share of the load.

    `age_s`: how long it has counted already, so that a later run of the same campus begins with more.
    """

    def __init__(self, phases: int, random: Random, age_s: float = 0.0) -> None:
        size = phases if phases == 1 else phases * 3
        self._random = random
        self._base_w = size * random.uniform(60, 180)
        self._peak_w = size * random.uniform(400, 1300)
        self._morning_h = random.uniform(6.5, 8.5)
        self._evening_h = random.uniform(16.5, 20.5)
        weights = [random.uniform(0.9, 1.1) for _ in range(phases)]
        self._shares = [weight / sum(weights) for weight in weights]
        self._power_factor = random.uniform(0.88, 0.97)
        self._leakage_ma = random.uniform(15, 60)
        most_w = self._base_w + self._peak_w * _MOST_ACTIVITY
        self._energy_kwh = random.uniform(800, 20_000) + most_w * age_s / _JOULE_PER_KWH
        self._wobble = 0.0
        self._sag_v = [0.0] * phases
        self._power_w = self._base_w
        self._day: date | None = None
        self._day_began_kwh = self._energy_kwh
        self._yesterday_kwh = 0.0
        self._leaking = False
        self.mains = True

    def fail(self) -> None:
        """Something behind the meter leaks current to earth."""
        self._leaking = True

    def heal(self) -> None:
        """The leak is gone."""
        self._leaking = False

    def advance(self, dt_s: float, local: datetime) -> None:
        """Lets `dt_s` seconds pass, up to the local time `local`; the counter adds what the load took."""
        if self._day is not None and local.date() != self._day:
            self._yesterday_kwh = self._energy_kwh - self._day_began_kwh
            self._day_began_kwh = self._energy_kwh
        self._day = local.date()
        left = dt_s
        while left > 0:
            step = min(_STEP_S, left)
            self._step(step, local)
            left -= step

    def measure(self) -> MeterState:
        """What the meter shows now."""
        phases = tuple(self._phase(share, sag) for share, sag in zip(self._shares, self._sag_v, strict=True))
        leakage = _LEAKAGE_MA if self._leaking else self._leakage_ma
        return MeterState(
            energy_kwh=self._energy_kwh,
            today_kwh=self._energy_kwh - self._day_began_kwh,
            yesterday_kwh=self._yesterday_kwh,
            power_w=sum(phase.power_w for phase in phases),
            phases=phases,
            power_factor=self._power_factor,
            frequency_hz=50 + self._random.gauss(0, 0.012),
            residual_current_ma=max(0.0, leakage + self._random.gauss(0, 2)),
        )

    def _phase(self, share: float, sag_v: float) -> Phase:
        power_w = self._power_w * share
        voltage_v = _NOMINAL_V + sag_v - power_w / 3000 if self.mains else 0.0
        current_a = power_w / (voltage_v * self._power_factor) if voltage_v else 0.0
        return Phase(voltage_v, current_a, power_w)

    def _step(self, dt_s: float, local: datetime) -> None:
        # Both noises forget as exp(-t/tau): the same look whatever the interval between reports is.
        keep = math.exp(-dt_s / 120)
        spread = math.sqrt(1 - keep * keep)
        self._wobble = self._wobble * keep + self._random.gauss(0, 0.08) * spread
        self._sag_v = [sag * keep + self._random.gauss(0, 1.2) * spread for sag in self._sag_v]
        self._power_w = self._load_w(local) if self.mains else 0.0
        self._energy_kwh += self._power_w * dt_s / _JOULE_PER_KWH

    def _load_w(self, local: datetime) -> float:
        hour = local.hour + local.minute / 60
        rise = 1 / (1 + math.exp(-(hour - self._morning_h) * 3))
        fall = 1 / (1 + math.exp((hour - self._evening_h) * 3))
        lunch = 1 + 0.35 * math.exp(-(((hour - 11.5) / 0.9) ** 2))
        activity = rise * fall * lunch * (1.0 if local.weekday() in _SCHOOL_DAYS else 0.15)
        return max(5.0, (self._base_w + self._peak_w * activity) * (1 + self._wobble))
