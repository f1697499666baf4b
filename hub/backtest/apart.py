"""A backtest in several processes: each reads all that was, and judges its share of the devices.

```
parent   share out ─┬────────────── progress ──────────────┬─ join ─▶ the same as of one process
process            ├▶ sieve, decode, judge  d1 d4 d5 ────▶┤
process            └▶ sieve, decode, judge  d2 d3, rounds ▶┘
```
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final

import msgspec

from hub.alerts.backtest import Backtest, Raising
from hub.backtest.shares import Share, share_out
from hub.backtest.then import OfHistory, OfLog, Tell
from hub.config.binding import watches_of_devices
from hub.config.load import load
from hub.config.model import Campus
from hub.history.port import HistoryUnavailableError
from hub.log.model import LogFaultError
from hub.log.sieve import Sieve
from hub.loop import calm_collector, restore_collector
from hub.processes import TrialError
from hub.rounds.planning import plan_of_day
from rules.model import Subject

APART_FROM: Final = 200_000  # facts: fewer are judged while a second process would start
_MOST: Final = 8  # processes: more would spend their time on looking for facts of their own
_END_MS: Final = 1 << 62


class Work(msgspec.Struct, frozen=True):
    """Which rules of which configuration judge which facts, and which stretches count: those that touch
    [from_ms, to_ms). `installed_ms`: rounds of which less than half lies after it are not judged."""

    config: Path
    environment: Mapping[str, str]
    rules: frozenset[str]
    then: OfLog | OfHistory
    installed_ms: int = 0
    from_ms: int = 0
    to_ms: int | None = None


class Judged(msgspec.Struct, frozen=True):
    """What would be raised, in order, of how many `facts`.

    `read_s`, `judged_s`: processor time, of all `processes` together."""

    raisings: tuple[Raising, ...]
    facts: int
    read_s: float
    judged_s: float
    processes: int = 1


def processors() -> int:
    """How many processes are worth while on this computer."""
    return min(_MOST, os.cpu_count() or 1)


def judge(campus: Campus, work: Work, processes: int, tell: Tell) -> Judged:
    """In so many processes at most, and in this one if that is quicker. `campus` is `work.config`, loaded.

    Raises LogFaultError, HistoryUnavailableError; TrialError if a process ends before its time."""
    shares = share_out(
        (watch for watch in watches_of_devices(campus) if watch.rule in work.rules),
        {device.id: device.interval_ms for device in campus.devices.values()},
        processes if work.then.size >= APART_FROM else 1,
        has_taps=any(
            rule.select.subject is not Subject.DEVICE
            for rule in campus.rules.values()
            if rule.id in work.rules
        ),
    )
    if len(shares) == 1:
        return _judged(campus, work, shares[0], tell)
    return _joined(list(_in_processes(work, shares, tell)))


# --- one share ---


def _judged(campus: Campus, work: Work, share: Share, tell: Tell) -> Judged:
    trial = backtest_of(campus, work, share)
    is_all = share.devices >= campus.devices.keys()
    sieve = None if is_all else Sieve(share.devices, all_taps=share.has_taps)
    facts, read_s, judged_s = 0, 0.0, 0.0
    calm_collector()
    try:
        began_s = time.thread_time()
        for batch in work.then.batches(sieve, tell):
            read_s += time.thread_time() - began_s
            began_s = time.thread_time()
            trial.take(batch.facts)
            facts += batch.count
            judged_s += time.thread_time() - began_s
            began_s = time.thread_time()
    finally:
        restore_collector()
    found = trial.raisings(work.from_ms, _END_MS if work.to_ms is None else work.to_ms)
    return Judged(tuple(found), facts, read_s, judged_s)


def backtest_of(campus: Campus, work: Work, share: Share) -> Backtest:
    """The rules asked for, on what a share has."""
    return Backtest(
        {rule_id: rule for rule_id, rule in campus.rules.items() if rule_id in work.rules},
        [watch for watch in watches_of_devices(campus) if watch.rule in work.rules and share.judges(watch)],
        lambda day: plan_of_day(campus, day) if share.has_taps else (),
        campus.site.zone,
        work.installed_ms,
    )


# --- several ---


def _in_processes(work: Work, shares: Sequence[Share], tell: Tell) -> Iterator[Judged]:
    """What each found, in any order. However it ends, no process is left."""
    done: dict[Connection, float] = {}
    with _started(work, shares) as open_ends:
        waiting = list(open_ends)
        while waiting:
            for end in wait(waiting):
                message = _received(end)  # type: ignore[arg-type] # there is nothing else to wait for
                if isinstance(message, float):
                    done[end] = message  # type: ignore[index] # as above
                    tell(sum(done.values()) / len(shares))
                    continue
                waiting.remove(end)  # type: ignore[arg-type] # as above
                yield message


@contextmanager
def _started(work: Work, shares: Sequence[Share]) -> Iterator[list[Connection]]:
    context = multiprocessing.get_context("spawn")
    processes, ends = [], []
    try:
        with _uninterrupted():
            for share in shares:
                here, there = context.Pipe(duplex=False)
                process = context.Process(target=_serve, args=(there, work, share), daemon=True)
                process.start()
                there.close()
                processes.append(process)
                ends.append(here)
        yield ends
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        for end in ends:
            end.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal; those that start in here wait for this one to end them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(to_parent: Connection, work: Work, share: Share) -> None:
    try:
        answer: object
        try:
            answer = _judged(load(work.config, work.environment), work, share, to_parent.send)
        except (LogFaultError, HistoryUnavailableError) as error:
            answer = error
        to_parent.send(answer)
    except BrokenPipeError:
        return  # nobody wants to know any more


def _received(end: Connection) -> float | Judged:
    try:
        message = end.recv()
    except EOFError as error:
        raise TrialError(
            "a process of the backtest ended before its time: what it said stands above; "
            "if it said nothing, the memory was not enough"
        ) from error
    if isinstance(message, Exception):
        raise message
    return message  # type: ignore[no-any-return] # what `_serve` sends


def _joined(parts: Sequence[Judged]) -> Judged:
    """No two have a rule and subject in common, so that this order is the one of a single process."""
    raisings = [one for part in parts for one in part.raisings]
    return Judged(
        tuple(sorted(raisings, key=lambda one: (one.raised_ms, one.rule, one.subject))),
        max(part.facts for part in parts),
        sum(part.read_s for part in parts),
        sum(part.judged_s for part in parts),
        len(parts),
    )
