"""Cause chains: which open alert is the cause of which other ones, by what carries and feeds what; pure.

A consequence lies below the first cause of its chain, so that an incident is one alert and what is below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from fnmatch import fnmatchcase
from typing import Final

import msgspec

# Trouble is noticed in any order: a gateway's sensors may be missed before the gateway itself is.
SETTLING_MS: Final = 10 * 60_000


class Way(Enum):
    """How a cause upstream reaches a device: over what carries its messages, or over what feeds it."""

    VIA = "via"
    FED_BY = "fed_by"


class Causation(msgspec.Struct, frozen=True):
    """Alerts of `rules` may come from alerts of `causes` on what lies upstream; patterns of rule ids."""

    rules: str
    way: Way
    causes: tuple[str, ...]


SHIPPED: Final = (
    # Behind a gateway that is away nobody can be heard.
    Causation("device.silent*", Way.VIA, ("device.silent*", "device.offline*", "gateway.*")),
    # Without power a cold unit warms up and a device falls silent; a meter that is silent may be without it.
    Causation("cold.*", Way.FED_BY, ("power.cut*", "power.voltage-low*", "power.phase-lost*")),
    Causation("device.silent*", Way.FED_BY, ("power.cut*", "power.phase-lost*", "device.silent*")),
    # Where the main supply is away, so is that of the circuits below it.
    Causation("power.*", Way.FED_BY, ("power.cut*",)),
)


class OpenAlert(msgspec.Struct, frozen=True):
    """An alert as far as chains care. `since_ms`, `over_ms`: in the facts' time; `over_ms` None: it lasts.

    `explains`: it may be a cause, since people hear of it, and it lasts or was over only just now; `closed`:
    it needs none itself."""

    id: int
    rule: str
    subject: str
    since_ms: int
    over_ms: int | None = None
    explains: bool = True
    closed: bool = False


class Topology(msgspec.Struct, frozen=True):
    """For each device what carries its messages and what feeds it, where that is known."""

    via: Mapping[str, str]
    fed_by: Mapping[str, str]

    def upstream(self, device: str, way: Way) -> Iterator[str]:
        """What lies upstream, the nearest first; a loop is walked once."""
        links = self.via if way is Way.VIA else self.fed_by
        seen = {device}
        while (above := links.get(device, "")) and above not in seen:
            yield above
            seen.add(above)
            device = above


def parents(
    alerts: Sequence[OpenAlert], topology: Topology, causations: Iterable[Causation] = SHIPPED
) -> dict[int, int]:
    """For each consequence the first cause of its chain."""
    known = tuple(causations)
    by_subject: dict[str, list[OpenAlert]] = {}
    for alert in alerts:
        by_subject.setdefault(alert.subject, []).append(alert)
    nearest: dict[int, OpenAlert] = {}
    for alert in alerts:
        cause = next(_causes_of(alert, by_subject, topology, known), None)
        if cause is not None and not alert.closed:
            nearest[alert.id] = cause
    return {id_: _first(id_, nearest) for id_ in nearest}


def _causes_of(
    alert: OpenAlert,
    by_subject: Mapping[str, list[OpenAlert]],
    topology: Topology,
    causations: tuple[Causation, ...],
) -> Iterator[OpenAlert]:
    for causation in causations:
        if not fnmatchcase(alert.rule, causation.rules):
            continue
        for device in topology.upstream(alert.subject, causation.way):
            for cause in by_subject.get(device, ()):
                if _is_meant(cause.rule, causation.causes) and cause.explains and _fits_in_time(alert, cause):
                    yield cause


def _is_meant(rule: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(rule, pattern) for pattern in patterns)


def _fits_in_time(alert: OpenAlert, cause: OpenAlert) -> bool:
    """It began with its cause, or while that lasted; trouble that was there long before has another one."""
    until_ms = None if cause.over_ms is None else cause.over_ms + SETTLING_MS
    return alert.since_ms >= cause.since_ms - SETTLING_MS and (until_ms is None or alert.since_ms <= until_ms)


def _first(id_: int, nearest: Mapping[int, OpenAlert]) -> int:
    seen = {id_}
    while id_ in nearest and nearest[id_].id not in seen:
        id_ = nearest[id_].id
        seen.add(id_)
    return id_
