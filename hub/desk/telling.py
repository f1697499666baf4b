"""Lines about telling: whom the alert was told, and what a person was told; pure."""

from __future__ import annotations

import msgspec

from hub.book.model import Alert
from hub.config.model import PAGES
from hub.desk.cards import AlertCard, alert_card
from hub.notify.model import Entry, State
from hub.web.scene import Scene
from rules.model import Role


class Whom(msgspec.Struct, frozen=True):
    """Somebody told: a role, or a person's name; the other is empty."""

    role: Role | None
    name: str


class ToldLine(msgspec.Struct, frozen=True):
    """A line of an alert's ledger. `acknowledged_by`: a name, or empty. `on_pages`: told by these pages."""

    entry: Entry
    whom: tuple[Whom, ...]
    on_pages: bool
    tone: str
    acknowledged_by: str


class NoticeLine(msgspec.Struct, frozen=True):
    """A line of a person's notices; `card`: the alert as it is now, None where the book has lost it, and for
    what is about a work order or a channel. `by`: who did what it tells."""

    entry: Entry
    card: AlertCard | None
    needs_somebody: bool
    by: str


_TONES = {
    State.SENT: "ok",
    State.FAILED: "crit",
    State.QUEUED: "warn",
    State.HELD: "off",
    State.DROPPED: "off",
    State.DIVERTED: "warn",
}


def told_line(scene: Scene, entry: Entry) -> ToldLine:
    """What the page says of one notice."""
    recipient = entry.notice.recipient
    on_pages = entry.notice.channel == PAGES
    whom = (
        (Whom(None, scene.person_name(recipient)),)
        if on_pages
        else tuple(_whom(scene, part) for part in recipient.split(",") if part)
    )
    return ToldLine(
        entry=entry,
        whom=whom,
        on_pages=on_pages,
        tone=_TONES[entry.state],
        acknowledged_by=scene.person_name(entry.acknowledged_by),
    )


def notice_line(scene: Scene, entry: Entry, alert: Alert | None) -> NoticeLine:
    """What the list of a person's notices says of one."""
    needs_somebody = alert is not None and alert.active and not alert.acknowledged
    by = scene.person_name(entry.notice.matter.by) if entry.notice.work else ""
    return NoticeLine(entry, alert_card(scene, alert) if alert else None, needs_somebody, by)


def _whom(scene: Scene, part: str) -> Whom:
    kind, _, name = part.partition(":")
    known_role = kind == "role" and name in {role.value for role in Role}
    return Whom(Role(name), "") if known_role else Whom(None, scene.person_name(name))
