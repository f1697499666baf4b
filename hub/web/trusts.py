"""Which phones are trusted to whom: where a badge may stand for a name, and for whom in place of a PIN.

A phone is trusted to whoever has signed in on it with a PIN and asked for that, for 90 days or until the PIN
is another one. It is known by a cookie of its own, of which only a hash is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from sqlalchemy import delete, select

from hub.book.store import Book
from hub.book.tables import PhoneTrustRow, SecretRow, SessionRow

LASTS_MS: Final = 90 * 24 * 3_600_000
MOST_PEOPLE: Final = 20  # of one phone; the one who was longest not asked for a PIN is asked again


def new_phone() -> str:
    """What a phone is known by, for its cookie."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of it; empty of a phone that has none."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest() if token else ""


def trust(book: Book, phone_hash: str, person: str, now_ms: int) -> None:
    """The person has given the PIN on this phone."""
    with book.writing() as session:
        session.execute(delete(PhoneTrustRow).where(PhoneTrustRow.until_ms <= now_ms))
        session.merge(
            PhoneTrustRow(phone_hash=phone_hash, person=person, since_ms=now_ms, until_ms=now_ms + LASTS_MS)
        )
        session.flush()
        own = select(PhoneTrustRow).where(PhoneTrustRow.phone_hash == phone_hash)
        newest_first = session.scalars(own.order_by(PhoneTrustRow.since_ms.desc())).all()
        for old in newest_first[MOST_PEOPLE:]:
            session.delete(old)


def trusted_to(book: Book, phone_hash: str, now_ms: int) -> frozenset[str]:
    """Whose PIN this phone need not ask for; nobody's: it is not trusted."""
    if not phone_hash:
        return frozenset()
    query = (
        select(PhoneTrustRow.person)
        .join(SecretRow, SecretRow.person == PhoneTrustRow.person)
        .where(
            PhoneTrustRow.phone_hash == phone_hash,
            PhoneTrustRow.until_ms > now_ms,
            PhoneTrustRow.since_ms >= SecretRow.changed_at_ms,
            SecretRow.locked_until_ms <= now_ms,
        )
    )
    with book.reading() as session:
        return frozenset(session.scalars(query))


def forget(book: Book, phone_hash: str) -> None:
    """The phone is lost: it is trusted to nobody, and all who are signed in on it are signed out."""
    if not phone_hash:
        return
    with book.writing() as session:
        session.execute(delete(PhoneTrustRow).where(PhoneTrustRow.phone_hash == phone_hash))
        session.execute(delete(SessionRow).where(SessionRow.phone_hash == phone_hash))
