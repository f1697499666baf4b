"""How each kind of firmware writes down what it measured: one module for each dialect, pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from firmware_sim.cold import ColdState
from firmware_sim.plan import SimDevice
from firmware_sim.power import MeterState

State: TypeAlias = ColdState | MeterState


@dataclass(frozen=True, slots=True)
class Measured:
    """What one device measured."""

    device: SimDevice
    state: State


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message: where to, the JSON (or bare word) in it, and whether the broker keeps it."""

    topic: str
    body: str
    retain: bool = False
