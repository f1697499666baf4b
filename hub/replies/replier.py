"""Answers readers: taps come from the log's thread once they are durable, answers go out through MQTT."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import msgspec

from hub.book.model import RoundRun
from hub.clock import NowMs
from hub.config.model import Campus
from hub.ingest.counts import Counts
from hub.ingest.heard import HeardTap
from hub.replies.deciding import EXPIRES_MS, Dropped, Reply, dropped, reply_to, topic_of

_WAITING: Final = 1_000
_REMEMBERED: Final = 4_096
_REST_S: Final = 0.5


class Publish(Protocol):
    """Hands a message to the broker; False: there is no connection."""

    def __call__(self, topic: str, payload: bytes, expires_s: int) -> bool: ...


class Replier:
    """`hear` from one thread, `turn` from another."""

    def __init__(
        self,
        campus: Campus,
        runs: Callable[[], Iterable[RoundRun]],
        now: NowMs,
        publish: Publish,
        counts: Counts,
        wake: Callable[[], None],
    ) -> None:
        """`runs`: the rounds around now. `wake`: there is something to answer."""
        self._campus = campus
        self._runs = runs
        self._now = now
        self._publish = publish
        self._counts = counts
        self._wake = wake
        self._waiting: deque[HeardTap] = deque()
        self._answered: dict[tuple[str, str], int] = {}  # when, by device and tap; oldest first
        self._visited: dict[str, dict[str, int]] = {}  # by run and tag, when it was answered

    def hear(self, heard: Sequence[HeardTap]) -> None:
        """Taps that are durable now; returns at once."""
        for one in heard:
            if len(self._waiting) >= _WAITING:
                self._counts.replies_dropped[Dropped.CROWDED.value] += 1
            else:
                self._waiting.append(one)
        self._wake()

    def turn(self) -> float:
        """Answers what has come; returns how long to rest, in seconds."""
        self._forget(self._now())
        while self._waiting:
            heard = self._waiting.popleft()
            why = self._answer(heard)
            if why is not None:
                self._counts.replies_dropped[why.value] += 1
        return _REST_S

    def _answer(self, heard: HeardTap) -> Dropped | None:
        now_ms = self._now()
        which = (heard.tap.device, heard.tap.key)
        why = dropped(heard, now_ms, self._answered.get(which))
        topic = topic_of(self._campus, heard.tap.device)
        if why is not None or topic is None:
            return why
        reply, run = reply_to(self._campus, self._runs(), heard, self._visited)
        if not self._publish(topic, encoded(reply), EXPIRES_MS // 1000):
            return Dropped.NO_CONNECTION
        self._counts.replies += 1
        self._counts.reply_times.add(max(0, self._now() - heard.tap.received_at_ms) / 1000)
        self._answered.pop(which, None)
        self._answered[which] = now_ms
        if run is not None:
            self._visited.setdefault(run.id, {})[heard.tap.tag_uid] = now_ms
        return None

    def _forget(self, now_ms: int) -> None:
        """What is no news any more: the book knows of those visits, and nobody repeats those taps at once."""
        for which, at_ms in list(self._answered.items()):
            if len(self._answered) <= _REMEMBERED and 0 <= now_ms - at_ms <= EXPIRES_MS:
                break
            del self._answered[which]
        for run, tags in list(self._visited.items()):
            recent = {tag: at_ms for tag, at_ms in tags.items() if 0 <= now_ms - at_ms <= EXPIRES_MS}
            if recent:
                self._visited[run] = recent
            else:
                del self._visited[run]


def encoded(reply: Reply) -> bytes:
    """As readers get it: a small JSON object."""
    return msgspec.json.encode(reply)
