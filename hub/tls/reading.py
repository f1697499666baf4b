"""What the hub says of itself as a device, so that the rules judge its certificate as well; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from devices.facts import Clock, Kind, Reading
from hub.config.model import Device

TURN_S: Final = 300.0
_EVERY_MS: Final = 3_600_000
_DIGITS: Final = 2


class Readings:
    """Due once an hour, and at once where the certificate has changed."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self._hubs = tuple(device.id for device in devices if device.kind is Kind.HUB)
        self._last: Reading | None = None
        self._days_left = 0.0

    def of(self, days_left: float, now_ms: int) -> tuple[Reading, ...]:
        """What is to be appended now."""
        last = self._last
        is_early = last is not None and 0 <= now_ms - last.measured_at_ms < _EVERY_MS
        if is_early and days_left < self._days_left + 1:
            return ()
        self._days_left = days_left
        values = (("certificate_days", round(days_left, _DIGITS)),)
        return tuple(
            Reading(f"hub:{hub}:{now_ms}", hub, now_ms, now_ms, Clock.DEVICE, values) for hub in self._hubs
        )

    def taken(self, said: tuple[Reading, ...]) -> None:
        """The log has it."""
        self._last = said[0]
