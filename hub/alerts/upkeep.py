"""What people do about work on devices: take one out of service, put it back, announce maintenance."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.alerts import settings
from hub.alerts.minding import Minder
from hub.book.model import Setting, Suppression
from hub.book.store import Book
from hub.book.tables import SuppressionRow
from hub.config.model import Campus
from rules.life import Refusal, says_something

LONGEST_MS: Final = settings.LONGEST_MS


def take_out(
    book: Book, campus: Campus, device: str, by: str, reason: str, until_ms: int | None, now_ms: int
) -> Suppression | Refusal | None:
    """`by` takes a device out of service until then, or (None) until somebody puts it back.

    None: there is no such device."""
    if device not in campus.devices:
        return None
    if (refusal := _refusal(reason, until_ms, now_ms)) is not None:
        return refusal
    with book.writing() as session:
        if _is_out(session, device):
            return Refusal.ALREADY_OUT_OF_SERVICE
        done = settings.add(
            session,
            Setting.OUT_OF_SERVICE,
            device=device,
            reason=reason.strip(),
            by=by,
            until_ms=until_ms,
            now_ms=now_ms,
        )
        Minder(campus, session).mind(session, now_ms)
        return done


def announce(
    book: Book, campus: Campus, place: str, by: str, reason: str, until_ms: int, now_ms: int
) -> Suppression | Refusal | None:
    """`by` announces maintenance from now on for a device or an area (their ids).

    None: there is no such place."""
    is_device = place in campus.devices
    if not is_device and place not in campus.areas:
        return None
    if (refusal := _refusal(reason, until_ms, now_ms)) is not None:
        return refusal
    with book.writing() as session:
        done = settings.add(
            session,
            Setting.MAINTENANCE,
            device=place if is_device else "",
            area="" if is_device else place,
            reason=reason.strip(),
            by=by,
            until_ms=until_ms,
            now_ms=now_ms,
        )
        Minder(campus, session).mind(session, now_ms)
        return done


def end(book: Book, campus: Campus, id_: int, by: str, now_ms: int) -> Suppression | None:
    """`by` puts a device back, or ends maintenance; what is still wrong there is told now."""
    with book.writing() as session:
        done = settings.end(session, id_, by, now_ms)
        if done is not None:
            session.flush()
            Minder(campus, session).mind(session, now_ms)
        return done


def _refusal(reason: str, until_ms: int | None, now_ms: int) -> Refusal | None:
    if until_ms is not None and until_ms <= now_ms:
        return Refusal.ENDS_TOO_EARLY
    if until_ms is not None and until_ms - now_ms > LONGEST_MS:
        return Refusal.ENDS_TOO_LATE
    return None if says_something(reason) else Refusal.NO_REASON


def _is_out(session: Session, device: str) -> bool:
    found = select(SuppressionRow.id).where(
        SuppressionRow.ended_at_ms.is_(None),
        SuppressionRow.kind == Setting.OUT_OF_SERVICE.value,
        SuppressionRow.device == device,
    )
    return session.scalars(found).first() is not None
