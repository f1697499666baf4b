"""Which devices may be judged apart from which, shared out evenly; decides, and does no IO.

Devices that one watch is about are judged together (a meter and those below it). What is about no device's
readings, rounds for instance, hangs on taps and what people decide: all of it is judged in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from rules.model import Watch
from rules.reach import devices_of

_RARE_MS: Final = 3_600_000  # taken for the interval of devices that have none
_FACT: Final = 4  # what reading a fact costs, in watches


class Share(msgspec.Struct, frozen=True):
    """The devices that one process judges. `has_taps`: it judges what is about taps (rounds), too."""

    devices: frozenset[str]
    has_taps: bool

    def judges(self, watch: Watch) -> bool:
        """Whether this watch is one of its own."""
        devices = devices_of(watch)
        return self.devices.issuperset(devices) if devices else self.has_taps


def share_out(
    watches: Iterable[Watch], interval_ms: Mapping[str, int], most: int, *, has_taps: bool
) -> tuple[Share, ...]:
    """At most `most` shares of about the same work, at least one; each watched device is in one of them.

    `interval_ms`: how often devices speak; 0 or missing: hardly ever. `has_taps`: there is more about taps
    than `watches`, since rounds are planned day by day; the first share has it."""
    work: dict[str, float] = {}
    groups = _Groups()
    for watch in watches:
        devices = devices_of(watch)
        if not devices:
            has_taps = True
            continue
        first = devices[0]
        for device in devices:
            if device not in work:
                work[device] = _FACT / (interval_ms.get(device) or _RARE_MS)
            groups.join(first, device)
        work[first] += 1 / (interval_ms.get(first) or _RARE_MS)
    together: dict[str, list[str]] = {}
    for device in work:
        together.setdefault(groups.head_of(device), []).append(device)
    heaviest = sorted(together.values(), key=lambda group: (-sum(map(work.__getitem__, group)), group))
    parts: list[list[str]] = [[] for _ in range(max(1, min(most, len(heaviest))))]
    loads = [0.0] * len(parts)
    for group in heaviest:
        lightest = loads.index(min(loads))
        parts[lightest] += group
        loads[lightest] += sum(map(work.__getitem__, group))
    return tuple(
        Share(frozenset(part), has_taps=has_taps and number == 0) for number, part in enumerate(parts)
    )


class _Groups:
    """Union-find over device ids."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def head_of(self, device: str) -> str:
        """The same one for all of a group."""
        head = device
        while (above := self._above.get(head, head)) != head:
            head = above
        while (above := self._above.get(device, device)) != head:
            self._above[device], device = head, above
        return head

    def join(self, one: str, other: str) -> None:
        """Makes two groups one."""
        self._above[self.head_of(other)] = self.head_of(one)
