"""The shape of [[channel]] and [[policy]]: whom the hub tells, by what, when.

A field's description is the remedy that people read when the key is missing or wrong.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StringConstraints

from hub.config import values
from hub.config.faults import shown
from hub.config.model import Answerable, Audience, Hours, Language
from hub.config.table import Table
from rules.model import Role, Severity

_ENV: Final = "write the name of an environment variable that holds the address"
_FILE: Final = "write the name of a file that holds the address"
_HOURS: Final = 'write them as in "22:00-06:00"'
_TO: Final = (
    'write some of "role:<role>", "person:<id>", "on-duty" and "on-duty:<role>" (whoever works a [[shift]] '
    'then), "owner" (who answers for the device or walks the round) and "owner-role" (whose business the '
    "rule is)"
)
_MINUTE_MS: Final = 60_000
ON_DUTY: Final = "on-duty"


def _hours(value: object) -> Hours:
    starts, _, ends = value.partition("-") if isinstance(value, str) else ("", "", "")
    first, last = values.parse_time(starts.strip()), values.parse_time(ends.strip())
    if first is None or last is None:
        raise values.wrong(f"{shown(value)} are no hours", _HOURS)
    if first == last:
        raise values.wrong("begin when they end", "leave them out for the whole day, or correct one")
    return Hours(first, last)


def _audience(value: object) -> Audience:
    text = value if isinstance(value, str) else ""
    kind, _, name = text.partition(":")
    if text in (Answerable.PERSON.value, Answerable.ROLE.value):
        return Audience(answerable=Answerable(text))
    if text == ON_DUTY:
        return Audience(on_duty=True)
    if kind in ("role", ON_DUTY) and name in {role.value for role in Role}:
        return Audience(role=Role(name), on_duty=kind == ON_DUTY)
    if kind == "person" and name:
        return Audience(person=name)
    if kind in ("role", ON_DUTY):
        known = ", ".join(role.value for role in Role)
        raise values.wrong(f"{shown(text)} is no role", f"write one of: {known}")
    raise values.wrong(f"{shown(value)} is nobody", _TO)


HoursOfDay = Annotated[Hours, BeforeValidator(_hours)]
To = Annotated[Audience, BeforeValidator(_audience)]
Glob = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.*?-]{1,64}$")]


class ChannelTable(Table):
    """[[channel]]"""

    id: values.Id = Field(description='choose an id of lower-case letters, digits and "-", as in "wecom"')
    url: values.PlainUrl | None = Field(
        default=None, description="write the address, or name its place with url_env or url_file"
    )
    url_env: values.EnvironmentName | None = Field(default=None, description=_ENV)
    url_file: values.FileName | None = Field(default=None, description=_FILE)
    language: Annotated[Language, Field(strict=False)] | None = Field(
        default=None, description='write "zh-CN" or "en"'
    )
    per_minute: Annotated[int, Field(ge=1, le=600)] = Field(
        default=20, description="write how many messages a minute it may carry, 1 to 600"
    )


class StepTable(Table):
    """One of a policy's steps."""

    after: Annotated[values.DurationMs, Field(le=7 * 86_400_000)] = Field(
        default=0, description='write how long nobody has taken it on, as in "15m"; at most "7d"'
    )
    to: Annotated[list[To], Field(min_length=1)] = Field(description=_TO)
    via: Annotated[list[values.Id], Field(min_length=1)] = Field(
        default_factory=lambda: ["pages"], description='write ids of channels, or "pages"'
    )
    hours: HoursOfDay | None = Field(default=None, description=_HOURS)


class PolicyTable(Table):
    """[[policy]]"""

    name: values.Label = Field(description='write a name, as in "cold chain"')
    severities: Annotated[list[Annotated[Severity, Field(strict=False)]], Field(min_length=1)] = Field(
        default_factory=lambda: list(Severity), description='write some of "info", "warning", "critical"'
    )
    rules: Annotated[list[Glob], Field(min_length=1)] = Field(
        default_factory=lambda: ["*"], description='write ids of rules, "*" for any end, as in ["cold.*"]'
    )
    areas: list[values.Id] = Field(default_factory=list, description="write ids of areas")
    steps: Annotated[list[StepTable], Field(min_length=1)] = Field(
        description='write steps, as in [{ after = "0m", to = ["role:canteen"], via = ["pages"] }]'
    )
    repeat: Annotated[values.DurationMs, Field(ge=_MINUTE_MS, le=7 * 86_400_000)] | None = Field(
        default=None, description='write how often, as in "30m", from "1m" to "7d"'
    )
    quiet: HoursOfDay | None = Field(default=None, description=_HOURS)
    wait: Annotated[values.DurationMs, Field(le=3_600_000)] = Field(
        default=30_000, description='write for how long an alert has to last, as in "30s"; at most "1h"'
    )
