"""A date and time that somebody chose in a form, as the instant that it is on this campus; pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from rules.local_time import instant_ms


def typed_ms(zone: tzinfo, text: str) -> int:
    """The instant (ms since 1970) of a local date and time as browsers send it; 0 for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return instant_ms(zone, moment.date(), moment.time()) if moment.tzinfo is None else 0
