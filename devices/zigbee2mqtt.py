"""Zigbee2MQTT: `<base>/<friendly name>` and `<base>/<friendly name>/availability`.

Properties are those of the devices' "exposes"; `last_seen` is absent, ISO 8601 or milliseconds by setting.
"""

from __future__ import annotations

from typing import Final

from devices.facts import Kind
from devices.makers import object_of, presence, reading, values_of, word_of
from devices.source import Decoded, Source
from devices.values import number, told
from devices.wire import WireError, WireReason

_FRIDGE: Final = {
    "temperature": "temperature_c",
    "humidity": "humidity_pct",
    "battery": "battery_pct",
}
# Tuya's three-phase meters call the phases _a, _b, _c; the others leave the first one bare.
_METER: Final = {
    "energy": "energy_kwh",
    "power": "power_w",
    "voltage": "voltage_l1_v",
    "voltage_a": "voltage_l1_v",
    "voltage_b": "voltage_l2_v",
    "voltage_c": "voltage_l3_v",
    "voltage_phase_b": "voltage_l2_v",
    "voltage_phase_c": "voltage_l3_v",
    "current": "current_l1_a",
    "current_a": "current_l1_a",
    "current_b": "current_l2_a",
    "current_c": "current_l3_a",
    "current_phase_b": "current_l2_a",
    "current_phase_c": "current_l3_a",
    "power_factor": "power_factor",
    "ac_frequency": "frequency_hz",
    "leakage_current": "residual_current_ma",
    "battery": "battery_pct",
}
_NAMES: Final = {Kind.FRIDGE: _FRIDGE, Kind.METER: _METER}
_OTHER_PHASES: Final = ("power_phase_b", "power_phase_c")


def decode_reading(payload: bytes, source: Source) -> Decoded:
    """One reading. `source.sensor`, if set, is the property that holds a fridge's temperature."""
    body = object_of(payload)
    names = _NAMES.get(source.kind, {})
    said = {names[name]: value for name, value in body.items() if name in names and value is not None}
    if source.kind is Kind.FRIDGE:
        if source.sensor:
            said["temperature_c"] = body.get(source.sensor)
        said["door_open"] = _door_open(body.get("contact"))
    elif source.kind is Kind.METER:
        said["power_w"] = _total_power(body)
        said["power_factor"] = _as_fraction(said.get("power_factor"))
    return reading(source, values_of(source, said), _last_seen(body.get("last_seen")), None)


def decode_status(payload: bytes, source: Source) -> Decoded:
    """Availability: `{"state":"online"}`, or the bare word of older installations."""
    if not payload.lstrip().startswith(b"{"):
        return presence(source, word_of(payload))
    state = object_of(payload).get("state")
    if not isinstance(state, str):
        raise WireError(WireReason.WRONG_TYPE, f"state is a string, not {told(state)}")
    return presence(source, state)


def _door_open(contact: object) -> object:
    # `contact` tells of the magnet: together means closed.
    return not contact if isinstance(contact, bool) else contact


def _total_power(body: dict[str, object]) -> object:
    if not any(name in body for name in _OTHER_PHASES):
        return body.get("power")
    # Beside the other phases `power` is the first phase's alone; without one of them the sum is unknown.
    phases = [body.get(name) for name in ("power", *_OTHER_PHASES)]
    return None if None in phases else sum(number("power", phase) for phase in phases)


def _as_fraction(factor: object) -> object:
    # Tuya's meters send per cent where others send a fraction; no factor is above one.
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 1 < abs(factor) <= 100:
        return factor
    return factor / 100


def _last_seen(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value / 1000 if abs(value) < 1e300 else value
