"""Handing taps over: which one next, when one is said again, and what the guard hears meanwhile; pure.

A tap stays in the outbox until the broker has acknowledged it. The hub answers a tap that is fresh; when no
answer comes it is sent again, with the same id, so that it counts once.
Times are seconds of a clock that never jumps.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from devices.gateway.replies import Reply

WINDOW: Final = 20  # sent and not acknowledged
ANSWER_WITHIN_S: Final = 1.0  # after that a tap is sent again (docs/devices.md)
TRIES: Final = 3
FRESH_S: Final = 8.0  # older ones the hub need not answer: nobody stands there any more
FORGOTTEN_S: Final = 300.0  # an answer may come that late: the hub was away, and the tap was kept
_FIRST_S: Final = 0.5
_LIMIT_S: Final = 30.0


class Waiting(msgspec.Struct, frozen=True):
    """A tap in the outbox; `seq` gives the order."""

    seq: int
    tap_id: str
    payload: str


class Publish(msgspec.Struct, frozen=True):
    """Send it, with QoS 1."""

    tap: Waiting


class TakeOut(msgspec.Struct, frozen=True):
    """The broker has it: it need not be kept any longer."""

    seq: int


class Kept(msgspec.Struct, frozen=True):
    """Say that it is kept: there is no connection, or the broker is slow."""

    tap_id: str


class Unanswered(msgspec.Struct, frozen=True):
    """Say that the broker has it and the hub is silent. `ever_heard`: it has answered this reader before."""

    tap_id: str
    ever_heard: bool


class Answered(msgspec.Struct, frozen=True):
    """Show this reply to the tap. `tapped_s`: when it was."""

    reply: Reply
    tap: Waiting
    tapped_s: float


class CaughtUp(msgspec.Struct, frozen=True):
    """Say that so many kept taps were handed over, and none is left."""

    taps: int


Deed: TypeAlias = Publish | TakeOut | Kept | Unanswered | Answered | CaughtUp


class _Tapped(msgspec.Struct):
    """What is known of one tap. `sent_s`, `tries`: of this connection."""

    tap: Waiting
    at_s: float | None  # None: it is from before this start
    sent_s: float = 0.0
    tries: int = 0
    is_with_broker: bool = False
    said_kept: bool = False


class Courier:
    """Hands over the taps of one reader."""

    def __init__(self) -> None:
        self.connected = False
        self.offered_to = 0  # the newest tap of the outbox that is here
        self._taps: dict[str, _Tapped] = {}
        self._ever_heard = False  # without a reply, nothing says that the hub knows this reader
        self._late = 0  # handed over, of those that were kept for a time

    @property
    def room(self) -> int:
        """How many more may be offered now."""
        under_way = sum(known.tries > 0 and not known.is_with_broker for known in self._taps.values())
        return max(0, WINDOW - under_way) if self.connected else 0

    @property
    def deadline_s(self) -> float | None:
        """When something is due."""
        return min((due for known in self._taps.values() if (due := _due_s(known)) is not None), default=None)

    def tapped(self, tap: Waiting, now_s: float) -> tuple[Deed, ...]:
        """A tap was kept just now; it is offered like all others, in its turn."""
        known = self._taps.setdefault(tap.tap_id, _Tapped(tap, now_s))
        if self.connected:
            return ()
        known.said_kept = True
        return (Kept(tap.tap_id),)

    def offered(self, taps: Iterable[Waiting], now_s: float) -> tuple[Deed, ...]:
        """What the outbox has next, in order."""
        deeds: list[Deed] = []
        for tap in taps:
            known = self._taps.setdefault(tap.tap_id, _Tapped(tap, None, said_kept=True))
            known.sent_s, known.tries = now_s, 1
            self.offered_to = tap.seq
            deeds.append(Publish(tap))
        return tuple(deeds)

    def connects(self) -> None:
        """There is a connection: all that is in the outbox is to be offered, from the oldest on."""
        self.connected, self.offered_to = True, 0
        for known in self._taps.values():
            known.tries = 0 if not known.is_with_broker else known.tries

    def disconnects(self) -> tuple[Deed, ...]:
        """The connection is lost, and with it what was under way; it is in the outbox."""
        self.connected = False
        deeds: list[Deed] = []
        for known in self._taps.values():
            if not known.is_with_broker and not known.said_kept:
                known.said_kept = True
                deeds.append(Kept(known.tap.tap_id))
        return tuple(deeds)

    def acknowledged(self, tap_id: str, left: int) -> tuple[Deed, ...]:
        """The broker has it. `left`: how many others the outbox has."""
        known = self._taps.get(tap_id)
        if known is None or known.is_with_broker:
            return ()
        known.is_with_broker = True
        self._late += known.said_kept
        deeds: tuple[Deed, ...] = (TakeOut(known.tap.seq),)
        if known.at_s is None:
            del self._taps[tap_id]
        if left or not self._late:
            return deeds
        late, self._late = self._late, 0
        return (*deeds, CaughtUp(late))

    def heard(self, reply: Reply) -> tuple[Deed, ...]:
        """The hub answered; a second answer to the same tap is not news."""
        self._ever_heard = True
        known = self._taps.get(reply.tap_id or "")
        if known is None:
            return ()
        if known.is_with_broker:
            del self._taps[known.tap.tap_id]
        tapped_s, known.at_s = known.at_s, None
        return (Answered(reply, known.tap, tapped_s),) if tapped_s is not None else ()

    def passes(self, now_s: float) -> tuple[Deed, ...]:
        """Time has passed."""
        deeds: list[Deed] = []
        for known in list(self._taps.values()):
            due_s = _due_s(known)
            if due_s is None or now_s < due_s or known.at_s is None:
                continue
            if now_s - known.at_s >= FORGOTTEN_S:
                if known.is_with_broker or not known.tries:
                    del self._taps[known.tap.tap_id]  # the outbox has it, if the broker has not
                else:
                    known.at_s = None  # only its acknowledgement is waited for
            elif not known.is_with_broker:
                known.said_kept = True
                deeds.append(Kept(known.tap.tap_id))
            elif self.connected and known.tries < TRIES and now_s - known.at_s < FRESH_S:
                known.sent_s, known.tries = now_s, known.tries + 1
                deeds.append(Publish(known.tap))
            else:
                known.tries = TRIES + 1
                deeds.append(Unanswered(known.tap.tap_id, self._ever_heard))
        return tuple(deeds)


def backoff_s(failures: int, share: float) -> float:
    """How long to wait before the next try to connect: full jitter. `share`: drawn, 0 to 1."""
    return share * min(_LIMIT_S, _FIRST_S * 2.0 ** min(failures, 10))


def _due_s(known: _Tapped) -> float | None:
    """When something is to be done about it: said to be kept, sent again, given up, forgotten."""
    if known.at_s is None:
        return None
    forgotten_s = known.at_s + FORGOTTEN_S
    if known.said_kept or known.tries > TRIES:
        return forgotten_s
    begun_s = known.sent_s if known.tries else known.at_s
    return min(forgotten_s, begun_s + ANSWER_WITHIN_S)
