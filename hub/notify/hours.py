"""Hours of the day on the site's clock; pure. They begin inclusive and end exclusive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from hub.config.model import Hours

_SECOND_MS: Final = 1_000


def is_within(hours: Hours, at_ms: int, zone: tzinfo) -> bool:
    """Whether this instant lies in these hours."""
    at = _local(at_ms, zone).time()
    if hours.starts < hours.ends:
        return hours.starts <= at < hours.ends
    return at >= hours.starts or at < hours.ends


def next_start(hours: Hours, at_ms: int, zone: tzinfo) -> int:
    """The next instant after `at_ms` at which these hours begin."""
    return _next(at_ms, zone, hours, of_start=True)


def next_end(hours: Hours, at_ms: int, zone: tzinfo) -> int:
    """The next instant after `at_ms` at which these hours end."""
    return _next(at_ms, zone, hours, of_start=False)


def _next(at_ms: int, zone: tzinfo, hours: Hours, *, of_start: bool) -> int:
    wanted = hours.starts if of_start else hours.ends
    day = _local(at_ms, zone).date()
    for ahead in range(3):
        found = datetime.combine(day + timedelta(days=ahead), wanted, zone)
        found_ms = int(found.timestamp() * _SECOND_MS)
        if found_ms > at_ms:
            return found_ms
    raise AssertionError("a time of day comes within two days")


def _local(at_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_ms / _SECOND_MS, UTC).astimezone(zone)
