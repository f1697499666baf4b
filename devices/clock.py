"""Which time a fact gets: the device's claim where it can be believed, the hub's receive time otherwise."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from devices.facts import Clock
from devices.wire import WireError, WireReason

# Clocks set over a network or by a phone stay within seconds; cheap ones drift by about a minute a month.
# Further ahead than this a clock is wrong, and its facts would make later, true ones look old.
AHEAD_TOLERANCE_MS: Final = 5 * 60 * 1000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
# Clocks that were never set start at 0, at 1970, 2000 or at the firmware's build: nothing here is older.
_FIRST_MS: Final = (datetime(2020, 1, 1, tzinfo=UTC) - _EPOCH) // _MS
# Milliseconds or nanoseconds sent as seconds lie far beyond this.
_END_MS: Final = (datetime(2101, 1, 1, tzinfo=UTC) - _EPOCH) // _MS
# Seconds between these are the device's own time, rounded to milliseconds, unless that is ahead.
FIRST_S: Final = _FIRST_MS // 1000
LAST_S: Final = _END_MS // 1000 - 1

_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?:([Zz])|([+-])(\d\d):(\d\d))?",
    re.ASCII,
)


def resolve(
    claimed: object, received_at_ms: int, zone: tzinfo | None, after_ms: int | None = None
) -> tuple[int, Clock]:
    """`measured_at_ms` and where it comes from; raises WireError for what is no time at all.

    `claimed`: None, Unix seconds, or RFC 3339; without an offset it is read in `zone`, or refused when that
    is None; `after_ms`, the device's time before, is for the hour that comes twice. A time before 2020 or
    further ahead than the tolerance gives way to `received_at_ms`.
    """
    if claimed is None:
        return received_at_ms, Clock.NONE
    if isinstance(claimed, str):
        claimed_ms, clock = _from_text(claimed, zone, received_at_ms, after_ms)
    else:
        claimed_ms, clock = _from_seconds(claimed), Clock.DEVICE
    if claimed_ms >= _END_MS:
        raise WireError(WireReason.BAD_TIME, f"{claimed} is after the year 2100")
    if claimed_ms < _FIRST_MS:
        return received_at_ms, Clock.UNSET
    if claimed_ms > received_at_ms + AHEAD_TOLERANCE_MS:
        return received_at_ms, Clock.AHEAD
    return claimed_ms, clock


def _from_seconds(seconds: object) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise WireError(WireReason.WRONG_TYPE, "a time is a number of seconds or a string")
    # Written so that NaN is refused too; checked before the arithmetic, which a huge integer would break.
    if not 0 <= seconds < _END_MS // 1000:
        raise WireError(WireReason.BAD_TIME, "not seconds between the years 1970 and 2100")
    return round(seconds * 1000)


def _from_text(
    text: str, zone: tzinfo | None, received_at_ms: int, after_ms: int | None
) -> tuple[int, Clock]:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise WireError(WireReason.BAD_TIME, text)
    year, month, day, hour, minute, second = (int(part) for part in match.group(1, 2, 3, 4, 5, 6))
    fraction_ms = int((match[7] or "")[:3].ljust(3, "0"))
    local = match[8] is None and match[9] is None
    if local and zone is None:
        raise WireError(WireReason.NO_OFFSET, text)
    if second == 60:  # a leap second: Unix time has no room for it, so it is the start of the next one
        second, fraction_ms = 59, 1000
    try:
        place = zone if local else _offset(match)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=place)
    except ValueError as error:
        raise WireError(WireReason.BAD_TIME, f"{text}: {error}") from None
    at_ms = (moment - _EPOCH) // _MS + fraction_ms
    if not local:
        return at_ms, Clock.DEVICE
    again_ms = (moment.replace(fold=1) - _EPOCH) // _MS + fraction_ms
    if again_ms > at_ms and _is_the_second(at_ms, again_ms, received_at_ms, after_ms):
        return again_ms, Clock.LOCAL
    return at_ms, Clock.LOCAL


def _is_the_second(first_ms: int, second_ms: int, received_at_ms: int, after_ms: int | None) -> bool:
    """Which of the two instants a local time means that comes twice, as summer time ends.

    The second cannot be meant before it is there, and is meant by what has just been said. Of what was long
    under way only the order tells: whichever is nearer to the device's time before."""
    if second_ms > received_at_ms + AHEAD_TOLERANCE_MS:
        return False
    if received_at_ms - second_ms <= AHEAD_TOLERANCE_MS:
        return True
    return after_ms is not None and abs(second_ms - after_ms) < abs(after_ms - first_ms)


def _offset(match: re.Match[str]) -> timezone:
    if match[8] is not None:
        return UTC
    hours, minutes = int(match[10]), int(match[11])
    if hours > 23 or minutes > 59:
        raise ValueError("offset out of range")
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if match[9] == "-" else size)
