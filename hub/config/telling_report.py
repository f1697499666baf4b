"""What `campushub check` says of channels and policies; no addresses, which are secrets."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text as Cell

from hub.config.model import Audience, Campus, Hours, Policy, Step
from hub.config.telling_schema import ON_DUTY
from hub.notify.addresses import service_of

_MINUTE_MS = 60_000


def telling(campus: Campus) -> Iterator[Table]:
    """The channels with their services, and who is told when."""
    if campus.channels:
        yield _channels(campus)
    if campus.policies:
        yield _policies(campus)


def _channels(campus: Campus) -> Table:
    table = Table(title="Channels", title_justify="left")
    for heading in ("channel", "service", "language", "messages a minute"):
        table.add_column(heading)
    for channel in campus.channels.values():
        row = (channel.id, service_of(channel.url), channel.language.value, str(channel.per_minute))
        table.add_row(*map(Cell, row))
    return table


def _policies(campus: Campus) -> Table:
    table = Table(title="Who is told (the first that fits; then the shipped ones)", title_justify="left")
    for heading in ("policy", "of what", "steps", "again", "quiet but for critical"):
        table.add_column(heading, overflow="fold")
    for policy in campus.policies:
        row = (
            policy.name,
            _of_what(policy),
            "; ".join(map(_step, policy.steps)),
            f"every {_minutes(policy.repeat_ms)}" if policy.repeat_ms else "",
            _hours(policy.quiet) if policy.quiet else "",
        )
        table.add_row(*map(Cell, row))
    return table


def _of_what(policy: Policy) -> str:
    parts = [", ".join(severity.value for severity in policy.severities), ", ".join(policy.rules)]
    return "; ".join([*parts, *([f"in {', '.join(policy.areas)}"] if policy.areas else [])])


def _step(step: Step) -> str:
    within = f" {_hours(step.hours)}" if step.hours else ""
    to = ", ".join(map(audience_text, step.to))
    return f"after {_minutes(step.after_ms)}{within}: {to} by {', '.join(step.via)}"


def audience_text(to: Audience) -> str:
    """As the file writes it."""
    if to.on_duty:
        return f"{ON_DUTY}:{to.role.value}" if to.role else ON_DUTY
    if to.role is not None:
        return f"role:{to.role.value}"
    return to.answerable.value if to.answerable else f"person:{to.person}"


def _hours(hours: Hours) -> str:
    return f"{hours.starts:%H:%M}-{hours.ends:%H:%M}"


def _minutes(ms: int) -> str:
    return f"{ms / _MINUTE_MS:g} min"
