"""What people decide about a planned round: pause it, end it early, give it more time, excuse it; pure.

A decision becomes a fact of the log (`devices.facts.RoundOrder`), beside the taps: whoever judges the log
judges it, now, after a restart and in a replay alike, and it is durable before anybody is answered. The
round's own watch writes what came of it to the book and the journal, with who and why.

    pause, resume, finish   whoever walks the round, and the head; a finish before all is visited says why
    extend, excuse          the head of logistics, with a reason
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from devices.facts import Order, RoundOrder
from hub.book.model import RoundRun
from hub.config.model import Campus, Person
from hub.config.walkers import walkers_of
from rules.model import Role, RoundState
from rules.progress import UNDER_WAY
from rules.route import MOST_EXTENSION_MS

MOST_REASON_CHARS: Final = 500
AHEAD_MS: Final = 120_000  # how far a phone's clock may be ahead
_KEPT_MS: Final = 60_000  # a decision so old was kept by a phone without signal
_BY_WALKERS: Final = frozenset({Order.PAUSE, Order.RESUME, Order.FINISH})
_WITH_REASON: Final = frozenset({Order.FINISH, Order.EXTEND, Order.EXCUSE})
_DONE: Final = frozenset({RoundState.COMPLETED, RoundState.COMPLETED_LATE})


class Refused(Enum):
    """Why a decision is not taken."""

    NOT_YOURS = "not_yours"  # another's round, or the head's to decide
    NO_REASON = "no_reason"
    TOO_LONG = "too_long"  # the reason
    OVER = "over"  # nothing is left to pause or to end
    DONE = "done"  # every checkpoint was visited
    NOT_PAUSED = "not_paused"
    BAD_TIME = "bad_time"  # before the round, or ahead of the hub
    BAD_DEADLINE = "bad_deadline"  # not later than now and than before, or by more than 6 hours


def may(campus: Campus, run: RoundRun, person: Person) -> frozenset[Order]:
    """What a person may ever decide about a run."""
    if person.role is Role.HEAD:
        return frozenset(Order)
    planned = campus.rounds.get(run.round)
    walks = planned is not None and any(one.id == person.id for one in walkers_of(campus, planned))
    return _BY_WALKERS if walks else frozenset()


def decide(
    campus: Campus,
    run: RoundRun,
    person: Person,
    order: Order,
    *,
    key: str,
    now_ms: int,
    at_ms: int | None = None,
    until_ms: int = 0,
    reason: str = "",
) -> RoundOrder | Refused:
    """The fact to append, to be answered for once it is durable; or why not.

    `key`: of its own for each decision, and the same when it is sent again (a UUID of the phone). `at_ms`:
    when it was decided, where a phone without signal kept it; None: now. `until_ms`: the new deadline of an
    EXTEND."""
    said_ms = now_ms if at_ms is None else at_ms
    reason = reason.strip()
    is_kept = order in (Order.PAUSE, Order.RESUME) and now_ms - said_ms > _KEPT_MS
    refused = (
        _wrong(campus, run, person, order, reason)
        or (None if is_kept else _too_late(run, order))
        or _at_the_wrong_time(run, order, said_ms, now_ms)
    )
    if refused is None and order is Order.EXTEND:
        refused = _deadline(run, until_ms, now_ms)
    if refused is not None:
        return refused
    until = until_ms if order is Order.EXTEND else 0
    return RoundOrder(f"order:{key}", said_ms, now_ms, run.id, order, person.id, reason, until)


def _wrong(campus: Campus, run: RoundRun, person: Person, order: Order, reason: str) -> Refused | None:
    if order not in may(campus, run, person):
        return Refused.NOT_YOURS
    if order in _WITH_REASON and not reason:
        return Refused.NO_REASON
    if len(reason) > MOST_REASON_CHARS:
        return Refused.TOO_LONG
    return None


def _too_late(run: RoundRun, order: Order) -> Refused | None:
    """What is asked of a decision of now. One that a phone kept says what was: taps that came before it do
    not make it untrue."""
    if run.state in _DONE:
        return Refused.DONE
    is_over = run.state not in UNDER_WAY
    if order is Order.RESUME and run.state is not RoundState.PAUSED and not is_over:
        return Refused.NOT_PAUSED
    return None


def _at_the_wrong_time(run: RoundRun, order: Order, at_ms: int, now_ms: int) -> Refused | None:
    if at_ms > now_ms + AHEAD_MS or (order in _BY_WALKERS and at_ms < run.starts_ms):
        return Refused.BAD_TIME
    is_over = run.state not in UNDER_WAY
    if order in (Order.PAUSE, Order.FINISH) and is_over and now_ms >= run.deadline_ms:
        # What a phone kept until now may still explain what was judged without it.
        return Refused.OVER if at_ms >= run.deadline_ms else None
    return None


def _deadline(run: RoundRun, until_ms: int, now_ms: int) -> Refused | None:
    latest_ms = run.ends_ms + run.grace_ms + MOST_EXTENSION_MS
    is_good = max(now_ms, run.deadline_ms) < until_ms <= latest_ms
    return None if is_good else Refused.BAD_DEADLINE


WORDS: Final[Mapping[Refused, tuple[str, str]]] = MappingProxyType(
    {
        Refused.NOT_YOURS: ("无权决定这次巡更", "This round is not yours to decide about"),
        Refused.NO_REASON: ("请写明原因", "Say why"),
        Refused.TOO_LONG: ("原因太长", "The reason is too long"),
        Refused.OVER: ("这次巡更已经结束", "The round is over"),
        Refused.DONE: ("所有巡更点都已到过", "Every checkpoint was visited"),
        Refused.NOT_PAUSED: ("这次巡更没有暂停", "The round is not paused"),
        Refused.BAD_TIME: ("时间不对", "The time cannot be"),
        Refused.BAD_DEADLINE: (
            "新的截止时间要晚于现在和原来的，最多延长 6 小时",
            "The new deadline must be later than now and than the old one, by 6 hours at most",
        ),
    }
)
