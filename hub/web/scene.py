"""What a page is made of: one consistent view of the campus, and live elements drawn from it.

A live element is one HTML element with an id of its own, the same in the page and in the event stream.
`<topic>-<ref>` (`device-cold-1`, `alert-12`) is the element of that one thing: once the thing is gone from
the scene, so is the element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from devices.facts import Tap
from hub.book.model import Alert, RoundRun
from hub.config.binding import watches_of
from hub.config.model import Campus
from hub.live.board import Changed, DeviceNow, Topic
from hub.live.state import DeviceState, Standing, standing
from hub.web.deps import Deps, Health
from hub.web.viewer import Viewer
from rules.model import Severity, Text, Watch

Watches: TypeAlias = Mapping[str, tuple[Watch, ...]]

_UNKNOWN: Final = (DeviceState.NEVER, DeviceState.OFFLINE, DeviceState.SILENT, DeviceState.OUT_OF_SERVICE)


@dataclass(frozen=True, slots=True)
class Scene:
    """The campus at `now_ms`, for one viewer. `watches`: by device, without the INFO rules."""

    campus: Campus
    viewer: Viewer
    now_ms: int
    devices: tuple[DeviceNow, ...]
    alerts: tuple[Alert, ...]
    rounds: tuple[RoundRun, ...]
    taps: tuple[Tap, ...]
    health: Health
    watches: Watches

    def standing(self, now: DeviceNow) -> Standing:
        """How a device does."""
        device = self.campus.devices[now.id]
        return standing(
            now,
            self.watches[now.id],
            (alert for alert in self.alerts if alert.subject == now.id),
            device.interval_ms,
            self.now_ms,
        )

    def with_round(self, run: RoundRun) -> Scene:
        """The same scene, knowing one more run: an old alert may be about one that the board let go."""
        return replace(self, rounds=(*(known for known in self.rounds if known.id != run.id), run))

    def area_name(self, area: str) -> Text:
        """An area's name, or its id where the configuration has lost it."""
        found = self.campus.areas.get(area)
        return found.name if found else Text(area, area)

    def person_name(self, person: str) -> str:
        """A person's name, or the id where the configuration has lost it; empty for nobody."""
        found = self.campus.people.get(person)
        return found.name if found else person


@dataclass(frozen=True, slots=True)
class Element:
    """A live element: `template` draws `card`. `hears`: the changes that may alter it (None: any of them)."""

    id: str
    template: str
    card: object
    hears: tuple[tuple[Topic, str | None], ...]

    def concerns(self, changed: frozenset[Changed]) -> bool:
        """Whether one of these changes may alter this element."""
        return any(
            topic is heard and (ref is None or ref == changed_ref)
            for heard, changed_ref in changed
            for topic, ref in self.hears
        )


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of elements; `id` is the container into which a new element goes."""

    id: str
    elements: tuple[Element, ...]
    summary: Element | None = None


def _none(_scene: Scene) -> tuple[Section, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Face:
    """One room of pages: its package holds `templates/` and `texts/`; `sections`: its part of live pages.

    `apart`: what live pages of its own are made of."""

    package: str
    sections: Callable[[Scene], tuple[Section, ...]]
    apart: Callable[[Scene], tuple[Section, ...]] = _none


def deciding_watches(campus: Campus) -> Watches:
    """For each device what is watched on it by rules that matter more than INFO."""
    return {
        device.id: tuple(
            watch
            for watch in watches_of(campus, device)
            if campus.rules[watch.rule].severity is not Severity.INFO
        )
        for device in campus.devices.values()
    }


def scene_of(deps: Deps, watches: Watches, viewer: Viewer) -> Scene:
    """The campus as the board has it now."""
    return Scene(
        campus=deps.campus,
        viewer=viewer,
        now_ms=deps.now(),
        devices=deps.board.devices(),
        alerts=deps.board.alerts(),
        rounds=deps.board.rounds(),
        taps=deps.board.taps(),
        health=deps.health(),
        watches=watches,
    )


def tone_of(found: Standing) -> str:
    """The name of its colour: `ok`, `warn`, `crit`, or `info` where it is worked on, `off` where
    nothing is known and nobody alerted, and for what is out of service."""
    if found.severity is Severity.CRITICAL:
        return "crit"
    if found.state is DeviceState.OK:
        return "ok"
    if found.state is DeviceState.MAINTENANCE:
        return "info"
    return "off" if found.state in _UNKNOWN and found.severity is None else "warn"


def hears_device(device: str, found: Standing) -> tuple[tuple[Topic, str | None], ...]:
    """What may alter a device's card. Falling silent is no event: whoever is silent is drawn at each beat."""
    beat: tuple[tuple[Topic, str | None], ...] = ((Topic.HEALTH, None),) if found.stale else ()
    return ((Topic.DEVICE, device), (Topic.ALERT, None), *beat)


def number_of(now: DeviceNow, quantity: str) -> float | None:
    """The newest number of a series of a device, if there is one."""
    found = now.quantity(quantity)
    return None if found is None or isinstance(found.value, bool) else float(found.value)


def flag_of(now: DeviceNow, quantity: str) -> bool | None:
    """The newest yes or no of a series of a device, if there is one."""
    found = now.quantity(quantity)
    return found.value if found is not None and isinstance(found.value, bool) else None
