"""The list of alerts: what needs somebody, what somebody is at, what is quiet, what is closed; pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hub.book.model import Alert
from hub.desk.cards import AlertCard, alert_card, is_quiet
from hub.web.scene import Scene
from rules.life import Hush


class Line(msgspec.Struct, frozen=True):
    """A line of the list."""

    card: AlertCard
    closed: bool
    closed_by: str
    confirmed_by: str


class Listed(msgspec.Struct, frozen=True):
    """The sections. What lies below its cause stands in its cause's line, wherever that is."""

    to_do: tuple[Line, ...]
    taken_on: tuple[Line, ...]
    quiet: tuple[Line, ...]
    closed: tuple[Line, ...]


def listed(scene: Scene, unclosed: Iterable[Alert], closed: Iterable[Alert]) -> Listed:
    """The open alerts, the gravest first, and the closed ones in their order."""
    alerts = tuple(unclosed)
    ids = {alert.id for alert in alerts}
    spoken = [alert for alert in alerts if not is_quiet(alert)]
    hidden = [alert for alert in alerts if is_quiet(alert) and not _is_shown_below(alert, ids)]
    return Listed(
        to_do=_lines(scene, (alert for alert in spoken if not _is_taken_on(alert))),
        taken_on=_lines(scene, (alert for alert in spoken if _is_taken_on(alert))),
        quiet=_lines(scene, hidden),
        closed=tuple(_line(scene, alert) for alert in closed),
    )


def _is_taken_on(alert: Alert) -> bool:
    """Somebody is at it; once the cause is over it has to be closed, and so needs somebody again."""
    return alert.acknowledged and alert.active


def _is_shown_below(alert: Alert, ids: set[int]) -> bool:
    return Hush.CAUSE in alert.hushes and alert.parent in ids


def _lines(scene: Scene, alerts: Iterable[Alert]) -> tuple[Line, ...]:
    return tuple(sorted((_line(scene, alert) for alert in alerts), key=lambda line: line.card.order))


def _line(scene: Scene, alert: Alert) -> Line:
    return Line(
        alert_card(scene, alert),
        alert.closed,
        scene.person_name(alert.closed_by),
        scene.person_name(alert.confirmed_by),
    )
