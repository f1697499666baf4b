"""Single values of the file: the types that the schema is made of, and the parsers that checks share."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from hub.config.faults import shown, suggestion
from hub.tls.names import is_name, written
from rules.durations import parse_duration

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UID_LENGTHS = (8, 14, 20)  # hex digits of the 4, 7 and 10 byte UIDs of ISO 14443
_SEPARATORS = re.compile(r"[:\- ]")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
# Costs above 14 would keep every device that signs in waiting for seconds.
_BCRYPT = re.compile(r"\$2[abxy]\$(?:0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}")
_PASSWORD_IN_URL = re.compile(r"://[^/@]*:[^/@]+@")


def parse_uid(text: str) -> str | None:
    """The UID as upper-case hex without separators; None unless it is one of 4, 7 or 10 bytes."""
    digits = _SEPARATORS.sub("", text).upper()
    valid = len(digits) in _UID_LENGTHS and all(digit in "0123456789ABCDEF" for digit in digits)
    return digits if valid else None


def parse_time(text: str) -> time | None:
    """A time of day written as 06:00."""
    found = _TIME.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found else None


def parse_weekday(text: str) -> int | None:
    """Monday is 0."""
    return WEEKDAYS.index(text) if text in WEEKDAYS else None


def wrong(problem: str, remedy: str = "") -> PydanticCustomError:
    """What a validator raises; without a remedy of its own, the field's description is the remedy."""
    return PydanticCustomError("campus", "{problem}", {"problem": problem, "remedy": remedy})


def _both_languages(value: object) -> object:
    return {"zh": value, "en": value} if isinstance(value, str) else value


def _uid(text: str) -> str:
    uid = parse_uid(text)
    if uid is None:
        raise wrong(
            "is not a UID of 4, 7 or 10 bytes", 'write 8, 14 or 20 hex digits, as in "04A1B2C3D4E580"'
        )
    return uid


def _time_of_day(value: object) -> time:
    if isinstance(value, time):
        if value.tzinfo is None:
            return value.replace(second=0, microsecond=0)
        raise wrong(
            "has a UTC offset, and times of day are local"
        )  # pragma: no cover - TOML has no such time
    found = parse_time(value) if isinstance(value, str) else None
    if found is None:
        raise wrong(f"{shown(value)} is not a time of day", 'write hours and minutes, as in "06:00"')
    return found


def _weekday(value: object) -> int:
    day = parse_weekday(value) if isinstance(value, str) else None
    if day is None:
        raise wrong(f"{shown(value)} is not a weekday", "write some of: " + ", ".join(WEEKDAYS))
    return day


def _duration(value: object) -> int:
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        raise wrong(f"{shown(value)} is not a duration", 'write it as in "90s", "10m" or "2h"') from None


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        nearest = suggestion(text, available_timezones())
        remedy = nearest if nearest.startswith("did you mean") else 'write it as in "Asia/Shanghai"'
        raise wrong(f"{shown(text)} is not a time zone", remedy) from None
    return text


def _plain_url(text: str) -> str:
    if has_password(text):
        raise wrong("has a password in it", "move it to the environment or to a file of its own")
    return text


def _http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise wrong("is not a web address", 'write it as in "http://127.0.0.1:8086"')
    return text


def _server_name(text: str) -> str:
    if not is_name(text):
        raise wrong(
            f"{shown(text)} is neither a host name nor an address",
            'write it without port and path, as in "hub.school.example" or "192.168.1.20"',
        )
    return written(text)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise wrong("contains control characters", "write a name of printable characters on one line")
    return text


def _password_hash(text: str) -> str:
    if _BCRYPT.fullmatch(text) is None:
        raise wrong(
            "is no bcrypt hash of a cost from 4 to 14",
            "`campushub broker user` makes one; a password itself never stands here",
        )
    return text


def _topic(text: str) -> str:
    levels = text.split("/")
    if not all(levels) or any(c in text for c in "+#") or not text.isprintable():
        raise wrong(
            f"{shown(text)} is not a topic", 'write it without "+", "#", empty levels and outer slashes'
        )
    return text


def has_password(url: str) -> bool:
    """Whether a password stands in a URL."""
    return _PASSWORD_IN_URL.search(url) is not None


def for_languages(model: type[Any]) -> BeforeValidator:
    """A plain string stands for both languages of a text."""
    return BeforeValidator(_both_languages, json_schema_input_type=str | model)


Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(_printable)]
Uid = Annotated[str, AfterValidator(_uid)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
DurationMs = Annotated[int, BeforeValidator(_duration)]
Interval = Annotated[DurationMs, Field(ge=1_000, le=7 * 86_400_000)]
Grace = Annotated[DurationMs, Field(le=12 * 3_600_000)]
Weekday = Annotated[int, BeforeValidator(_weekday)]
Zone = Annotated[str, AfterValidator(_zone)]
Port = Annotated[int, Field(ge=1, le=65535)]
ServerName = Annotated[str, StringConstraints(max_length=253), AfterValidator(_server_name)]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,253}$")]
UserName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
PasswordHash = Annotated[str, AfterValidator(_password_hash)]
ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[^\x00]+$", max_length=4096)]
PlainUrl = Annotated[str, AfterValidator(_plain_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url), AfterValidator(_plain_url)]
Topic = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_topic)]
SensorId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_:. -]{1,64}$")]
Limit = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
