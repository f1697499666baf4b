"""How simulated time lies on real time. No stamp ever lies ahead of the real now.

At speed 1 stamps are real time. A faster run whose length is known is laid so that it *ends* at the real now:
its stamps begin in the past. A faster run without an end stamps real time, and only its physics run faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo


@dataclass(frozen=True, slots=True)
class Timeline:
    """Simulated seconds count from 0; every other instant is Unix seconds."""

    started_s: float
    begins_s: float
    speed: float
    stamp_rate: float
    duration_s: float | None

    def due_s(self, now_s: float) -> float:
        """How far the simulation should be at the real time `now_s`."""
        due_s = max(0.0, now_s - self.started_s) * self.speed
        return due_s if self.duration_s is None else min(due_s, self.duration_s)

    def stamp_s(self, sim_s: float) -> float:
        """What a true clock on a simulated device shows."""
        return self.begins_s + sim_s * self.stamp_rate

    def sim_s(self, stamp_s: float) -> float:
        """When, in simulated seconds, a true clock shows `stamp_s`."""
        return (stamp_s - self.begins_s) / self.stamp_rate

    def local(self, sim_s: float, zone: tzinfo) -> datetime:
        """The time of day that the physics live in."""
        return datetime.fromtimestamp(self.begins_s + sim_s, zone)


def lay(now_s: float, speed: float, duration_s: float | None) -> Timeline:
    """The timeline of a run that begins at the real time `now_s`; `duration_s` is simulated."""
    if duration_s is None:
        return Timeline(now_s, now_s, speed, 1 / max(1.0, speed), None)
    head_start_s = duration_s * (1 - 1 / speed) if speed > 1 else 0.0
    return Timeline(now_s, now_s - head_start_s, speed, 1.0, duration_s)
