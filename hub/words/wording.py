"""Numbers, units, times and durations in words; pure. `static/ages.js` says durations the same way."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final

from hub.words.texts import Texts

MINUS: Final = "\N{MINUS SIGN}"
_SECOND_MS: Final = 1_000
_NOW_MS: Final = 5_000
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
_IN_HOURS_UNTIL_S: Final = 2 * _DAY_S

# The unit of a series stands in its name: (suffix, unit, decimals). The longest that fits is meant.
_UNITS: Final = (
    ("_days", "d", 1),
    ("_pct", "%", 0),
    ("_kwh", "kWh", 1),
    ("_dbm", "dBm", 0),
    ("_ma", "mA", 0),
    ("_hz", "Hz", 2),
    ("_c", "°C", 1),
    ("_w", "W", 0),
    ("_v", "V", 1),
    ("_a", "A", 1),
)
_FROM_THERE_IN_KW: Final = 1_000


def unit_of(quantity: str) -> tuple[str, int]:
    """The unit of a series and how many decimals a person needs of it; no unit: `("", 2)`."""
    return next(((unit, digits) for suffix, unit, digits in _UNITS if quantity.endswith(suffix)), ("", 2))


def number(value: float, decimals: int) -> str:
    """`−18.4`: a real minus sign, a point, no thousands separators, and never minus nothing."""
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def amount(value: float, quantity: str) -> tuple[str, str]:
    """A value of a series as a person reads it: the number and its unit."""
    unit, decimals = unit_of(quantity)
    if unit == "W" and abs(value) >= _FROM_THERE_IN_KW:
        return number(value / 1_000, 2), "kW"
    return number(value, decimals), unit


def with_unit(value: float, quantity: str) -> str:
    """`4.2 °C`, with a space that does not break."""
    figures, unit = amount(value, quantity)
    return f"{figures}\N{NO-BREAK SPACE}{unit}" if unit else figures


def duration(ms: int, texts: Texts) -> str:
    """`42 s`, `12 min`, `3 h 5 min`, `2 d 4 h`; less than nothing is nothing."""
    seconds = max(0, ms) // _SECOND_MS
    if seconds < _MINUTE_S:
        return texts("time.seconds", n=seconds)
    if seconds < _HOUR_S:
        return texts("time.minutes", n=seconds // _MINUTE_S)
    if seconds < _IN_HOURS_UNTIL_S:
        return texts("time.hours", h=seconds // _HOUR_S, m=seconds % _HOUR_S // _MINUTE_S)
    return texts("time.days", d=seconds // _DAY_S, h=seconds % _DAY_S // _HOUR_S)


def ago(ms: int, texts: Texts) -> str:
    """How long ago: `3 min ago`."""
    return texts("time.just_now") if ms < _NOW_MS else texts("time.ago", duration=duration(ms, texts))


def moment(at_ms: int, now_ms: int, zone: tzinfo, texts: Texts) -> str:
    """`14:05` today, `3 Jul 14:05` on another day, and with another year's number; on the site's clock."""
    at, now = local(at_ms, zone), local(now_ms, zone)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{day(at_ms, now_ms, zone, texts)} {at:%H:%M}"


def day(at_ms: int, now_ms: int, zone: tzinfo, texts: Texts) -> str:
    """The day alone, in words; with the year where it is not this one."""
    at, now = local(at_ms, zone), local(now_ms, zone)
    words = texts("time.day", month=texts(f"time.month.{at.month}"), day=at.day)
    return words if at.year == now.year else texts("time.day_of_year", day=words, year=at.year)


def local(at_ms: int, zone: tzinfo) -> datetime:
    """An instant on the site's clock."""
    return datetime.fromtimestamp(at_ms / _SECOND_MS, UTC).astimezone(zone)


def iso(at_ms: int) -> str:
    """An instant for machines: RFC 3339 in UTC, to the second."""
    return f"{datetime.fromtimestamp(at_ms // _SECOND_MS, UTC):%Y-%m-%dT%H:%M:%SZ}"
