"""An alert as the policies see it, folded from its journal; pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from hub.book.model import AlertChanged, Recorded
from hub.notify.model import Kind, Matter
from rules.life import Change, Hush
from rules.model import Severity, is_graver


class Story(msgspec.Struct, frozen=True):
    """An alert since people were last to be told: its `occurrence`, from 1, at `began_ms` of the hub's clock.

    Not the facts' time: nobody could have acted on a backlog before it arrived. `severity`: the gravest of
    this occurrence. `is_active`: the cause lasts. `is_taken_on`: by somebody. `hushes`: why people are not
    told. `reopened`: how often it was.

    `worsened`: this occurrence is that it became graver; the trouble itself began with `first_occurrence`, at
    `first_began_ms`."""

    alert: int
    rule: str
    subject: str
    severity: Severity
    occurrence: int
    began_ms: int
    raised: Matter
    is_active: bool = True
    is_taken_on: bool = False
    is_closed: bool = False
    hushes: tuple[Hush, ...] = ()
    reopened: int = 0
    worsened: bool = False
    first_occurrence: int = 1
    first_began_ms: int = 0

    @property
    def is_open(self) -> bool:
        """The cause lasts, nobody has taken it on, and nothing keeps people from being told."""
        return self.is_active and not self.is_taken_on and not self.hushes

    @property
    def outgrew(self) -> bool:
        """It became graver than what somebody had taken on: whoever is told first hears of that, once."""
        return self.is_active and self.is_taken_on and self.worsened and not self.hushes

    @property
    def flaps(self) -> bool:
        """It comes and goes, which is told once; nobody has taken that on, and nothing else hushes it."""
        return self.hushes == (Hush.FLAPPING,) and not self.is_taken_on


def fold(story: Story | None, recorded: Recorded) -> Story | None:
    """The story after one more entry of the journal; None while nothing was raised."""
    changed = recorded.decision
    if not isinstance(changed, AlertChanged):
        return story
    is_new = changed.change is Change.RAISED or (story is None and changed.change is Change.RAISED_AGAIN)
    if is_new:
        occurrence = story.occurrence + 1 if story else 1
        return Story(
            alert=changed.alert,
            rule=changed.rule,
            subject=changed.subject,
            severity=changed.severity,
            occurrence=occurrence,
            began_ms=recorded.recorded_at_ms,
            raised=matter_of(changed),
            hushes=changed.hushes,
            first_occurrence=occurrence,
            first_began_ms=recorded.recorded_at_ms,
        )
    if story is None:
        return None
    now = replace(story, is_active=changed.active, is_closed=changed.closed, hushes=changed.hushes)
    match changed.change:
        case Change.ACKNOWLEDGED:
            return replace(now, is_taken_on=True, worsened=False)
        case Change.SHELVED:
            return replace(now, worsened=False)
        case Change.RAISED_AGAIN if Hush.FLAPPING not in changed.hushes or _is_graver(changed, story):
            return _told_anew(replace(now, is_taken_on=False, worsened=False), recorded, changed)
        case Change.SURFACED | Change.FLAPPING:
            return _told_anew(now, recorded, changed)
        case Change.WORSENED if story.is_taken_on or _is_graver(changed, story):
            # Otherwise it is told as this grave already, and its escalation must not begin anew.
            return _told_anew(replace(now, worsened=True), recorded, changed, story)
        case Change.REJECTED | Change.REOPENED:
            return replace(now, is_taken_on=False, reopened=story.reopened + 1)
    return now


def ending_of(changed: AlertChanged) -> Kind | None:
    """What those who were told of the alert hear of this change; None: nothing."""
    match changed.change:
        case Change.CLEARED if not changed.hushes:
            return Kind.CLEARED
        case Change.STEADY if not changed.hushes and not changed.active:
            return Kind.CLEARED
        case Change.AMENDED if not changed.hushes:
            return Kind.AMENDED
        case Change.PUT_RIGHT | Change.WITHDRAWN:
            return Kind.CLOSED
        case Change.CLOSED if changed.by:
            return Kind.CLOSED
        case Change.REJECTED | Change.REOPENED:
            return Kind.REOPENED
    return None  # about telling it at all, or known to whoever was told; or closed by itself, having cleared


def _is_graver(changed: AlertChanged, story: Story) -> bool:
    return is_graver(changed.severity, story.severity)


def _told_anew(story: Story, recorded: Recorded, changed: AlertChanged, first: Story | None = None) -> Story:
    """Another occurrence; `first`: of the same trouble."""
    return replace(
        story,
        severity=changed.severity,
        occurrence=story.occurrence + 1,
        began_ms=recorded.recorded_at_ms,
        raised=matter_of(changed),
        first_occurrence=first.first_occurrence if first else story.occurrence + 1,
        first_began_ms=first.first_began_ms if first else recorded.recorded_at_ms,
    )


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
        due_ms=changed.due_ms,
    )
