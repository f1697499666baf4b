"""Where a round stands: a pure function of what is known of it, the passing of time included.

    starts         first visit                      ends             deadline
    |--------------|--------------------------------|----------------|
     DUE            IN_PROGRESS
    PLANNED before          all passed: COMPLETED    COMPLETED_LATE   INCOMPLETE, or MISSED without a visit

    PAUSED: from a pause on, until a visit or a resume. EXCUSED: the head's word, unless all was passed.

The deadline is the planned end and the grace, later by an EXTEND, or the moment of a FINISH that nobody took
back. What only comes with time is marked by how far time is known to have passed (`known_ms`), and only where
that changes something, so that it does not matter when ticks come.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from devices.facts import Fact, Order, RoundOrder, Tap, Tick
from rules.model import RoundState, State
from rules.route import Decided, Visit, Walk, concerns, distinct, visit_of, with_order, with_tags, with_visit


class Progress(msgspec.Struct, frozen=True):
    """A round's state. `visits` are those that count, in order of time; `visited` their tags, each once.

    `started_ms`, `ended_ms`: the first visit, and the one that was the last needed; None: there was none.
    `decided`: the order that explains the state or the deadline."""

    state: RoundState
    visits: tuple[Visit, ...]
    visited: tuple[str, ...]
    required: int
    deadline_ms: int
    started_ms: int | None = None
    ended_ms: int | None = None
    decided: Decided | None = None

    @property
    def is_over(self) -> bool:
        """Whether no state can follow but by facts that arrive late, or by a decision."""
        return self.state not in UNDER_WAY


UNDER_WAY = (RoundState.PLANNED, RoundState.DUE, RoundState.IN_PROGRESS, RoundState.PAUSED)


def learn(runs: tuple[str, ...], walk: Walk, state: State, fact: Fact, marks: Iterable[int]) -> State:
    """What is remembered of a round after a fact; the very same state if it tells nothing.

    `runs`: whose orders matter. `marks`: instants of which a tick has to say that they are past."""
    if state.visited and not state.visits:
        state = replace(
            state,
            visits=with_tags(walk, state.visited),
            known_ms=max(walk.deadline_ms if state.finished else walk.starts_ms, state.known_ms),
        )
    match fact:
        case Tap() if not fact.refused and concerns(walk, visit := visit_of(fact)):
            visits = with_visit(walk, state.visits, visit)
            return state if visits is state.visits else replace(state, visits=visits)
        case RoundOrder() if fact.round in runs:
            orders = with_order(state.orders, fact)
            return state if orders is state.orders else replace(state, orders=orders)
        case Tick():
            reached = max((mark for mark in marks if mark <= fact.measured_at_ms), default=-1)
            return replace(state, known_ms=reached) if reached > state.known_ms else state
        case _:
            return state


def deadline_of(walk: Walk, orders: Iterable[Decided]) -> int:
    """Until when visits count, by the plan and what was decided."""
    deadline_ms, finished = walk.deadline_ms, None
    for one in orders:
        if one.order is Order.EXTEND:
            deadline_ms = max(walk.starts_ms, one.until_ms)
        elif one.order is Order.FINISH:
            finished = one.at_ms
        elif one.order is Order.RESUME:
            finished = None
    return deadline_ms if finished is None else min(deadline_ms, max(finished, walk.starts_ms))


def progress_of(walk: Walk, state: State) -> Progress:
    """Where the round stands, by all that its watch remembers."""
    orders = state.orders
    deadline_ms = deadline_of(walk, orders)
    visits = distinct(walk, tuple(visit for visit in state.visits if visit.at_ms <= deadline_ms))
    visited = tuple(dict.fromkeys(visit.tag for visit in visits))
    required = len(walk.tags)
    found = Progress(
        RoundState.PLANNED,
        visits,
        visited,
        required,
        deadline_ms,
        started_ms=visits[0].at_ms if visits else None,
        decided=_of_kind(orders, Order.EXTEND),
    )
    if len(visited) >= required:
        first = {visit.tag: visit.at_ms for visit in reversed(visits)}
        ended_ms = max(first.values(), default=walk.starts_ms)
        how = RoundState.COMPLETED if ended_ms <= walk.ends_ms else RoundState.COMPLETED_LATE
        return replace(found, state=how, ended_ms=ended_ms)
    if (excused := _of_kind(orders, Order.EXCUSE)) is not None:
        return replace(found, state=RoundState.EXCUSED, decided=excused)
    finish = _standing(orders, Order.FINISH)
    if finish is not None or state.known_ms >= deadline_ms:
        over = RoundState.INCOMPLETE if visits else RoundState.MISSED
        return replace(found, state=over, decided=finish or found.decided)
    pause = _standing(orders, Order.PAUSE)
    if pause is not None and (not visits or visits[-1].at_ms <= pause.at_ms):
        return replace(found, state=RoundState.PAUSED, decided=pause)
    if visits:
        return replace(found, state=RoundState.IN_PROGRESS)
    due = state.known_ms >= walk.starts_ms or pause is not None
    return replace(found, state=RoundState.DUE if due else RoundState.PLANNED)


def paused_ms(orders: Iterable[Decided], from_ms: int, to_ms: int) -> int:
    """For how long it was paused between two visits: from each pause to its resume, or to the later visit."""
    total, since = 0, None
    for one in orders:
        if not from_ms <= one.at_ms <= to_ms:
            continue
        if one.order is Order.PAUSE and since is None:
            since = one.at_ms
        elif one.order is Order.RESUME and since is not None:
            total += one.at_ms - since
            since = None
    return total if since is None else total + to_ms - since


def _of_kind(orders: tuple[Decided, ...], kind: Order) -> Decided | None:
    return next((one for one in reversed(orders) if one.order is kind), None)


def _standing(orders: tuple[Decided, ...], kind: Order) -> Decided | None:
    """The newest of a kind that no resume took back."""
    for one in reversed(orders):
        if one.order is Order.RESUME:
            return None
        if one.order is kind:
            return one
    return None
