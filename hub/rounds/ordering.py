"""Decisions about rounds on their way into the log: each has a key of its own and counts once.

sent          known already: the same answer        else: decided, durable in the log, judged: answered
              known as another's: refused           else: refused, with a reason in both languages
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.concurrency import run_in_threadpool

from devices.clock import resolve
from devices.facts import Order, RoundOrder
from devices.identity import canonical
from devices.wire import WireError
from hub.alerts.orders import WORDS, Refused, decide
from hub.alerts.reader import READER
from hub.book import cursors
from hub.book.model import RoundRun
from hub.config.model import Person
from hub.log.model import Entry
from hub.rounds import queries
from hub.rounds.evidence import order_with_key
from hub.web.deps import Deps
from hub.web.durable import durable
from hub.web.errors import Code, Problem
from rules.model import Text

_JUDGED_WITHIN_S: Final = 1.5
_LOOK_EVERY_S: Final = 0.02
_FAR_MS: Final = 4_133_894_400_000  # the beginning of 2101: what claims more is no time
_CODES: Final[Mapping[Refused, Code]] = {
    Refused.NOT_YOURS: Code.NOT_YOUR_ROUND,
    Refused.NO_REASON: Code.NO_REASON,
    Refused.TOO_LONG: Code.REASON_TOO_LONG,
    Refused.OVER: Code.ROUND_OVER,
    Refused.DONE: Code.ROUND_DONE,
    Refused.NOT_PAUSED: Code.NOT_PAUSED,
    Refused.BAD_TIME: Code.BAD_TIME,
    Refused.BAD_DEADLINE: Code.BAD_DEADLINE,
}


async def order_round(
    deps: Deps,
    person: Person,
    run_id: str,
    order: Order,
    *,
    key: str,
    at_ms: int | None = None,
    until_ms: int = 0,
    reason: str = "",
) -> RoundOrder:
    """What stands in the log for this decision, once the rules have judged it. Raises Problem.

    `key`: a UUID made with the decision; `at_ms`: when it was made, where a phone kept it; None: now."""
    own = canonical(key)
    if own is None:
        raise Problem(Code.INVALID, details=("id: a UUID is needed",))
    run = await run_in_threadpool(queries.run, deps.book, run_id)
    if run is None:
        raise Problem(Code.NOT_FOUND)
    known = await run_in_threadpool(_known, deps, run, f"order:{own}")
    if known is not None:
        return _same(known, person, run, order)
    now_ms = deps.now()
    found = decide(
        deps.campus,
        run,
        person,
        order,
        key=own,
        now_ms=now_ms,
        at_ms=at_ms,
        until_ms=until_ms,
        reason=reason,
    )
    if isinstance(found, Refused):
        raise Problem(_CODES[found], Text(*WORDS[found]))
    (kept,) = await durable(deps, Entry((found,)))
    await _judged(deps)
    deps.wake_live()
    return _same(kept.fact, person, run, order)


def instant(said: str | float) -> int:
    """An instant as phones say it: RFC 3339 with an offset, or Unix seconds. Raises Problem.

    What a clock that was never set says becomes an instant far ahead, and so is refused."""
    try:
        return resolve(said, _FAR_MS, None)[0]
    except WireError as error:
        raise Problem(Code.BAD_TIME, details=(str(error)[:200],)) from None


def _known(deps: Deps, run: RoundRun, key: str) -> RoundOrder | None:
    """The decision with this key: the book knows it, or the log has it since the book was brought up."""
    for one in queries.orders_of(deps.book, [run.id]).get(run.id, ()):
        if one.key == key:
            return RoundOrder(key, one.at_ms, one.at_ms, run.id, one.order, one.by, one.reason, one.until_ms)
    with deps.book.reading() as session:
        judged = cursors.load(session, READER)
    return order_with_key(deps.log_path, judged, key)


def _same(known: object, person: Person, run: RoundRun, order: Order) -> RoundOrder:
    is_same = isinstance(known, RoundOrder) and (known.by, known.round, known.order) == (
        person.id,
        run.id,
        order,
    )
    if not isinstance(known, RoundOrder) or not is_same:
        raise Problem(Code.OTHER_ORDER)
    return known


async def _judged(deps: Deps) -> None:
    """Waits until the rules have read what is in the log by now, so that who decided sees what came of it;
    not for long: it is durable, and will be judged."""
    loop = asyncio.get_running_loop()
    until_s, target = loop.time() + _JUDGED_WITHIN_S, deps.health().log_newest_seq
    while loop.time() < until_s:
        health = deps.health()
        if health.log_newest_seq - health.alerts_behind >= target:
            return
        await asyncio.sleep(_LOOK_EVERY_S)
