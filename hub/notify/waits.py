"""How long what was not sent waits: by a clock that only goes forward; pure but for that clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from hub.notify.ledger import Queued
from hub.notify.model import PROBE

_SECOND_MS: Final = 1_000


class Waits:
    """When to try what waits in the ledger, by number.

    A clock that is set forward skips no wait, and one that is set back holds nothing up: the ledger's own
    instants count only for what an earlier process tried, and then for no longer than `longest_s`."""

    def __init__(self, longest_s: float, monotonic_s: Callable[[], float]) -> None:
        self._longest_s = longest_s
        self._monotonic_s = monotonic_s
        self._until_s: dict[int, float] = {}
        self._left_alone_until_s: float | None = None
        self._refused_until_s = monotonic_s()

    def is_left_alone(self) -> bool:
        """Whether the other side has asked for so much quiet that nothing goes now."""
        return self._left_alone_until_s is not None and self._monotonic_s() < self._left_alone_until_s

    def due(self, queued: Sequence[Queued], now_ms: int) -> list[int]:
        """The numbers of those to be tried now, in their order. `now_ms`: the hub's clock."""
        now_s = self._monotonic_s()
        untils = {
            one.number: self._until_s.get(one.number, now_s + self._rest_s(one, now_ms))
            for one in queued
            if one.attempts or one.recipient == PROBE
        }
        self._until_s = untils
        return [one.number for one in queued if untils.get(one.number, now_s) <= now_s]

    def begin(self, numbers: Collection[int], pause_s: float, *, asked: bool, refused: bool) -> None:
        """These were tried in vain; `asked`: the other side named the pause, which holds for all; `refused`:
        a probe has to wait for as long."""
        until_s = self._monotonic_s() + pause_s
        self._until_s |= dict.fromkeys(numbers, until_s)
        if refused:
            self._refused_until_s = until_s
        if asked:
            self._left_alone_until_s = until_s

    def over(self, *, none_left: bool) -> None:
        """Something was taken; `none_left`: for the first time again, so that nothing need wait any more."""
        self._left_alone_until_s = None
        if none_left:
            self._until_s = dict.fromkeys(self._until_s, self._monotonic_s())

    def _rest_s(self, one: Queued, now_ms: int) -> float:
        """What is left of a wait that an earlier process began; of none, if it was by a clock that has been
        set back since. A probe is tried by each new process, which may have another address."""
        if one.recipient == PROBE:
            return max(0.0, self._refused_until_s - self._monotonic_s())
        if now_ms < one.decided_at_ms:
            return 0.0
        return min(max(0.0, (one.next_try_ms - now_ms) / _SECOND_MS), self._longest_s)
