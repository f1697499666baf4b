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
}


def draw(
    *, messages: int, faults: int, session_losses: int, seed: int, broker: BrokerKind, influx: bool
) -> tuple[Fault, ...]:
    """The faults of one run, in order. Each kind comes once before any comes by weight."""
    dice = random.Random(f"faults/{seed}")  # noqa: S311 - replayable on purpose
    kinds = _kinds(broker, influx)
    weights = [_WEIGHTS.get(kind, 1) for kind in kinds]
    chosen = dice.sample(kinds, min(faults, len(kinds)))
    chosen += dice.choices(kinds, weights, k=faults - len(chosen))
    chosen += [FaultKind.SESSION_LOST] * session_losses
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


def _kinds(broker: BrokerKind, influx: bool) -> list[FaultKind]:
    kinds = list(_WEIGHTS)
    if broker is BrokerKind.EMBEDDED:
        # It belongs to the hub: with the hub it is restarted.
        kinds.remove(FaultKind.BROKER_RESTARTED)
    if influx:
        kinds.append(FaultKind.HISTORY_KILLED)
    return kinds


def _some(dice: random.Random, least: float, most: float) -> float:
    return round(dice.uniform(least, most), 3)
