"""What hushes an alert on this campus: maintenance, devices out of service, causes, flapping; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from hub.book.model import Setting, Suppression
from hub.config.model import Campus, MaintenanceWindow
from rules.causes import SHIPPED, OpenAlert, Topology, parents
from rules.life import Hush
from rules.model import Severity, is_graver
from rules.windows import Flexible, Window, window_of, with_problem

_HUSH_OF: Final = {Setting.OUT_OF_SERVICE: Hush.OUT_OF_SERVICE, Setting.MAINTENANCE: Hush.MAINTENANCE}


class Reason(msgspec.Struct, frozen=True):
    """By whom (a person's id) and why people are not told, and until when if that is known."""

    by: str
    why: str
    until_ms: int | None


class Known(msgspec.Struct, frozen=True):
    """An alert as far as its surroundings matter. `settled`: it has been over for long enough that what still
    lasts elsewhere is no consequence of it any more.

    `shelved`: a person asked for quiet, so that it cannot speak for its consequences."""

    id: int
    rule: str
    subject: str
    severity: Severity
    active: bool
    closed: bool
    since_ms: int
    over_ms: int | None
    settled: bool
    shelved: bool


class Surrounded(msgspec.Struct, frozen=True):
    """What hushes one alert: reasons by hush, and its cause if it has one."""

    hushes: Mapping[Hush, Reason]
    parent: int | None


class Surroundings:
    """A campus's windows and topology. `started`: when a problem started flexible windows, by their id."""

    def __init__(self, campus: Campus, started: Mapping[str, int]) -> None:
        self._campus = campus
        plans = {window.id: window.plan for window in campus.maintenance}
        # A window that was moved since has not started yet.
        self._started = {
            id_: at_ms
            for id_, at_ms in started.items()
            if id_ in plans and with_problem(plans[id_], at_ms) != plans[id_]
        }
        devices = campus.devices.values()
        self._topology = Topology(
            via={device.id: device.via for device in devices if device.via},
            fed_by={device.id: device.fed_by for device in devices if device.fed_by},
        )
        named = (causation for rule in campus.rules.values() for causation in rule.causes)
        self._causations = (*dict.fromkeys(named), *SHIPPED)
        self._windows = {window.id: self._window(window) for window in campus.maintenance}

    def problem(self, rule: str, subject: str, at_ms: int) -> tuple[tuple[str, int], ...]:
        """Flexible windows that a problem at `at_ms` starts: their ids, and that instant."""
        found = []
        for window in self._campus.maintenance:
            starts = window.id not in self._started and with_problem(window.plan, at_ms) != window.plan
            if starts and self._selects(window, rule, subject):
                self._started[window.id] = at_ms
                self._windows[window.id] = self._window(window)
                found.append((window.id, at_ms))
        return tuple(found)

    def windows_at(self, now_ms: int) -> tuple[tuple[MaintenanceWindow, int | None], ...]:
        """The configured windows under way, each with its end if it has one within the year."""
        return tuple(
            (window, self._windows[window.id].next_change(now_ms))
            for window in self._campus.maintenance
            if self._windows[window.id].active(now_ms)
        )

    def around(
        self,
        alerts: Sequence[Known],
        suppressions: Iterable[Suppression],
        flapping: frozenset[tuple[str, str]],
        now_ms: int,
    ) -> dict[int, Surrounded]:
        """For each alert that is not closed, all that hushes it at `now_ms`."""
        settings = tuple(suppressions)
        windows = self.windows_at(now_ms)
        found = {alert.id: self._own(alert, settings, windows, flapping) for alert in alerts}
        opened = [_open(alert, found[alert.id]) for alert in alerts]
        causes = parents(opened, self._topology, self._causations)
        by_id = {alert.id: alert for alert in alerts}
        for consequence, cause in causes.items():
            if not self._asks_others(by_id[consequence], by_id[cause]):
                found[consequence][Hush.CAUSE] = Reason("", "", None)
        return {
            alert.id: Surrounded(found[alert.id], causes.get(alert.id))
            for alert in alerts
            if not alert.closed
        }

    def _asks_others(self, consequence: Known, cause: Known) -> bool:
        """Who must save food hears of the food, whatever the electrician was told before."""
        if is_graver(consequence.severity, cause.severity):
            return True
        rules = self._campus.rules
        owners = {rules[alert.rule].owner for alert in (consequence, cause) if alert.rule in rules}
        return consequence.severity is Severity.CRITICAL and len(owners) > 1

    def _own(
        self,
        alert: Known,
        settings: tuple[Suppression, ...],
        windows: tuple[tuple[MaintenanceWindow, int | None], ...],
        flapping: frozenset[tuple[str, str]],
    ) -> dict[Hush, Reason]:
        hushes: dict[Hush, Reason] = {}
        for window, until_ms in windows:
            if self._selects(window, alert.rule, alert.subject):
                why = f"{window.reason.zh} / {window.reason.en}"
                hushes[Hush.MAINTENANCE] = Reason(window.owner, why, until_ms)
        for setting in settings:
            if self._concerns(setting, alert.subject):
                hushes[_HUSH_OF[setting.kind]] = Reason(setting.set_by, setting.reason, setting.until_ms)
        if (alert.rule, alert.subject) in flapping:
            hushes[Hush.FLAPPING] = Reason("", "", None)
        return hushes

    def _concerns(self, setting: Suppression, subject: str) -> bool:
        device = self._campus.devices.get(subject)
        return device is not None and (
            setting.device == device.id or (not setting.device and setting.area == device.area)
        )

    def _selects(self, window: MaintenanceWindow, rule: str, subject: str) -> bool:
        device = self._campus.devices.get(subject)
        area = device.area if device else ""
        is_place = subject in window.devices or area in window.areas
        is_anywhere = not window.devices and not window.areas
        fits = not window.rules or any(fnmatchcase(rule, pattern) for pattern in window.rules)
        return (is_place or is_anywhere) and fits

    def _window(self, window: MaintenanceWindow) -> Window:
        plan = window.plan
        started_ms = self._started.get(window.id)
        if isinstance(plan, Flexible) and started_ms is not None:
            plan = with_problem(plan, started_ms)
        return window_of(plan, self._campus.calendar)


def _open(alert: Known, hushes: Mapping[Hush, Reason]) -> OpenAlert:
    # A cause that nobody hears of must not hide what it leads to; that it flaps was told.
    silenced = alert.shelved or Hush.MAINTENANCE in hushes or Hush.OUT_OF_SERVICE in hushes
    return OpenAlert(
        alert.id,
        alert.rule,
        alert.subject,
        alert.since_ms,
        None if alert.active else alert.over_ms,
        explains=not silenced and not alert.settled,
        closed=alert.closed,
    )
