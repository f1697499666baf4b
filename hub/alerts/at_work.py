"""Which devices are worked on: out of service or in maintenance, as people set it or as configured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from hub.alerts import settings
from hub.alerts.minding import started_windows
from hub.alerts.suppressing import Surroundings
from hub.book.model import Setting
from hub.config.model import Campus


class AtWork:
    """Asked again and again, by one thread: it remembers the windows that it has understood."""

    def __init__(self, campus: Campus) -> None:
        self._campus = campus
        self._started: Mapping[str, int] = {}
        self._surroundings = Surroundings(campus, {})

    def now(self, session: Session, now_ms: int) -> dict[str, Setting]:
        """By device, what it is at `now_ms`. Windows that name rules only are about no device."""
        found = dict.fromkeys(self._by_windows(session, now_ms), Setting.MAINTENANCE)
        for setting in reversed(settings.unended(session)):
            for device in self._campus.devices.values():
                is_meant = setting.device == device.id or (not setting.device and setting.area == device.area)
                if is_meant and found.get(device.id) is not Setting.OUT_OF_SERVICE:
                    found[device.id] = setting.kind
        return found

    def _by_windows(self, session: Session, now_ms: int) -> Iterator[str]:
        if not self._campus.maintenance:
            return
        started = started_windows(session)
        if started != self._started:
            self._started, self._surroundings = started, Surroundings(self._campus, started)
        for window, _ in self._surroundings.windows_at(now_ms):
            for device in self._campus.devices.values():
                if device.id in window.devices or device.area in window.areas:
                    yield device.id
