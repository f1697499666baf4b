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
from hub.web import trusts
from rules.model import Role

PERSON_MS: Final = 12 * 3_600_000
WALL_MS: Final = 30 * 24 * 3_600_000
TRUSTED_MS: Final = 90 * 24 * 3_600_000
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


class TrustedPhone(msgspec.Struct, frozen=True):
    """A phone that stays signed in. `id`: of its session; `until_ms`: if it is not used any more."""

    id: str
    person: str
    since_ms: int
    until_ms: int


class Sessions:
    """Every signed-in browser. Any thread may call it; calls block."""

    def __init__(self, book: Book, campus: Campus, now: NowMs) -> None:
        self._book = book
        self._campus = campus
        self._now = now

    def begin(self, person: str, *, trusted: bool = False, phone_hash: str = "") -> Opened:
        """Signs a person in, for long on a `trusted` phone; forgets expired sessions, and the oldest of
        somebody who has too many. `phone_hash`: which phone it is, as of `hub.web.trusts`."""
        now_ms = self._now()
        lasts_ms = self._lasts_ms(person, trusted=trusted)
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
                    trusted=trusted,
                    phone_hash=phone_hash,
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
        expires_at_ms = now_ms + self._lasts_ms(row.person, trusted=row.trusted)
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

    def is_trusted(self, id_: str) -> bool:
        """Whether this is the session of a trusted phone."""
        with self._book.reading() as session:
            row = session.get(SessionRow, id_)
            return row is not None and row.trusted

    def is_of(self, id_: str, phone: str) -> bool:
        """Whether a phone that calls itself so may use the session. A trusted one belongs to the first phone
        that uses it: with another its cookie was copied, and it ends."""
        with self._book.reading() as session:
            row = session.get(SessionRow, id_)
            if row is not None and (not row.trusted or row.phone == phone):
                return True
        with self._book.writing() as session:
            row = session.get(SessionRow, id_)
            if row is None:
                return False
            if row.phone:
                session.delete(row)
                return False
            row.phone = phone
        return True

    def phones(self) -> tuple[TrustedPhone, ...]:
        """Every trusted phone, by when it was signed in."""
        trusted = select(SessionRow).where(SessionRow.trusted, SessionRow.expires_at_ms > self._now())
        with self._book.reading() as session:
            rows = session.scalars(trusted.order_by(SessionRow.created_at_ms)).all()
        return tuple(
            TrustedPhone(row.token_hash, row.person, row.created_at_ms, row.expires_at_ms) for row in rows
        )

    def revoke(self, id_: str) -> bool:
        """Ends the session of a trusted phone, which is trusted to nobody any more; False: there is none."""
        with self._book.writing() as session:
            row = session.get(SessionRow, id_)
            if row is None or not row.trusted:
                return False
            phone_hash = row.phone_hash
            session.delete(row)
        trusts.forget(self._book, phone_hash)
        return True

    def end(self, token: str) -> None:
        """Signs a browser out; a no-op for an unknown one."""
        with self._book.writing() as session:
            session.execute(delete(SessionRow).where(SessionRow.token_hash == _hash(token)))

    def _lasts_ms(self, person: str, *, trusted: bool) -> int:
        if trusted:
            return TRUSTED_MS
        return WALL_MS if self._campus.people[person].role is Role.WALL else PERSON_MS


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
