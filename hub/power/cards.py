"""Power meters as cards: what each one shows; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from devices.facts import Kind
from hub.live.board import DeviceNow
from hub.live.state import DeviceState, Standing
from hub.web.scene import Element, Face, Scene, Section, hears_device, number_of, tone_of
from rules.model import Direction, Text

_BIG: Final = ("power_w", "energy_kwh")
_PHASES: Final = ("l1", "l2", "l3")


class Phase(msgspec.Struct, frozen=True):
    """One conductor: L1, L2 or L3. `wrong`: its voltage is beyond a limit."""

    name: str
    voltage_v: float | None
    current_a: float | None
    wrong: bool


class PowerCard(msgspec.Struct, frozen=True):
    """A meter. `word`: the end of the text key for its state."""

    id: str
    name: Text
    area: Text
    state: DeviceState
    word: str
    tone: str
    stale: bool
    power_w: float | None
    energy_kwh: float | None
    measured_at_ms: int | None
    phases: tuple[Phase, ...]
    residual_current_ma: float | None
    frequency_hz: float | None
    power_factor: float | None


def sections(scene: Scene) -> tuple[Section, ...]:
    """The meters, in the order of the configuration."""
    return (Section("power", tuple(_elements(scene))),)


FACE: Final = Face("hub.power", sections)


def power_card(scene: Scene, now: DeviceNow) -> PowerCard:
    """What the card of one meter says."""
    device = scene.campus.devices[now.id]
    found = scene.standing(now)
    newest = [known.measured_at_ms for name in _BIG if (known := now.quantity(name)) is not None]
    return PowerCard(
        id=now.id,
        name=device.name,
        area=scene.area_name(device.area),
        state=found.state,
        word=word_of(found),
        tone=tone_of(found),
        stale=found.stale,
        power_w=number_of(now, "power_w"),
        energy_kwh=number_of(now, "energy_kwh"),
        measured_at_ms=max(newest, default=now.received_at_ms),
        phases=_phases(now, found),
        residual_current_ma=number_of(now, "residual_current_ma"),
        frequency_hz=number_of(now, "frequency_hz"),
        power_factor=number_of(now, "power_factor"),
    )


def word_of(found: Standing) -> str:
    """What is wrong, by the quantity that is beyond its limit: `leak`, `volts_high`, `volts_low`."""
    if found.state is not DeviceState.BEYOND or found.breach is None:
        return found.state.value
    if found.breach.quantity == "residual_current_ma":
        return "leak"
    if found.breach.quantity.startswith("voltage_"):
        return "volts_high" if found.breach.direction is Direction.ABOVE else "volts_low"
    return DeviceState.BEYOND.value


def _phases(now: DeviceNow, found: Standing) -> tuple[Phase, ...]:
    wrong = found.breach.quantity if found.breach else ""
    phases = (
        Phase(
            name.upper(),
            number_of(now, f"voltage_{name}_v"),
            number_of(now, f"current_{name}_a"),
            wrong == f"voltage_{name}_v",
        )
        for name in _PHASES
    )
    return tuple(phase for phase in phases if phase.voltage_v is not None or phase.current_a is not None)


def _elements(scene: Scene) -> Iterator[Element]:
    for now in scene.devices:
        if scene.campus.devices[now.id].kind is Kind.METER:
            card = power_card(scene, now)
            hears = hears_device(now.id, scene.standing(now))
            yield Element(f"device-{now.id}", "power/meter.html", card, hears)
