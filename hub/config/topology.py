"""What carries a device's messages and what feeds it: whether these lead anywhere and not in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from devices.facts import Kind
from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown, suggestion
from rules.causes import Way

_UPSTREAM: Final = {Way.VIA: Kind.GATEWAY, Way.FED_BY: Kind.METER}


def check_topology(document: Document) -> Iterator[Fault]:
    """`via` names a gateway, `fed_by` a meter, and nothing is upstream of itself."""
    devices = {id_: entry for entry in document.entries("device") if (id_ := entry.text("id")) is not None}
    for id_, device in devices.items():
        for way, kind in _UPSTREAM.items():
            above = device.text(way.value)
            if above is None:
                continue
            if above not in devices:
                problem = f"there is no [[device]] {shown(above)}"
                yield device.fault(way.value, problem, suggestion(above, devices))
            elif devices[above].text("kind") not in (kind.value, None):
                yield device.fault(way.value, f"{shown(above)} is no {kind.value}", f"name a {kind.value}")
            elif _comes_back(id_, devices, way):
                yield device.fault(way.value, "leads back to this device", "correct one of the circle")


def _comes_back(id_: str, devices: dict[str, Entry], way: Way) -> bool:
    seen: set[str] = set()
    above = devices[id_].text(way.value)
    while above is not None and above in devices and above not in seen:
        if above == id_:
            return True
        seen.add(above)
        above = devices[above].text(way.value)
    return False
