"""Instants as people type them after an option."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.cli.console import fail
from hub.cli.exits import Exit


def instant(option: str, text: str) -> int | None:
    """Milliseconds since 1970; a time without an offset is UTC. None for nothing typed; ends the program for
    what is no time."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} {text}: give a date or a time, such as 2026-09-01 or 2026-09-01T08:00", Exit.USAGE)
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def typed(at_ms: int) -> str:
    """An instant as it can be typed again, to the second, in UTC."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}"
