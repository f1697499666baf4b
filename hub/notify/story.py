"""An alert as the policies see it, folded from its journal; pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from hub.book.model import AlertChanged, Recorded
from hub.notify.model import Kind, Matter
from rules.life import Change
from rules.model import Severity


class Story(msgspec.Struct, frozen=True):
    """An alert since it was last raised: its `occurrence`, from 1, at `began_ms` of the hub's own clock.

    Not the facts' time: nobody could have acted on a backlog before it arrived. `is_open`: the cause lasts
    and nobody has taken it on."""

    alert: int
    rule: str
    subject: str
    severity: Severity
    occurrence: int
    began_ms: int
    is_open: bool
    is_closed: bool
    raised: Matter


def fold(story: Story | None, recorded: Recorded) -> Story | None:
    """The story after one more entry of the journal; None while nothing was raised."""
    changed = recorded.decision
    if not isinstance(changed, AlertChanged):
        return story
    if changed.change in (Change.RAISED, Change.RAISED_AGAIN):
        return Story(
            alert=changed.alert,
            rule=changed.rule,
            subject=changed.subject,
            severity=changed.severity,
            occurrence=story.occurrence + 1 if story else 1,
            began_ms=recorded.recorded_at_ms,
            is_open=True,
            is_closed=False,
            raised=matter_of(changed),
        )
    # What is left leads nowhere else: to be taken on, over, or closed.
    return None if story is None else replace(story, is_open=False, is_closed=changed.closed)


def ending_of(changed: AlertChanged) -> Kind | None:
    """What those who were told of the alert hear of this change; None: nothing."""
    match changed.change:
        case Change.CLEARED:
            return Kind.CLEARED
        case Change.AMENDED:
            return Kind.AMENDED
        case Change.CLOSED if changed.by:
            return Kind.CLOSED
        case Change.WITHDRAWN:
            return Kind.CLOSED
    return None  # raised or taken on; or closed by itself, having cleared


def matter_of(changed: AlertChanged) -> Matter:
    """What notices of this change are about."""
    return Matter(
        rule=changed.rule,
        subject=changed.subject,
        severity=changed.severity,
        since_ms=changed.at_ms,
        at_ms=changed.at_ms,
        value=changed.value,
        by=changed.by,
        note=changed.note,
    )
