"""When what goes wrong: drawn from a seed, tied to counts of messages and not to times; pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final


class FaultKind(Enum):
    """What is done to the running system."""

    HUB_KILLED = "hub killed"
    HUB_STOPPED = "hub stopped for a while"
    HUB_RESTARTED = "hub restarted"
    BROKER_KILLED = "broker killed"
    BROKER_RESTARTED = "broker restarted"
    LINK_CUT = "connections cut"
    HISTORY_KILLED = "InfluxDB killed"
    SESSION_LOST = "broker lost its sessions"
    DISK_FULL = "disk full for a while"


class BrokerKind(Enum):
    """Which broker is tortured along."""

    MOSQUITTO = "mosquitto"
    EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Fault:
    """Happens `delay_s` after `after` messages were published; `times` cuts, or `lasts_s` of absence."""

    kind: FaultKind
    after: int
    delay_s: float
    lasts_s: float
    times: int


# How often each comes up; the hub's own death is what this is about.
_WEIGHTS: Final = {
    FaultKind.HUB_KILLED: 5,
    FaultKind.HUB_STOPPED: 2,
    FaultKind.HUB_RESTARTED: 1,
    FaultKind.BROKER_KILLED: 2,
    FaultKind.BROKER_RESTARTED: 2,
    FaultKind.LINK_CUT: 2,
    FaultKind.DISK_FULL: 2,
}


@dataclass(frozen=True, slots=True)
class Mix:
    """Which faults are wanted: `faults` of every kind that there is with this broker and history, and some
    of certain kinds besides. `can_fill`: whether the disk can be filled on this computer."""

    faults: int
    session_losses: int
    full_disks: int
    broker: BrokerKind
    influx: bool
    can_fill: bool


def draw(mix: Mix, messages: int, seed: int) -> tuple[Fault, ...]:
    """The faults of one run, in order. Each kind comes once before any comes by weight."""
    dice = random.Random(f"faults/{seed}")  # noqa: S311 - replayable on purpose
    kinds = _kinds(mix)
    weights = [_WEIGHTS.get(kind, 1) for kind in kinds]
    chosen = dice.sample(kinds, min(mix.faults, len(kinds)))
    chosen += dice.choices(kinds, weights, k=mix.faults - len(chosen))
    chosen += [FaultKind.SESSION_LOST] * mix.session_losses + [FaultKind.DISK_FULL] * mix.full_disks
    dice.shuffle(chosen)
    spread = sorted(dice.uniform(0.03, 0.97) for _ in chosen)
    return tuple(
        Fault(kind, int(messages * at), _some(dice, 0.0, 0.2), _some(dice, 0.1, 2.0), dice.randint(1, 6))
        for kind, at in zip(chosen, spread, strict=True)
    )


def limit_before(faults: Sequence[Fault], done: int, messages: int) -> int:
    """How many messages may be published while `done` faults are over: each fault happens under load,
    and none after all messages are out."""
    if done >= len(faults):
        return messages
    following = faults[done + 1].after if done + 1 < len(faults) else messages
    return max(faults[done].after + 1, (faults[done].after + following) // 2)


def _kinds(mix: Mix) -> list[FaultKind]:
    kinds = list(_WEIGHTS)
    if not mix.can_fill:
        kinds.remove(FaultKind.DISK_FULL)
    if mix.broker is BrokerKind.EMBEDDED:
        # It belongs to the hub: with the hub it is restarted.
        kinds.remove(FaultKind.BROKER_RESTARTED)
    if mix.influx:
        kinds.append(FaultKind.HISTORY_KILLED)
    return kinds


def _some(dice: random.Random, least: float, most: float) -> float:
    return round(dice.uniform(least, most), 3)
