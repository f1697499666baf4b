"""The PINs and passwords of the campus's people: argon2 hashes in the book, with a brake on guessing.

Whoever may write the book may set secrets: `set_secret` asks for no rights.
"""

from __future__ import annotations

import secrets
import unicodedata
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Final

import msgspec
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, select

from hub.book.store import Book
from hub.book.tables import SecretRow, SessionRow
from hub.config.model import Campus
from rules.model import Role

MAX_CHARS: Final = 128  # argon2 would chew on a megabyte
MIN_PIN_DIGITS: Final = 6
MIN_PASSWORD_CHARS: Final = 8
FREE_FAILURES: Final = 5
_FIRST_LOCK_MS: Final = 60_000
_LONGEST_LOCK_MS: Final = 3_600_000

_ONE_TIME_CHARS: Final = 10
# Nothing that looks like something else when read out or written down: no 0 O, 1 l I, 2 Z, 5 S, 8 B.
_CLEAR_LETTERS: Final = "acdefghjkmnpqrtuvwxy34679"

# OWASP's smaller set for argon2id: a campus computer has little memory, and the brake does the rest.
_HASHER: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


class Verdict(Enum):
    """What became of somebody's claim to be a person."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"  # too many failures: not even looked at


class Weakness(Enum):
    """Why a new secret is not taken."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_SIMPLE = "too_simple"


class SecretState(msgspec.Struct, frozen=True):
    """What may be known of a person's secret."""

    one_time: bool
    changed_at_ms: int
    locked_until_ms: int


def weakness(secret: str) -> Weakness | None:
    """Why a secret is not good enough; None: it is. A PIN is digits only."""
    if len(secret) > MAX_CHARS:
        return Weakness.TOO_LONG
    plain = _plain(secret)
    if plain is None:
        return Weakness.TOO_SIMPLE
    if len(plain) < (MIN_PIN_DIGITS if plain.isdecimal() else MIN_PASSWORD_CHARS):
        return Weakness.TOO_SHORT
    steps = {ord(second) - ord(first) for first, second in pairwise(plain)}
    return Weakness.TOO_SIMPLE if steps in ({0}, {1}, {-1}) else None


def set_secret(book: Book, person: str, secret: str, one_time: bool, now_ms: int) -> Weakness | None:
    """Gives a person a new secret, lifts the brake and ends all of the person's sessions; or says why not."""
    weak = weakness(secret)
    plain = _plain(secret)
    if weak is not None or plain is None:
        return weak
    hashed = _HASHER.hash(plain)
    with book.writing() as session:
        session.merge(
            SecretRow(
                person=person,
                hash=hashed,
                one_time=one_time,
                failures=0,
                locked_until_ms=0,
                changed_at_ms=now_ms,
            )
        )
        session.execute(delete(SessionRow).where(SessionRow.person == person))
    return None


def check(book: Book, person: str, secret: str, now_ms: int) -> Verdict:
    """Whether it is the person's secret. Takes as long for a person who has none."""
    plain = _plain(secret) if len(secret) <= MAX_CHARS else None
    if plain is None:
        return Verdict.WRONG
    # The failure is counted before the hash is computed: guesses made at the same time cannot slip past.
    with book.writing() as session:
        row = session.get(SecretRow, person)
        if row is not None:
            if row.locked_until_ms > now_ms:
                return Verdict.LOCKED
            row.failures += 1
            row.locked_until_ms = now_ms + lock_ms(row.failures)
            hashed = row.hash
    if row is None:
        _HASHER.verify(plain, _nobodys_hash())
        return Verdict.WRONG
    if not _HASHER.verify(plain, hashed):
        return Verdict.WRONG
    with book.writing() as session:
        row = session.get(SecretRow, person)
        if row is None or row.hash != hashed:  # changed meanwhile
            return Verdict.WRONG
        row.failures, row.locked_until_ms = 0, 0
    return Verdict.RIGHT


def matches(book: Book, person: str, secret: str) -> bool:
    """Whether this is the person's secret, for whoever runs the hub: counted as no attempt."""
    with book.reading() as session:
        row = session.get(SecretRow, person)
    plain = _plain(secret)
    return row is not None and plain is not None and _HASHER.verify(plain, row.hash)


def lock_ms(failures: int) -> int:
    """How long to wait after so many failures in a row: a minute after the fifth, doubling to an hour."""
    if failures < FREE_FAILURES:
        return 0
    return min(_FIRST_LOCK_MS << min(failures - FREE_FAILURES, 16), _LONGEST_LOCK_MS)


def make_one_time(book: Book, person: str, now_ms: int) -> str:
    """A new one-time secret of a person, to be told to that person once."""
    while True:
        secret = "".join(secrets.choice(_CLEAR_LETTERS) for _ in range(_ONE_TIME_CHARS))
        if set_secret(book, person, secret, one_time=True, now_ms=now_ms) is None:
            return secret


def first_start(book: Book, campus: Campus, now_ms: int) -> str | None:
    """If no administrator can sign in: a one-time secret for the first one, to be printed once."""
    admins = [person.id for person in campus.people.values() if person.role is Role.ADMIN]
    known = states(book)
    if not admins or any(admin in known for admin in admins):
        return None
    return make_one_time(book, admins[0], now_ms)


def states(book: Book) -> dict[str, SecretState]:
    """Everybody who has a secret."""
    with book.reading() as session:
        return {
            row.person: SecretState(row.one_time, row.changed_at_ms, row.locked_until_ms)
            for row in session.scalars(select(SecretRow))
        }


def _plain(secret: str) -> str | None:
    """One spelling of a secret: a Chinese keyboard types full-width digits. None: no text at all."""
    plain = unicodedata.normalize("NFKC", secret)
    try:
        plain.encode()
    except UnicodeEncodeError:
        return None
    return plain


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex())
