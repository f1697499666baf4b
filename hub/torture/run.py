"""One torture from beginning to end: bring all up, publish, strike, wait for the rest, hold it to account."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from hub import processes
from hub.processes import TrialError
from hub.torture import checking
from hub.torture.full_disk import Flow
from hub.torture.plan import Fault, FaultKind, limit_before
from hub.torture.publisher import Publisher
from hub.torture.report import Report, Struck
from hub.torture.tally import Tally
from hub.torture.world import POLL_S, STUCK_S, Patience, Wanted, World

_NOTHING_NEW_S: Final = 15.0
# The embedded broker sends again after a second, and what comes again has its place in the log too.
_REPETITIONS_S: Final = 1.5
_ENDINGS: Final = 10


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is."""

    doing: str
    published: int
    in_log: int
    faults: int


def torture(wanted: Wanted, progress: Callable[[Step], None]) -> Report:
    """Does it all. Raises TrialError if it cannot be done; a broken promise stands in the report."""
    began = time.monotonic()
    world = World(wanted)
    publisher = Publisher(world.traffic, world.proxy.port, wanted.rate_hz)
    vfs = world.disk.vfs if world.disk else None
    tally = Tally(world.data / "log.sqlite", world.traffic, vfs)
    try:
        world.start()
        publisher.start()
        struck = _publish_and_strike(world, publisher, tally, wanted.faults, progress)
        _await_the_rest(publisher, tally, progress)
        _end_in_order(world, publisher, tally, progress)
        world.bring_out()
        progress(Step("checking", publisher.published, tally.distinct, len(struck)))
        return Report(
            seed=wanted.seed,
            broker=wanted.broker,
            history=wanted.history.value,
            messages=wanted.messages,
            acknowledged=publisher.acknowledged,
            sent_again=sum(publisher.sent_again),
            in_log=sum(tally.times_seen),
            seconds=round(time.monotonic() - began, 1),
            struck=tuple(struck),
            losses=checking.losses(publisher, tally, world.witness, struck, wanted.broker),
            in_history=checking.history(world.campus, world.traffic, tally),
            verdicts=checking.verdict_check(world.campus, world.traffic, tally, wanted.folder),
            left_out=wanted.left_out,
        )
    finally:
        publisher.stop()
        world.end()


def _publish_and_strike(
    world: World,
    publisher: Publisher,
    tally: Tally,
    faults: Sequence[Fault],
    progress: Callable[[Step], None],
) -> list[Struck]:
    struck: list[Struck] = []
    for fault in faults:
        limit = limit_before(faults, len(struck), world.traffic.messages)
        # A full disk takes a moment to arrange: what is to find it full waits for it.
        publisher.limit = fault.after + 1 if fault.kind is FaultKind.DISK_FULL else limit
        _await_published(
            publisher, fault.after, lambda: progress(_step("publishing", publisher, tally, struck))
        )
        time.sleep(fault.delay_s)
        progress(_step(fault.kind.value, publisher, tally, struck))
        began_at = time.time()
        missing = world.strike(fault, Flow(partial(publisher.go_on, limit), publisher.is_through))
        struck.append(Struck(fault, began_at, time.time(), missing))
    publisher.limit = world.traffic.messages
    _await_published(
        publisher, publisher.limit, lambda: progress(_step("publishing", publisher, tally, struck))
    )
    return struck


def _await_published(publisher: Publisher, count: int, show: Callable[[], None]) -> None:
    patience = Patience(STUCK_S)
    while publisher.published < count:
        show()
        if publisher.failed or patience.is_over(publisher.published):
            raise TrialError(f"publishing is stuck at {publisher.published} of {count}")
        time.sleep(POLL_S)


def _await_the_rest(publisher: Publisher, tally: Tally, progress: Callable[[Step], None]) -> None:
    """Until all is in the log, or nothing has moved for long enough."""
    patience = Patience(_NOTHING_NEW_S)
    while not (publisher.is_done and tally.distinct == publisher.acknowledged):
        tally.catch_up()
        progress(_step("waiting for the log", publisher, tally, []))
        if patience.is_over((publisher.acknowledged, tally.distinct)):
            break
        time.sleep(POLL_S)


def _end_in_order(world: World, publisher: Publisher, tally: Tally, progress: Callable[[Step], None]) -> None:
    """Ends the hub at a moment when every reader has read every fact: repetitions may come to the last."""
    for _ in range(_ENDINGS):
        time.sleep(_REPETITIONS_S)
        tally.catch_up()
        read = tally.facts
        _await_readers(world, publisher, tally, progress)
        world.hub.stop()
        tally.catch_up()
        if tally.facts == read:
            return
        world.hub.start()
        world.hub.await_up()
    raise TrialError("new facts keep coming although everything was acknowledged")


def _await_readers(
    world: World, publisher: Publisher, tally: Tally, progress: Callable[[Step], None]
) -> None:
    patience = Patience(STUCK_S)
    while (behind := processes.behind(world.web_port)) is None or any(behind):
        progress(_step("waiting for the readers", publisher, tally, []))
        if patience.is_over(behind):
            raise TrialError(f"alerts and history are stuck, behind by {behind}")
        time.sleep(POLL_S)


def _step(doing: str, publisher: Publisher, tally: Tally, struck: Sequence[Struck]) -> Step:
    return Step(doing, publisher.published, tally.distinct, len(struck))
