"""Facts made again of what the history keeps, for the time that the log no longer has.

What the history does not know is made up by one rule each:

- When a fact arrived: when it was measured. So nothing is late, and what came late is judged in order.
- Ticks: one a minute. The hub is taken to have been listening while any device was heard every five minutes;
  after a longer gap it listens anew from the next fact on, so that a hub that was down is no silent campus.
- Signs of life that were no readings, taps or presence are lost, as are values that the store refused, and
  dead letters.

A device that spoke more than once in a millisecond keeps its readings apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from devices.facts import Clock, Fact, Kind, Presence, Reading, Tap, Tick, Trust
from devices.series import DEVICE, TAP, measurement_of
from hub.history.port import FieldValue, Point

TICK_MS: Final = 60_000
DEAF_MS: Final = 5 * 60_000
MEASUREMENTS: Final = frozenset({*map(measurement_of, Kind), TAP, DEVICE})  # that facts are made of
_TRUSTS: Final = {trust.value: trust for trust in Trust}


class Past:
    """Makes facts of the points of one stretch of time after the other."""

    def __init__(self, from_ms: int) -> None:
        self._next_tick_ms = from_ms
        self._heard_ms: int | None = None
        self._listening_ms = from_ms

    def facts(self, points: Iterable[Point], until_ms: int, heard_ms: Iterable[int] = ()) -> Iterator[Fact]:
        """The facts of these points with ticks among them, in order; the next call goes on at `until_ms`.

        `heard_ms`: when anybody was heard, in order, where the points are not of all devices."""
        heard = iter(heard_ms)
        other_ms = next(heard, None)
        for fact in _facts_of(points):
            at_ms = fact.measured_at_ms
            while other_ms is not None and other_ms < at_ms:
                yield from self._hear(other_ms)
                other_ms = next(heard, None)
            yield from self._hear(at_ms)
            yield fact
        while other_ms is not None:
            yield from self._hear(other_ms)
            other_ms = next(heard, None)
        yield from self._ticks(until_ms)

    def _hear(self, at_ms: int) -> Iterator[Tick]:
        """The ticks before; then somebody is heard."""
        yield from self._ticks(at_ms)
        if self._heard_ms is None or at_ms - self._heard_ms > DEAF_MS:
            self._listening_ms = at_ms
        self._heard_ms = at_ms

    def _ticks(self, before_ms: int) -> Iterator[Tick]:
        while self._next_tick_ms < before_ms:
            at_ms = self._next_tick_ms
            self._next_tick_ms += TICK_MS
            # While nobody was heard nothing is known to have been missed, and no tick was written.
            if self._heard_ms is not None and at_ms - self._heard_ms <= DEAF_MS:
                yield Tick(f"tick/{at_ms}", at_ms, self._listening_ms)


def _facts_of(points: Iterable[Point]) -> list[Fact]:
    """One fact for the points of one device, measurement and time."""
    together: dict[tuple[int, int, str, str], dict[str, FieldValue]] = {}
    for point in points:
        if point.device and point.measurement in MEASUREMENTS:
            key = (point.at_ms, point.sub_ns, point.device, point.measurement)
            together.setdefault(key, {}).update(point.fields)
    return [_fact(*key, together[key]) for key in sorted(together)]


def _fact(at_ms: int, sub_ns: int, device: str, measurement: str, fields: Mapping[str, FieldValue]) -> Fact:
    key = f"past/{device}/{at_ms}/{sub_ns}"
    if measurement == TAP:
        return Tap(
            key,
            device,
            at_ms,
            at_ms,
            Clock.DEVICE,
            str(fields.get("tag_uid", "")),
            str(fields.get("badge", "")),
            _TRUSTS.get(str(fields.get("trust", "")), Trust.MANUAL),
        )
    if measurement == DEVICE and "online" in fields:
        return Presence(key, device, at_ms, at_ms, Clock.DEVICE, bool(fields["online"]))
    values = tuple(
        (name, value if isinstance(value, bool) else float(value))
        for name, value in sorted(fields.items())
        if not isinstance(value, str)
    )
    return Reading(key, device, at_ms, at_ms, Clock.DEVICE, values)
