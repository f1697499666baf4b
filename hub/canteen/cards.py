"""Cold units as cards: what each one shows; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from devices.facts import Kind
from hub.config.model import Storing
from hub.live.board import DeviceNow
from hub.live.state import DeviceState, Standing, limits
from hub.web.scene import Element, Face, Scene, Section, flag_of, hears_device, number_of, tone_of
from rules.model import Direction, Text

TEMPERATURE: Final = "temperature_c"
_MARGIN_C: Final = 6.0  # how far the gauge reaches beyond the limits
_ONE_SIDED_C: Final = 18.0  # how much of the right side it shows where there is but one limit


class Gauge(msgspec.Struct, frozen=True):
    """Where the limits and the value stand on a line from 0 to 100; `value` None: not known."""

    low: float
    high: float
    value: float | None


class ColdCard(msgspec.Struct, frozen=True):
    """A cold unit. `word`: the end of the text key for its state; `low`, `high`: what no rule minds."""

    id: str
    name: Text
    area: Text
    storing: Storing | None
    state: DeviceState
    word: str
    tone: str
    stale: bool
    temperature_c: float | None
    measured_at_ms: int | None
    low: float | None
    high: float | None
    gauge: Gauge | None
    humidity_pct: float | None
    door_open: bool | None
    defrost: bool
    battery_pct: float | None


def sections(scene: Scene) -> tuple[Section, ...]:
    """The cold units, in the order of the configuration."""
    return (Section("cold", tuple(_elements(scene))),)


FACE: Final = Face("hub.canteen", sections)


def cold_card(scene: Scene, now: DeviceNow) -> ColdCard:
    """What the card of one cold unit says."""
    device = scene.campus.devices[now.id]
    found = scene.standing(now)
    low, high = limits(scene.watches[now.id], TEMPERATURE)
    known = now.quantity(TEMPERATURE)
    shown = number_of(now, TEMPERATURE) if found.state is not DeviceState.FAULT else None
    return ColdCard(
        id=now.id,
        name=device.name,
        area=scene.area_name(device.area),
        storing=device.storing,
        state=found.state,
        word=word_of(found),
        tone=tone_of(found),
        stale=found.stale,
        temperature_c=shown,
        measured_at_ms=known.measured_at_ms if known else now.received_at_ms,
        low=low,
        high=high,
        gauge=gauge_of(low, high, shown),
        humidity_pct=number_of(now, "humidity_pct"),
        door_open=flag_of(now, "door_open"),
        defrost=flag_of(now, "defrost") or False,
        battery_pct=number_of(now, "battery_pct"),
    )


def word_of(found: Standing) -> str:
    """`high` and `low` while it is not yet an alert, `too_high` and `too_low` once it is."""
    if found.state is not DeviceState.BEYOND or found.breach is None:
        return found.state.value
    if found.breach.quantity != TEMPERATURE:
        return DeviceState.BEYOND.value
    side = "high" if found.breach.direction is Direction.ABOVE else "low"
    return side if found.severity is None else f"too_{side}"


def gauge_of(low: float | None, high: float | None, value: float | None) -> Gauge | None:
    """The limits with some room on either side; a value further out stands at the end of the line."""
    if low is None and high is None:
        return None
    right_from = low if low is not None else (high or 0.0) - _ONE_SIDED_C
    right_to = high if high is not None else (low or 0.0) + _ONE_SIDED_C
    first, last = right_from - (_MARGIN_C if low is not None else 0), right_to + _MARGIN_C

    def place(at_c: float) -> float:
        return round(min(max((at_c - first) / (last - first), 0.0), 1.0) * 100, 1)

    return Gauge(place(right_from), place(right_to), None if value is None else place(value))


def _elements(scene: Scene) -> Iterator[Element]:
    for now in scene.devices:
        if scene.campus.devices[now.id].kind is Kind.FRIDGE:
            card = cold_card(scene, now)
            hears = hears_device(now.id, scene.standing(now))
            yield Element(f"device-{now.id}", "canteen/cold.html", card, hears)
