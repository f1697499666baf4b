"""What the log has about a run besides its visits: every decision, and the taps that are none. Blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from devices.facts import RoundOrder, Tap
from hub.book.model import RoundRun
from hub.log.model import LogFaultError
from hub.log.reader import LogReader
from hub.log.sieve import Sieve
from hub.replies.counting import UNKNOWN_TAG
from hub.rounds.standing import deadline_of

_SIEVE: Final = Sieve((), all_taps=True)
_BATCH: Final = 20_000
_MOST_FACTS: Final = 300_000  # searched for one page: about half a second


class Evidence(msgspec.Struct, frozen=True):
    """`orders` and `refused` in order of time; what read a tag that hangs nowhere is refused for
    `unknown_tag`. `is_whole`: the log was searched from the run's day to its end; it may have been cut by
    age before that."""

    orders: tuple[RoundOrder, ...] = ()
    refused: tuple[Tap, ...] = ()
    is_whole: bool = False


def evidence(log_path: Path, run: RoundRun, people: frozenset[str], tags: frozenset[str]) -> Evidence:
    """What the log tells of a run. `people`: whose refused taps matter wherever they were; `tags`: those that
    hang somewhere."""
    orders: dict[str, RoundOrder] = {}
    refused: dict[str, Tap] = {}
    known = tags.union(run.tags)
    try:
        log = LogReader(log_path)
    except LogFaultError:
        return Evidence()
    try:
        seq, searched, is_whole = log.before_day_of(run.starts_ms), 0, False
        while searched < _MOST_FACTS and not is_whole:
            found = log.sifted_after(seq, _BATCH, _SIEVE)
            for fact in found.facts:
                if isinstance(fact, RoundOrder) and fact.round == run.id:
                    orders[fact.key] = fact
                elif isinstance(fact, Tap) and is_about(run, fact, people):
                    tap = _judged(fact, known)
                    if tap.refused:
                        refused[tap.key] = tap
            seq, searched, is_whole = found.last, searched + found.count, not found.count
    except LogFaultError:
        is_whole = False
    finally:
        log.close()
    return Evidence(
        tuple(sorted(orders.values(), key=lambda one: (one.measured_at_ms, one.key))),
        tuple(sorted(refused.values(), key=lambda one: (one.measured_at_ms, one.key))),
        is_whole,
    )


def order_with_key(log_path: Path, after: int, key: str) -> RoundOrder | None:
    """A decision among the facts that follow `after`; None: it is not there. Raises LogFaultError."""
    log = LogReader(log_path)
    try:
        while (found := log.sifted_after(after, _BATCH, _SIEVE)).count:
            for fact in found.facts:
                if isinstance(fact, RoundOrder) and fact.key == key:
                    return fact
            after = found.last
        return None
    finally:
        log.close()


def is_about(run: RoundRun, tap: Tap, people: frozenset[str]) -> bool:
    """Whether a tap may have been meant for a run: in its time, at its places or by its people."""
    is_then = run.starts_ms <= tap.measured_at_ms <= deadline_of(run)
    return is_then and (tap.tag_uid in run.tags or bool({tap.person, tap.badge} & people))


def _judged(tap: Tap, tags: frozenset[str]) -> Tap:
    """The tap with what it is refused for: intake takes any tag, since it may be put up later."""
    return tap if tap.refused or tap.tag_uid in tags else replace(tap, refused=UNKNOWN_TAG)
