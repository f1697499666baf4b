"""Zigbee2MQTT with `last_seen: ISO_8601` and availability on: `zigbee2mqtt/<friendly_name>`."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from firmware_sim.cold import ColdState
from firmware_sim.dialects import Message, State
from firmware_sim.power import MeterState


def reading(topic: str, at_s: float, state: State, linkquality: int) -> Message:
    """What the bridge publishes for one thermometer or one metering plug."""
    values = _sensor(state) if isinstance(state, ColdState) else _plug(state)
    seen = datetime.fromtimestamp(round(at_s, 3), UTC).isoformat(timespec="milliseconds")
    body = {**values, "linkquality": linkquality, "last_seen": seen.replace("+00:00", "Z")}
    return Message(topic, json.dumps(body, separators=(",", ":")))


def availability(topic: str, online: bool) -> Message:
    """Whether the bridge can reach the device; retained."""
    body = {"state": "online" if online else "offline"}
    return Message(f"{topic}/availability", json.dumps(body, separators=(",", ":")), retain=True)


def _sensor(state: ColdState) -> dict[str, float]:
    return {
        "temperature": round(state.temperature_c, 2),
        "humidity": round(state.humidity_pct, 2),
        "battery": round(state.battery_pct),
    }


def _plug(state: MeterState) -> dict[str, float]:
    return {
        "power": round(state.power_w, 1),
        "energy": round(state.energy_kwh, 2),
        "voltage": round(state.phases[0].voltage_v),
        "current": round(sum(phase.current_a for phase in state.phases), 2),
    }
