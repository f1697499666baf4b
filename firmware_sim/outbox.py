"""What a device still has to hand to its broker: bounded, in order, and kept until acknowledged."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from firmware_sim.dialects import Message, native


class Outbox:
    """At most `capacity` facts wait or are under way; when there are more the oldest goes, and is counted.

    `offline_capacity`: the same while there is no connection; by default no less.
    `batch_limit`: how many waiting facts for one topic go out as one array (1: never an array).
    """

    def __init__(self, capacity: int, batch_limit: int, offline_capacity: int | None = None) -> None:
        self._capacity = capacity
        self._offline_capacity = capacity if offline_capacity is None else offline_capacity
        self._connected = False
        self._batch_limit = batch_limit
        self._waiting: deque[Message] = deque()
        self._under_way: dict[int, tuple[Message, ...]] = {}
        self._facts_under_way = 0
        self.made = 0
        self.dropped = 0
        self.acknowledged = 0

    @property
    def queued(self) -> int:
        """Facts that the broker has not acknowledged yet."""
        return len(self._waiting) + self._facts_under_way

    @property
    def under_way(self) -> int:
        """Messages that were sent and wait for their acknowledgement."""
        return len(self._under_way)

    def put(self, facts: Iterable[Message]) -> None:
        """Adds facts behind all others."""
        for fact in facts:
            self._waiting.append(fact)
            self.made += 1
        self._trim()

    def take(self) -> tuple[Message, ...]:
        """Removes what goes out next as one message; empty when nothing waits."""
        batch: list[Message] = []
        while self._waiting and len(batch) < self._batch_limit:
            if batch and self._waiting[0].topic != batch[0].topic:
                break
            batch.append(self._waiting.popleft())
        return tuple(batch)

    def sent(self, number: int, facts: tuple[Message, ...]) -> None:
        """These facts went out as message `number`."""
        self._under_way[number] = facts
        self._facts_under_way += len(facts)

    def acknowledge(self, number: int) -> None:
        """The broker has message `number`."""
        facts = self._under_way.pop(number, ())
        self._facts_under_way -= len(facts)
        self.acknowledged += len(facts)

    def connection_made(self) -> None:
        """From now on what is put leaves soon."""
        self._connected = True

    def connection_lost(self) -> None:
        """Everything under way waits again, in its old place: the broker may or may not have it."""
        again = [fact for facts in self._under_way.values() for fact in facts]
        self._under_way.clear()
        self._facts_under_way = 0
        self._connected = False
        self._waiting.extendleft(reversed(again))
        self._trim()

    def power_lost(self) -> None:
        """A device without electricity forgets what it had not handed over."""
        self.dropped += self.queued
        self._waiting.clear()
        self._under_way.clear()
        self._facts_under_way = 0

    def _trim(self) -> None:
        capacity = self._capacity if self._connected else self._offline_capacity
        while self._waiting and self.queued > capacity:
            self._waiting.popleft()
            self.dropped += 1


def joined(facts: tuple[Message, ...]) -> Message:
    """The one message that carries these facts."""
    return Message(facts[0].topic, native.batch([fact.body for fact in facts]), facts[0].retain)
