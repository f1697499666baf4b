"""Tasmota: `tele/<topic>/SENSOR` and `tele/<topic>/LWT`, with the default FullTopic `%prefix%/%topic%/`."""

from __future__ import annotations

from typing import Final

from devices.facts import Kind, Value
from devices.makers import object_of, presence, reading, values_of, word_of
from devices.source import Decoded, Source
from devices.values import number, told
from devices.wire import WireError, WireReason

_CHIP: Final = "ESP32"  # the processor's own temperature, sent like a sensor's
_PHASES: Final = 3

_Block = dict[str, object]


def decode_reading(payload: bytes, source: Source) -> Decoded:
    """One reading. `source.sensor` is a fridge sensor's `Id`, or the name of its block, or empty."""
    body = object_of(payload)
    said: dict[str, object] = {}
    if source.kind is Kind.FRIDGE:
        said = _climate(body, source.sensor)
    elif source.kind is Kind.METER:
        said = _energy(body.get("ENERGY"))
    values: dict[str, Value] = values_of(source, said)
    # `Time` is local time without an offset unless SetOption52 is on.
    return reading(source, values, body.get("Time"), source.zone)


def decode_status(payload: bytes, source: Source) -> Decoded:
    """The last will: the bare word `Online` or `Offline`."""
    return presence(source, word_of(payload))


def _climate(body: _Block, sensor: str) -> dict[str, object]:
    block = _chosen(body, sensor)
    return {
        "temperature_c": _celsius(block.get("Temperature"), body.get("TempUnit", "C")),
        "humidity_pct": block.get("Humidity"),
    }


def _chosen(body: _Block, sensor: str) -> _Block:
    blocks = {
        name: block for name, block in body.items() if isinstance(block, dict) and "Temperature" in block
    }
    if sensor:
        # The number in a block's name changes when a sensor is added or fails; its Id stays.
        by_id = [block for block in blocks.values() if _same(block.get("Id"), sensor)]
        by_name = [block for name, block in blocks.items() if _same(name, sensor)]
        for block in (*by_id, *by_name):
            return block
        raise WireError(WireReason.NOTHING_KNOWN, f"no sensor {sensor} here, but {_names(blocks)}")
    blocks.pop(_CHIP, None)
    if len(blocks) > 1:
        raise WireError(WireReason.AMBIGUOUS, f"set `sensor` to one of: {_names(blocks)}")
    for block in blocks.values():
        return block
    return {}


def _same(value: object, sensor: str) -> bool:
    return isinstance(value, str) and value.casefold() == sensor.casefold()


def _names(blocks: dict[str, _Block]) -> str:
    ids = ((name, block.get("Id")) for name, block in blocks.items())
    return ", ".join(own if isinstance(own, str) else name for name, own in ids) or "none"


def _celsius(temperature: object, unit: object) -> object:
    if temperature is None or unit == "C":
        return temperature
    if unit != "F":
        raise WireError(WireReason.UNSUPPORTED, "TempUnit is neither C nor F")
    # Rounded, so that -127 °C and 85 °C, a sensor's fault codes, are still exactly that.
    return round((number("Temperature", temperature) - 32) * 5 / 9, 3)


def _energy(energy: object) -> dict[str, object]:
    if energy is None:
        return {}
    if not isinstance(energy, dict):
        raise WireError(WireReason.WRONG_TYPE, f"ENERGY is an object, not {told(energy)}")
    said: dict[str, object] = {
        "energy_kwh": _sum("Total", energy),
        "power_w": _sum("Power", energy),
        "power_factor": _factor(energy),
        "frequency_hz": next(iter(_phases("Frequency", energy)), None),
    }
    for phase, voltage in enumerate(_phases("Voltage", energy), 1):
        said[f"voltage_l{phase}_v"] = voltage
    for phase, current in enumerate(_phases("Current", energy), 1):
        said[f"current_l{phase}_a"] = current
    return said


def _phases(name: str, energy: _Block) -> list[float | None]:
    """A number stands for one phase, or for what they share; an array has one number for each."""
    value = energy.get(name)
    values = value if isinstance(value, list) else [value]
    if len(values) > _PHASES:
        raise WireError(WireReason.TOO_MANY, f"{len(values)} circuits in {name}: not one meter")
    return [None if item is None else number(name, item) for item in values]


def _sum(name: str, energy: _Block) -> float | None:
    phases = _phases(name, energy)
    known = [phase for phase in phases if phase is not None]
    # Part of a sum would look like a drop in load or a meter running backwards.
    return sum(known) if phases and len(known) == len(phases) else None


def _factor(energy: _Block) -> float | None:
    factors = _phases("Factor", energy)
    if len(factors) == 1:
        return factors[0]
    # The factor of several phases is not their mean: it is active over apparent power.
    power, apparent = _sum("Power", energy), _sum("ApparentPower", energy)
    if not factors or power is None or not apparent or abs(power) > abs(apparent):
        return None
    return round(power / apparent, 3)
