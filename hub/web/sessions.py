"""Signed-in browsers: sessions kept in the book, known only by a hash of the cookie's token.

The cookie is SameSite=Lax: with Strict, a tag's URL opened from outside a page would meet a signed-out hub.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from typing import Final

import msgspec
from sqlalchemy import delete, select

from hub.book.store import Book
from hub.book.tables import SecretRow, SessionRow
from hub.clock import NowMs
from hub.config.model import Campus
from rules.model import Role

PERSON_MS: Final = 12 * 3_600_000
WALL_MS: Final = 30 * 24 * 3_600_000
MOST_FOR_ONE_PERSON: Final = 20
# An expiry moves at most this often, so that most requests write nothing.
_SLIDE_MS: Final = 10 * 60_000


class Opened(msgspec.Struct, frozen=True):
    """A new session. `token` goes into the cookie and is kept nowhere else."""

    token: str
    csrf: str
    lasts_ms: int


class Found(msgspec.Struct, frozen=True):
    """A session that is valid now. `id` is the hash under which it is kept."""

    id: str
    person: str
    csrf: str
    must_change_secret: bool


class Sessions:
    """Every signed-in browser. Any thread may call it; calls block."""

    def __init__(self, book: Book, campus: Campus, now: NowMs) -> None:
        self._book = book
        self._campus = campus
        self._now = now

    def begin(self, person: str) -> Opened:
        """Signs a person in; forgets expired sessions, and the oldest of somebody who has too many."""
        now_ms = self._now()
        lasts_ms = self._lasts_ms(person)
        opened = Opened(secrets.token_urlsafe(32), secrets.token_urlsafe(32), lasts_ms)
        with self._book.writing() as session:
            session.execute(delete(SessionRow).where(SessionRow.expires_at_ms <= now_ms))
            own = select(SessionRow).where(SessionRow.person == person)
            newest_first = session.scalars(own.order_by(SessionRow.created_at_ms.desc())).all()
            for old in newest_first[MOST_FOR_ONE_PERSON - 1 :]:
                session.delete(old)
            session.add(
                SessionRow(
                    token_hash=_hash(opened.token),
                    person=person,
                    csrf=opened.csrf,
                    created_at_ms=now_ms,
                    expires_at_ms=now_ms + lasts_ms,
                )
            )
        return opened

    def find(self, token: str) -> Found | None:
        """The session of a cookie, and moves its expiry on; None if it is not valid (any more)."""
        now_ms = self._now()
        id_ = _hash(token)
        with self._book.reading() as session:
            row = session.get(SessionRow, id_)
            secret = session.get(SecretRow, row.person) if row is not None else None
        if row is None or secret is None or row.expires_at_ms <= now_ms:
            return None
        if row.person not in self._campus.people:
            return None
        expires_at_ms = now_ms + self._lasts_ms(row.person)
        if expires_at_ms - row.expires_at_ms > _SLIDE_MS:
            with self._book.writing() as session:
                still = session.get(SessionRow, id_)
                if still is not None:
                    still.expires_at_ms = expires_at_ms
        return Found(id_, row.person, row.csrf, secret.one_time)

    def alive(self, ids: Collection[str]) -> frozenset[str]:
        """Which of these sessions have neither ended nor expired."""
        query = select(SessionRow.token_hash).where(
            SessionRow.token_hash.in_(ids), SessionRow.expires_at_ms > self._now()
        )
        with self._book.reading() as session:
            return frozenset(session.scalars(query))

    def end(self, token: str) -> None:
        """Signs a browser out; a no-op for an unknown one."""
        with self._book.writing() as session:
            session.execute(delete(SessionRow).where(SessionRow.token_hash == _hash(token)))

    def _lasts_ms(self, person: str) -> int:
        return WALL_MS if self._campus.people[person].role is Role.WALL else PERSON_MS


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
