"""Alerts as cards, and the health of the hub itself: what each one shows; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from devices.facts import Kind
from hub.book.model import Alert
from hub.config.binding import condition_of
from hub.config.model import Device
from hub.config.subjects import name_of
from hub.config.walkers import walkers_of
from hub.desk import rounds_live
from hub.live.board import Topic
from hub.live.state import DeviceState
from hub.web.deps import Health
from hub.web.scene import Element, Face, Scene, Section, hears_device, number_of, tone_of
from rules.life import REOPENED_WITHIN_MS, Hush, answers_for, shelf_left_ms
from rules.model import (
    Closing,
    Condition,
    Direction,
    Forecast,
    Outside,
    Rate,
    Role,
    Rule,
    Severity,
    Text,
    Threshold,
)

_RANK: Final = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
_TONES: Final = {Severity.CRITICAL: "crit", Severity.WARNING: "warn", Severity.INFO: "info"}
_NEWEST: Final = 10**12
_OTHER_KINDS: Final = (Kind.CHECKPOINT, Kind.GATEWAY)
_HOURS: Final = (1, 2, 4, 8)
_HOUR_MS: Final = 3_600_000
# As the rights table has it: no form is shown to somebody whom its route refuses.
_REOPENERS: Final = frozenset({Role.HEAD, Role.ADMIN})
_SHELVERS: Final = _REOPENERS | {Role.MAINTENANCE, Role.CANTEEN}
_OF_A_VALUE: Final = (Threshold, Outside, Rate, Forecast)
_LOOK_ONLY: Final = frozenset({Role.WALL})


class Quiet(msgspec.Struct, frozen=True):
    """One thing that keeps people from being told: by whom, why, until when, as far as that is known."""

    hush: Hush
    by: str
    why: str
    until_ms: int | None
    once: bool


class Below(msgspec.Struct, frozen=True):
    """Another alert of the same incident, in one line."""

    id: int
    title: Text
    subject: Text
    tone: str
    severity: Severity
    active: bool
    closed: bool


class AlertCard(msgspec.Struct, frozen=True):
    """An alert. `reading`: the value now, `at_raise`: the value that raised it; `quantity`: whose they are,
    where it is about the value of one. `above`: the higher, the worse. `due_ms`: while a forecast lasts.

    Only on its record page, `is_record`: `peak`, its most extreme value, and no `reading` once it is over."""

    id: int
    order: str
    severity: Severity
    tone: str
    title: Text
    subject: Text
    area: Text | None
    active: bool
    since_ms: int
    cleared_at_ms: int | None
    quantity: str
    reading: float | None
    at_raise: float | None
    condition: Condition | None
    above: bool
    progress: tuple[int, int] | None
    missing: tuple[Text, ...]
    owner_role: Role | None
    owner: str
    basis: Text | None
    playbook: tuple[Text, ...]
    acknowledged: bool
    acknowledged_by: str
    acknowledged_reason: str
    acknowledged_at_ms: int | None
    closes_itself: bool
    may_act: bool
    may_close: bool  # now, by the viewer
    is_others: bool  # somebody else has to look into it
    needs_second: bool = False  # once put right, another person has to confirm it
    put_right_by: str = ""
    put_right: str = ""
    quiet: tuple[Quiet, ...] = ()
    shelf_hours: tuple[int, ...] = ()  # what it may be shelved for, by whoever looks; none: it may not
    shelf_bar: str = ""  # why not, where whoever looks might: `take_on_first`, `used_up`
    may_unshelve: bool = False
    may_reopen: bool = False
    below: tuple[Below, ...] = ()
    late: bool = False
    due_ms: int | None = None
    is_record: bool = False
    peak: float | None = None


class AlertsSummary(msgspec.Struct, frozen=True):
    """How many alerts are open: with their cause lasting, by severity; and over but not yet closed.

    `blind`: nothing reaches the judging now, so that no alert does not mean that all is well."""

    blind: bool
    critical: int
    warning: int
    info: int
    to_close: int
    quiet: int = 0  # shelved, suppressed or below their cause: not in any of the others

    @property
    def active(self) -> int:
        """Alerts whose cause lasts."""
        return self.critical + self.warning + self.info

    @property
    def tone(self) -> str:
        """The colour of the gravest."""
        if self.critical:
            return "crit"
        if self.warning or self.blind:
            return "warn"
        return "info" if self.info or self.to_close else "ok"


class OtherCard(msgspec.Struct, frozen=True):
    """A reader or a gateway: it measures nothing, and is there or not."""

    id: str
    name: Text
    area: Text
    state: DeviceState
    tone: str
    heard_ms: int | None


class HealthCard(msgspec.Struct, frozen=True):
    """How the hub does. `newest_ms`: when the newest data arrived. `faults`, `notes`: ends of text keys."""

    health: Health
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    newest_ms: int | None


def sections(scene: Scene) -> tuple[Section, ...]:
    """The open alerts, gravest first, and the hub's own health."""
    spoken = (alert for alert in scene.alerts if not is_quiet(alert))
    cards = sorted((alert_card(scene, alert) for alert in spoken), key=lambda card: card.order)
    alerts = tuple(
        Element(f"alert-{card.id}", "desk/alert-card.html", card, _hears(scene, card)) for card in cards
    )
    summary = Element(
        "alerts-summary", "desk/summary.html", summary_of(scene), ((Topic.ALERT, None), (Topic.HEALTH, None))
    )
    health = Element("health", "desk/health.html", health_card(scene), ((Topic.HEALTH, None),))
    others = Section("others", tuple(_others(scene)))
    return Section("alerts", alerts, summary), others, Section("hub", (health,))


FACE: Final = Face("hub.desk", sections, rounds_live.sections)


def is_quiet(alert: Alert) -> bool:
    """Whether people are not told of it for a reason other than that it comes and goes."""
    return any(hush is not Hush.FLAPPING for hush in alert.hushes)


def below(scene: Scene, alert: Alert) -> Below:
    """One line about another alert of the incident."""
    rule = scene.campus.rules.get(alert.rule)
    return Below(
        id=alert.id,
        title=rule.title if rule else Text(alert.rule, alert.rule),
        subject=_subject(scene, alert, scene.campus.devices.get(alert.subject))[0],
        tone=_TONES[alert.severity],
        severity=alert.severity,
        active=alert.active,
        closed=alert.closed,
    )


def may_act(role: Role) -> bool:
    """Whether somebody of this role takes alerts on and closes them; the wall only looks."""
    return role not in _LOOK_ONLY


def alert_card(scene: Scene, alert: Alert) -> AlertCard:
    """What the card of one alert says."""
    rule = scene.campus.rules.get(alert.rule)
    device = scene.campus.devices.get(alert.subject)
    condition = condition_of(scene.campus, alert.rule, alert.subject)
    quantity = condition.quantity if isinstance(condition, _OF_A_VALUE) else ""
    name, area, progress, missing, owner = _subject(scene, alert, device)
    beneath = [one for one in scene.alerts if _is_below(one, alert)]
    return AlertCard(
        id=alert.id,
        order=f"{int(not alert.active)}{_RANK[_gravest(scene, alert)]}{_NEWEST - alert.id:013d}",
        severity=alert.severity,
        tone=_TONES[alert.severity],
        title=rule.title if rule else Text(alert.rule, alert.rule),
        subject=name,
        area=area,
        active=alert.active,
        since_ms=alert.since_ms,
        cleared_at_ms=alert.cleared_at_ms,
        quantity=quantity,
        reading=_reading(scene, alert, quantity),
        at_raise=alert.value,
        condition=condition,
        above=_is_above(condition, alert.value),
        progress=progress,
        missing=missing,
        owner_role=rule.owner if rule else None,
        owner=owner,
        basis=rule.basis if rule else None,
        playbook=rule.playbook if rule else (),
        acknowledged=alert.acknowledged,
        acknowledged_by=scene.person_name(alert.acknowledged_by),
        acknowledged_reason=alert.acknowledged_reason,
        acknowledged_at_ms=alert.acknowledged_at_ms,
        closes_itself=rule is not None and rule.closing is Closing.AUTO,
        may_act=may_act(scene.viewer.role) and not alert.closed,
        may_close=not alert.put_right_by and _may_close(rule, alert, scene.viewer.role),
        is_others=_is_others(rule, scene.viewer.role),
        needs_second=rule is not None and rule.closing is Closing.SECOND,
        put_right_by=scene.person_name(alert.put_right_by),
        put_right=alert.closed_action if alert.put_right_by else "",
        quiet=_quiet(scene, alert),
        shelf_hours=_shelf_hours(scene, alert),
        shelf_bar=_shelf_bar(scene, alert),
        may_unshelve=Hush.SHELVED in alert.hushes and scene.viewer.role in _SHELVERS,
        may_reopen=_may_reopen(scene, alert),
        below=tuple(below(scene, one) for one in beneath),
        late=alert.late,
        due_ms=alert.due_ms if alert.active else None,
    )


def record_card(scene: Scene, alert: Alert, peak: Callable[[AlertCard], float | None]) -> AlertCard:
    """What the page of one alert says: what is so now belongs there only while the alert is active."""
    card = alert_card(scene, alert)
    return replace(card, is_record=True, reading=card.reading if card.active else None, peak=peak(card))


def summary_of(scene: Scene) -> AlertsSummary:
    """The open alerts counted."""
    spoken = [alert for alert in scene.alerts if not is_quiet(alert)]
    active = [_gravest(scene, alert) for alert in spoken if alert.active]
    health = scene.health
    return AlertsSummary(
        blind=not health.broker_connected or bool(health.log_fault or health.failing_loops),
        critical=active.count(Severity.CRITICAL),
        warning=active.count(Severity.WARNING),
        info=active.count(Severity.INFO),
        to_close=sum(not alert.active for alert in spoken),
        quiet=len(scene.alerts) - len(spoken),
    )


def health_card(scene: Scene) -> HealthCard:
    """What the hub says of itself."""
    health = scene.health
    faults = (
        ("broker", not health.broker_connected),
        ("log", bool(health.log_fault)),
        ("loops", bool(health.failing_loops)),
        ("history_unreachable", health.history_state == "unreachable"),
        ("history_refused", health.history_state == "refused"),
    )
    notes = ("history_behind",) if health.history_state == "behind" else ()
    heard = [now.received_at_ms for now in scene.devices if now.received_at_ms is not None]
    said = tuple(name for name, wrong in faults if wrong)
    return HealthCard(health, said, notes, max(heard, default=None))


def _others(scene: Scene) -> Iterator[Element]:
    for now in scene.devices:
        device = scene.campus.devices[now.id]
        if device.kind in _OTHER_KINDS:
            found = scene.standing(now)
            area = scene.area_name(device.area)
            card = OtherCard(now.id, device.name, area, found.state, tone_of(found), now.received_at_ms)
            yield Element(f"device-{now.id}", "desk/other.html", card, hears_device(now.id, found))


def _subject(
    scene: Scene, alert: Alert, device: Device | None
) -> tuple[Text, Text | None, tuple[int, int] | None, tuple[Text, ...], str]:
    """Name, place, a round's progress and what it misses, and who answers for it."""
    if device is not None:
        return device.name, scene.area_name(device.area), None, (), scene.person_name(device.owner)
    run = next((run for run in scene.rounds if run.id == alert.subject), None)
    planned = scene.campus.rounds.get(alert.subject.partition("@")[0])
    named = planned.name if planned else name_of(scene.campus, alert.subject)
    name = named or Text(alert.subject, alert.subject)
    guard = ", ".join(one.name for one in walkers_of(scene.campus, planned)) if planned else ""
    if run is None:
        return name, None, None, (), guard
    places = {checkpoint.tag_uid: checkpoint.name for checkpoint in scene.campus.checkpoints.values()}
    missing = tuple(places.get(tag, Text(tag, tag)) for tag in run.tags if tag not in run.visited)
    return name, None, (len(run.tags) - len(missing), len(run.tags)), missing, guard


def _is_above(condition: Condition | None, value: float | None) -> bool:
    if isinstance(condition, Outside):
        return value is None or value > condition.high
    if isinstance(condition, Threshold | Rate | Forecast):
        return condition.direction is Direction.ABOVE
    return True


def _reading(scene: Scene, alert: Alert, quantity: str) -> float | None:
    now = next((now for now in scene.devices if now.id == alert.subject), None)
    return number_of(now, quantity) if now and quantity else None


def _quiet(scene: Scene, alert: Alert) -> tuple[Quiet, ...]:
    found = []
    for hush in alert.hushes:
        if hush is Hush.SHELVED:
            by, why, until_ms = alert.shelved_by, alert.shelved_why, alert.shelved_until_ms
        elif hush in (Hush.MAINTENANCE, Hush.OUT_OF_SERVICE):
            by, why, until_ms = alert.suppressed_by, alert.suppressed_why, alert.suppressed_until_ms
        else:
            by, why, until_ms = "", "", None
        once = hush is Hush.SHELVED and alert.shelved_once
        found.append(Quiet(hush, scene.person_name(by), why, until_ms, once))
    return tuple(found)


def _shelf_hours(scene: Scene, alert: Alert) -> tuple[int, ...]:
    if not _might_shelve(scene, alert) or _is_to_be_taken_on_first(alert):
        return ()
    left_ms = shelf_left_ms(alert.shelved_ms, alert.severity)
    return tuple(hours for hours in _HOURS if hours * _HOUR_MS <= left_ms)


def _shelf_bar(scene: Scene, alert: Alert) -> str:
    if not _might_shelve(scene, alert) or _shelf_hours(scene, alert):
        return ""
    return "take_on_first" if _is_to_be_taken_on_first(alert) else "used_up"


def _might_shelve(scene: Scene, alert: Alert) -> bool:
    return alert.active and Hush.SHELVED not in alert.hushes and scene.viewer.role in _SHELVERS


def _is_to_be_taken_on_first(alert: Alert) -> bool:
    return alert.severity is Severity.CRITICAL and not alert.acknowledged


def _may_close(rule: Rule | None, alert: Alert, role: Role) -> bool:
    if rule is None or rule.closing is not Closing.REVIEW:
        return not alert.active
    return answers_for(rule, role)


def _is_others(rule: Rule | None, role: Role) -> bool:
    return rule is not None and rule.closing is Closing.REVIEW and not answers_for(rule, role)


def _may_reopen(scene: Scene, alert: Alert) -> bool:
    if not alert.closed or scene.viewer.role not in _REOPENERS:
        return False
    closed_at_ms = alert.closed_at_ms if alert.closed_at_ms is not None else alert.raised_at_ms
    is_newer = any((one.rule, one.subject) == (alert.rule, alert.subject) for one in scene.alerts)
    return not is_newer and scene.now_ms - closed_at_ms <= REOPENED_WITHIN_MS


def _gravest(scene: Scene, alert: Alert) -> Severity:
    """An incident is as grave as the gravest that it led to and that lasts."""
    beneath = (one.severity for one in scene.alerts if _is_below(one, alert) and one.active)
    return min((alert.severity, *beneath), key=_RANK.__getitem__)


def _is_below(alert: Alert, cause: Alert) -> bool:
    return alert.parent == cause.id and Hush.CAUSE in alert.hushes


def _hears(scene: Scene, card: AlertCard) -> tuple[tuple[Topic, str | None], ...]:
    alert = next(alert for alert in scene.alerts if alert.id == card.id)
    topic = Topic.ROUND if alert.subject not in scene.campus.devices else Topic.DEVICE
    others = tuple((Topic.ALERT, str(one.id)) for one in scene.alerts if one.parent == card.id)
    return ((Topic.ALERT, str(card.id)), (topic, alert.subject), *others)
