"""The native dialect, as design.md describes it: `campus/<site>/<kind>/<device>/<channel>`, JSON objects."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, TypeAlias

from devices.facts import Kind
from devices.topics import Channel, NativeTopic
from firmware_sim.cold import ColdState
from firmware_sim.dialects import Message, State
from firmware_sim.power import MeterState
from firmware_sim.sun_tag import Signed

BATCH_LIMIT: Final = 1_000
_OFFLINE: Final = '{"online":false}'

_Json: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Head:
    """The keys common to all native payloads. `zone` None: the device writes `at` as Unix seconds."""

    at_s: float
    zone: tzinfo | None
    boot: int
    seq: int


def reading(topic: NativeTopic, head: Head, state: State) -> Message:
    """One reading of a fridge or a meter."""
    values = _fridge(state) if isinstance(state, ColdState) else _meter(state)
    return Message(str(topic), _dump({**_head(head), **values}))


def tap(
    topic: NativeTopic, head: Head, tap_id: str, tag_uid: str, badge: str, signed: Signed | None = None
) -> Message:
    """One tag read by a reader, with what the tag signed."""
    body: dict[str, object] = {**_head(head), "tap_id": tap_id, "tag_uid": tag_uid, "badge": badge}
    if signed is None:
        body["source"] = "reader"
    else:
        body |= {"sun": {"e": signed.e, "c": signed.c}, "source": "sun"}
    return Message(str(topic), _dump(body))


def online(topic: NativeTopic, head: Head) -> Message:
    """The device says that it is there; retained."""
    return Message(str(topic), _dump({"online": True, **_head(head)}), retain=True)


def last_will(topic: NativeTopic) -> Message:
    """What the broker says when the device is gone; retained."""
    return Message(str(topic), _OFFLINE, retain=True)


def batch(bodies: Sequence[str]) -> str:
    """Up to `BATCH_LIMIT` objects as one payload: a single one as it is, several as an array."""
    return bodies[0] if len(bodies) == 1 else f"[{','.join(bodies)}]"


def topic_of(site: str, kind: Kind, device: str, channel: Channel) -> NativeTopic:
    """A native topic."""
    return NativeTopic(site, kind, device, channel)


def _head(head: Head) -> dict[str, _Json]:
    at: _Json
    if head.zone is None:
        at = round(head.at_s, 3)
        at = int(at) if at == int(at) else at
    else:
        at = datetime.fromtimestamp(round(head.at_s, 3), head.zone).isoformat(timespec="milliseconds")
    return {"at": at, "boot": head.boot, "seq": head.seq}


def _fridge(state: ColdState) -> dict[str, _Json]:
    return {
        "temperature_c": round(state.temperature_c * 16) / 16,  # the steps of a DS18B20
        "humidity_pct": round(state.humidity_pct, 1),
        "door_open": state.door_open,
        "defrost": state.defrost,
        "battery_pct": round(state.battery_pct, 1),
        "rssi_dbm": state.rssi_dbm,
    }


def _meter(state: MeterState) -> dict[str, _Json]:
    values: dict[str, _Json] = {
        "energy_kwh": round(state.energy_kwh, 3),
        "power_w": round(state.power_w, 1),
    }
    for number, phase in enumerate(state.phases, 1):
        values[f"voltage_l{number}_v"] = round(phase.voltage_v, 1)
        values[f"current_l{number}_a"] = round(phase.current_a, 3)
    values["power_factor"] = round(state.power_factor, 3)
    values["frequency_hz"] = round(state.frequency_hz, 2)
    values["residual_current_ma"] = round(state.residual_current_ma, 1)
    return values


def _dump(body: Mapping[str, object]) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
