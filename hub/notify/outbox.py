"""The sender of one channel: takes what waits in the ledger, sends it, writes down what became of it.

At least once: a notice is marked as sent after its channel took it, so that a hub killed between the two
sends it again, with the same id. While nothing crashes it is never sent twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from hub.book.store import Book
from hub.clock import NowMs
from hub.config.model import Campus
from hub.notify import ledger, refusals
from hub.notify.budget import Budget
from hub.notify.channels import Channel, Message, Outcome
from hub.notify.model import Entry
from hub.notify.waits import Waits

_LOG: Final = logging.getLogger("campushub.notify")
AT_ONCE: Final = 200  # notices looked at in one turn
FIRST_RETRY_S: Final = 5.0
LONGEST_RETRY_S: Final = 900.0
LONGEST_ASKED_S: Final = 3_600.0  # of what the other side asks for: nobody waits for longer than that
GIVEN_UP_AFTER_MS: Final = 24 * 3_600_000
_REST_S: Final = 2.0
_MOST_DOUBLINGS: Final = 10

# Of several notices as many as fit into so many bytes, as one message; and how many of them those are.
Compose = Callable[[Sequence[Entry], int], tuple[Message, int]]


class Outbox:
    """Sends for one channel. `turn` from one thread; a channel that hangs holds up nobody else's outbox."""

    def __init__(
        self,
        id_: str,
        channel: Channel,
        campus: Campus,
        book: Book,
        compose: Compose,
        now: NowMs,
        monotonic_s: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        """`id_`: one of the campus's channels; `jitter` gives a number between 0 and 1."""
        self.id = id_
        self._channel = channel
        self._campus = campus
        self._budget = Budget(campus.channels[id_].per_minute, monotonic_s())
        self._waits = Waits(LONGEST_ASKED_S, monotonic_s)
        self._book = book
        self._compose = compose
        self._now = now
        self._monotonic_s = monotonic_s
        self._jitter = jitter
        self._unwritten: tuple[tuple[Entry, ...], Outcome] | None = None
        self._is_failing = False

    def turn(self) -> float:
        """Sends one message at most; returns how long to rest, in seconds."""
        self._write_down()
        waiting = self._due()
        if not waiting:
            return _REST_S
        left = self._budget.left(self._monotonic_s())
        if left == 0:
            return self._budget.next_s(self._monotonic_s())
        message, count = self._compose(
            waiting[:1] if len(waiting) <= left else waiting, self._channel.most_bytes
        )
        self._budget.take(self._monotonic_s())
        outcome = self._channel.send(message)
        # Kept until it is written: should the book be away just now, it must not be sent once more.
        self._unwritten = (waiting[:count], outcome)
        self._write_down()
        return 0.0

    def _due(self) -> tuple[Entry, ...]:
        if self._waits.is_left_alone():
            return ()
        with self._book.reading() as session:
            numbers = self._waits.due(ledger.queued(session, self.id), self._now())[:AT_ONCE]
            return ledger.entries(session, numbers) if numbers else ()

    def _write_down(self) -> None:
        if self._unwritten is None:
            return
        entries, outcome = self._unwritten
        numbers = [entry.number for entry in entries]
        now_ms = self._now()
        is_back = self._is_failing
        pause_s = 0.0 if outcome.delivered else self._pause_s(entries, outcome)
        with self._book.writing() as session:
            if outcome.delivered:
                ledger.sent(session, numbers, now_ms)
                is_back |= refusals.taken(session, self.id, entries, now_ms)
            else:
                too_old_ms = now_ms - GIVEN_UP_AFTER_MS
                ledger.not_sent(session, numbers, outcome.reason, now_ms + int(1_000 * pause_s), too_old_ms)
            if outcome.is_refusal:
                refusals.refused(session, self._campus, self.id, entries, outcome.reason, now_ms)
        self._unwritten = None
        if outcome.delivered:
            self._waits.over(none_left=is_back)
        else:
            is_asked = outcome.retry_after_s is not None
            self._waits.begin(numbers, pause_s, asked=is_asked, refused=outcome.is_refusal)
        self._say(outcome)

    def _pause_s(self, entries: Sequence[Entry], outcome: Outcome) -> float:
        """Doubled each time, half of it by chance; what the other side asks for at least."""
        tries = min(max(entry.attempts for entry in entries), _MOST_DOUBLINGS)
        longest_s = LONGEST_RETRY_S if outcome.is_refusal else FIRST_RETRY_S * 2.0**tries
        pause_s = min(LONGEST_RETRY_S, longest_s) * (0.5 + 0.5 * self._jitter())
        return max(pause_s, min(outcome.retry_after_s or 0.0, LONGEST_ASKED_S))

    def _say(self, outcome: Outcome) -> None:
        """Once when it fails, and once when it is back."""
        if self._is_failing is outcome.delivered:
            self._is_failing = not outcome.delivered
            if outcome.delivered:
                _LOG.info("channel %s takes messages again", self.id)
            else:
                _LOG.warning("channel %s did not take a message: %s", self.id, outcome.reason)
