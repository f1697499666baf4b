"""One simulation from begin to end: the only loop, handed its clock, its network and its stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_sim import effects
from firmware_sim.beeps import Beep, Beeps
from firmware_sim.campus import Campus, Happening
from firmware_sim.link import MqttNetwork, Network
from firmware_sim.plan import BrokerAddress, SimPlan, SimulationError, Words, check
from firmware_sim.scenario import Scenario
from firmware_sim.timeline import Timeline, lay

_PUMP_S: Final = 0.05
_PROGRESS_S: Final = 1.0
_GATHER_S: Final = 5.0
_DRAIN_S: Final = 10.0
_DRAIN_STOPPED_S: Final = 1.0
_REPLIES_WITHIN_S: Final = 1.0
_RECENT_S: Final = 120.0
_QUIET: Final = Words("一切正常", "Nothing unusual")


@dataclass(frozen=True, slots=True)
class Counts:
    """Facts, not packets: `made` = `acknowledged` + `queued` + `dropped`; `published` counts repeats too."""

    devices: int
    connected: int
    made: int
    published: int
    acknowledged: int
    queued: int
    dropped: int
    reconnects: int
    replies: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Told about once a second. `trouble`: why a device cannot connect, in the network's words, or empty.

    `beeps`: of readers, since it was told before."""

    simulated_s: float
    stamp_s: float
    counts: Counts
    happening: Words
    trouble: str
    beeps: tuple[Beep, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """How it ended. `completed`: the whole duration was simulated, and not stopped before.

    `green`, `red`: replies to taps; `reply_times_s`: how long they took, shortest first."""

    simulated_s: float
    counts: Counts
    happenings: tuple[Happening, ...]
    completed: bool
    green: int = 0
    red: int = 0
    reply_times_s: tuple[float, ...] = ()


def simulate(
    plan: SimPlan,
    broker: BrokerAddress,
    scenario: Scenario,
    *,
    speed: float,
    seed: int,
    duration_s: float | None,
    clock: Callable[[], float],
    progress: Callable[[Progress], None],
    stop: threading.Event,
) -> Summary:
    """Simulates the plan against a real broker until `duration_s` (simulated) is over or `stop` is set.

    `clock` gives Unix seconds. A broker that is away is waited for. Raises SimulationError for a plan or a
    scenario that makes no sense, before anything connects. `timeline` says what stamps a fast run gets.
    """
    _refuse(plan, scenario, speed, duration_s)
    network = MqttNetwork(broker)
    try:
        return simulate_on(
            network,
            plan,
            scenario,
            speed=speed,
            seed=seed,
            duration_s=duration_s,
            clock=clock,
            progress=progress,
            stop=stop,
        )
    finally:
        network.close()


def simulate_on(
    network: Network,
    plan: SimPlan,
    scenario: Scenario,
    *,
    speed: float,
    seed: int,
    duration_s: float | None,
    clock: Callable[[], float],
    progress: Callable[[Progress], None],
    stop: threading.Event,
) -> Summary:
    """The same on any network; `network.pump` is where real time passes."""
    _refuse(plan, scenario, speed, duration_s)
    timeline = lay(clock(), speed, duration_s)
    beeps = Beeps(clock)
    campus = Campus(plan, scenario, timeline, seed, network, beeps)
    effects.arrange(scenario, campus)  # before the first reports: what happens at 0 s happens first
    campus.begin()
    waited_s = _gather(campus, network, clock, stop) if speed > 1 else 0.0
    told_s = timeline.started_s
    while not stop.is_set() and not _done(campus, timeline):
        now_s = clock()
        campus.run_until(timeline.due_s(now_s - waited_s))
        campus.tend(now_s)
        if now_s - told_s >= _PROGRESS_S:
            told_s = now_s
            progress(_progress(campus, timeline, beeps))
        network.pump(_PUMP_S)
    _drain(campus, network, clock, _DRAIN_STOPPED_S if stop.is_set() else _DRAIN_S)
    if speed <= 1:  # taps of a faster run are old, and nobody answers them
        _listen(beeps, network, clock)
    progress(_progress(campus, timeline, beeps))
    summary = Summary(
        campus.simulated_s,
        _counts(campus),
        tuple(campus.happenings),
        _done(campus, timeline),
        beeps.green,
        beeps.red,
        beeps.times_s,
    )
    for board in campus.boards:
        board.device.leave()
    return summary


def _refuse(plan: SimPlan, scenario: Scenario, speed: float, duration_s: float | None) -> None:
    check(plan)
    effects.check(scenario, plan)
    if speed <= 0:
        raise SimulationError((f"the speed {speed:g} is not positive",))
    if duration_s is not None and duration_s <= 0:
        raise SimulationError((f"the duration {duration_s:g} s is not positive",))


def _gather(campus: Campus, network: Network, clock: Callable[[], float], stop: threading.Event) -> float:
    """Lets everybody connect before a fast run begins: a moment of it is minutes of their day."""
    began_s = clock()
    while clock() - began_s < _GATHER_S and not stop.is_set():
        if all(board.device.up for board in campus.boards):
            break
        campus.tend(clock())
        network.pump(_PUMP_S)
    return clock() - began_s


def _done(campus: Campus, timeline: Timeline) -> bool:
    return timeline.duration_s is not None and campus.simulated_s >= timeline.duration_s


def _drain(campus: Campus, network: Network, clock: Callable[[], float], limit_s: float) -> None:
    deadline_s = clock() + limit_s
    while any(board.device.outbox.queued for board in campus.boards if board.device.powered):
        if clock() >= deadline_s:
            return
        campus.tend(clock())
        network.pump(_PUMP_S)


def _listen(beeps: Beeps, network: Network, clock: Callable[[], float]) -> None:
    """The last reply is still on its way."""
    deadline_s = clock() + _REPLIES_WITHIN_S
    while beeps.waiting and clock() < deadline_s:
        network.pump(_PUMP_S)


def _progress(campus: Campus, timeline: Timeline, beeps: Beeps) -> Progress:
    last = campus.happenings[-1] if campus.happenings else None
    recent = last is not None and campus.simulated_s - last.at_s < _RECENT_S
    troubles = (board.device.trouble for board in campus.boards if board.device.trouble)
    return Progress(
        simulated_s=campus.simulated_s,
        stamp_s=timeline.stamp_s(campus.simulated_s),
        counts=_counts(campus),
        happening=last.words if last is not None and recent else _QUIET,
        trouble=next(troubles, ""),
        beeps=beeps.untold(),
    )


def _counts(campus: Campus) -> Counts:
    devices = [board.device for board in campus.boards]
    return Counts(
        devices=len(campus.plan.devices),
        connected=sum(len(board.planned) for board in campus.boards if board.device.up),
        made=sum(device.outbox.made for device in devices),
        published=sum(device.published for device in devices),
        acknowledged=sum(device.outbox.acknowledged for device in devices),
        queued=sum(device.outbox.queued for device in devices),
        dropped=sum(device.outbox.dropped for device in devices),
        reconnects=sum(device.reconnects for device in devices),
        replies=sum(device.replies for device in devices),
    )
