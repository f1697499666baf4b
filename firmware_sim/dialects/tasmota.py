"""Tasmota: `tele/<topic>/SENSOR` with a local `Time` that has no offset, and `tele/<topic>/LWT`."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime, tzinfo

from firmware_sim.cold import ColdState
from firmware_sim.dialects import Measured, Message
from firmware_sim.power import MeterState


def sensor(topic: str, at_s: float, zone: tzinfo, measured: Sequence[Measured]) -> Message:
    """One telemetry message with everything that hangs on the board: one meter, or DS18B20 probes, or both.

    A single probe is called `DS18B20`; several are numbered from 1 and told apart by their Id.
    """
    body: dict[str, object] = {"Time": datetime.fromtimestamp(at_s, zone).strftime("%Y-%m-%dT%H:%M:%S")}
    probes = [one for one in measured if isinstance(one.state, ColdState)]
    for number, probe in enumerate(probes, 1):
        name = "DS18B20" if len(probes) == 1 else f"DS18B20-{number}"
        assert isinstance(probe.state, ColdState)  # noqa: S101  chosen so above; mypy cannot see it
        body[name] = {"Id": probe.device.sensor, "Temperature": round(probe.state.temperature_c, 1)}
    for one in measured:
        if isinstance(one.state, MeterState):
            body["ENERGY"] = _energy(one.state)
    if probes:
        body["TempUnit"] = "C"
    return Message(f"tele/{topic}/SENSOR", json.dumps(body, separators=(",", ":")))


def lwt(topic: str, online: bool) -> Message:
    """The bare word that says whether the board is there; retained."""
    return Message(f"tele/{topic}/LWT", "Online" if online else "Offline", retain=True)


def _energy(state: MeterState) -> dict[str, float]:
    phase = state.phases[0]
    apparent = phase.power_w / state.power_factor
    return {
        "Total": round(state.energy_kwh, 3),
        "Yesterday": round(state.yesterday_kwh, 3),
        "Today": round(state.today_kwh, 3),
        "Power": round(phase.power_w),
        "ApparentPower": round(apparent),
        "ReactivePower": round(math.sqrt(max(0.0, apparent**2 - phase.power_w**2))),
        "Factor": round(state.power_factor, 2),
        "Voltage": round(phase.voltage_v),
        "Current": round(phase.current_a, 3),
    }
