"""The doorman: lets secrets be checked few at a time, seldom from one address, alike for unknown names."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Final, TypeVar

from hub.book.store import Book
from hub.clock import NowMs
from hub.config.model import Campus
from hub.web import accounts
from hub.web.accounts import Verdict, Weakness

AT_A_TIME: Final = 2
MAX_WAITING: Final = 16
BURST: Final = 20
PER_MINUTE: Final = 20
BADGES: Final = 10  # that one phone may show at once, and in a minute
_REMEMBERED: Final = 1_000

_T = TypeVar("_T")


class Answer(Enum):
    """What the doorman says to a claim."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    BUSY = "busy"  # too many from that address, or too many at once: not looked at


_ANSWER: Final = {
    Verdict.RIGHT: Answer.RIGHT,
    Verdict.WRONG: Answer.WRONG,
    Verdict.LOCKED: Answer.LOCKED,
}


class Buckets:
    """A token bucket for each address; only the most recent addresses are remembered."""

    def __init__(self, burst: int, per_minute: int, remembered: int = _REMEMBERED) -> None:
        self._burst = float(burst)
        self._per_ms = per_minute / 60_000
        self._remembered = remembered
        self._left: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, address: str, now_ms: int) -> bool:
        """Whether the address may try once more now."""
        left, since_ms = self._left.pop(address, (self._burst, now_ms))
        left = min(self._burst, left + max(0, now_ms - since_ms) * self._per_ms)
        allowed = left >= 1.0
        self._left[address] = (left - 1.0 if allowed else left, now_ms)
        while len(self._left) > self._remembered:
            self._left.popitem(last=False)
        return allowed

    def __len__(self) -> int:
        return len(self._left)


class Doorman:
    """Checks and sets secrets for the pages. For one event loop's thread."""

    def __init__(self, book: Book, campus: Campus, now: NowMs) -> None:
        self._book = book
        self._campus = campus
        self._now = now
        self._addresses = Buckets(BURST, PER_MINUTE)
        self._badges = Buckets(BADGES, BADGES)
        self._unknown: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="argon2")
        self._waiting = 0

    async def admit(self, person: str, secret: str, address: str) -> Answer:
        """Somebody at `address` says to be `person`."""
        now_ms = self._now()
        if not self._addresses.take(address, now_ms):
            return Answer.BUSY
        if person not in self._campus.people and not self._try_unknown(person, now_ms):
            return Answer.LOCKED
        known = person if person in self._campus.people else ""
        verdict = await self._hashing(lambda: accounts.check(self._book, known, secret, now_ms))
        return Answer.BUSY if verdict is None else _ANSWER[verdict]

    def may_show_badge(self, phone: str, address: str) -> bool:
        """Whether a phone at `address` may show one more badge now: numbers must not be tried out."""
        now_ms = self._now()
        return self._addresses.take(address, now_ms) and self._badges.take(phone, now_ms)

    async def change(self, person: str, secret: str) -> Weakness | Answer | None:
        """Sets a person's own new secret; None: done."""

        def work() -> tuple[Weakness | None]:
            return (accounts.set_secret(self._book, person, secret, one_time=False, now_ms=self._now()),)

        done = await self._hashing(work)
        return Answer.BUSY if done is None else done[0]

    async def make_one_time(self, person: str) -> str | None:
        """A one-time secret for a person; None: too busy."""
        return await self._hashing(lambda: accounts.make_one_time(self._book, person, self._now()))

    def close(self) -> None:
        """Lets the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _hashing(self, work: Callable[[], _T]) -> _T | None:
        if self._waiting >= MAX_WAITING:
            return None
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def _try_unknown(self, person: str, now_ms: int) -> bool:
        """The brake that a real person would meet, so that a lock does not tell who exists."""
        name = person[:64]
        failures, locked_until_ms = self._unknown.pop(name, (0, 0))
        if locked_until_ms > now_ms:
            self._unknown[name] = (failures, locked_until_ms)
            return False
        self._unknown[name] = (failures + 1, now_ms + accounts.lock_ms(failures + 1))
        while len(self._unknown) > _REMEMBERED:
            self._unknown.popitem(last=False)
        return True
