"""An alert as the policies see it, folded from its journal; pure."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from hub.book.model import AlertChanged, Recorded
from hub.notify.model import Kind, Matter
from rules.life import Change, Hush
from rules.model import Severity, is_graver

_TAKES_PART: Final = frozenset(
    {Change.RAISED, Change.ACKNOWLEDGED, Change.PUT_RIGHT, Change.REJECTED, Change.REOPENED}
)


class Story(msgspec.Struct, frozen=True):
    """An alert since people were last to be told: its `occurrence`, from 1, at `began_ms` of the hub's clock.

    Not the facts' time: nobody could have acted on a backlog before it arrived. `severity`: the gravest of
    this occurrence. `is_active`: the cause lasts. `is_taken_on`: by somebody. `hushes`: why people are not
    told. `reopened`: how often it was; `is_reopened`: that is what this occurrence is about.

    `active_since_ms`: since when the cause lasts without a break. `taken_on_as`: how grave it was when
    somebody took it on. `untold_from`: the first occurrence that nobody has taken on yet. `is_left`: it was
    over while people might have been told, and waits for somebody to close it.

    `took_part`: who took it on, put it right, found that it was not, or reported it, and the occurrence of
    which they last did.

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
    is_reopened: bool = False
    active_since_ms: int = 0
    taken_on_as: Severity | None = None
    untold_from: int = 1
    is_left: bool = False
    took_part: tuple[tuple[str, int], ...] = ()

    @property
    def is_open(self) -> bool:
        """The cause lasts, or it is to be dealt with once more; nobody has taken it on, nothing hushes it."""
        is_to_do = self.is_active or self.is_reopened
        return is_to_do and not self.is_closed and not self.is_taken_on and not self.hushes

    @property
    def outgrew(self) -> bool:
        """It became graver than what somebody had taken on, which counts as taken on by nobody."""
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
    if changed.change is Change.RAISED or (story is None and changed.change is Change.RAISED_AGAIN):
        return _with_part(_raised(story, recorded, changed), changed)
    return None if story is None else _with_part(_goes_on(story, recorded, changed), changed)


def moved(story: Story, by_ms: int) -> Story:
    """The story by a clock that was set by so much (back: negative) after all that it tells."""
    return replace(
        story,
        began_ms=story.began_ms + by_ms,
        first_began_ms=story.first_began_ms + by_ms,
        active_since_ms=story.active_since_ms + by_ms,
    )


def _goes_on(story: Story, recorded: Recorded, changed: AlertChanged) -> Story:
    now = replace(story, is_active=changed.active, is_closed=changed.closed, hushes=changed.hushes)
    match changed.change:
        case Change.ACKNOWLEDGED | Change.PUT_RIGHT:
            return replace(
                now,
                is_taken_on=True,
                taken_on_as=changed.severity,
                worsened=False,
                is_reopened=False,
                is_left=False,
                untold_from=story.occurrence + 1,
            )
        case Change.SHELVED:
            return replace(now, worsened=False)
        case Change.CLEARED | Change.AMENDED | Change.STEADY if not changed.active:
            is_left = not changed.closed and not changed.hushes and not story.is_taken_on
            return replace(now, is_left=is_left)
        case Change.RAISED_AGAIN:
            return _raised_again(now, recorded, changed, story)
        case Change.SURFACED:
            return _told_anew(replace(now, is_taken_on=False), recorded, changed)
        case Change.FLAPPING:
            return _told_anew(now, recorded, changed)
        case Change.WORSENED if _is_graver(changed, story) or _outgrows(changed, story):
            # Otherwise it is told as this grave already, and its escalation must not begin anew.
            return _told_anew(replace(now, worsened=True), recorded, changed, story)
        case Change.REJECTED | Change.REOPENED:
            return _reopened(now, recorded, changed)
    return now


def ending_of(changed: AlertChanged) -> Kind | None:
    """What those who were told of the alert hear of this change; None: nothing."""
    match changed.change:
        case Change.CLEARED if Hush.FLAPPING not in changed.hushes:
            return Kind.CLEARED
        case Change.STEADY if not changed.active:
            return Kind.CLEARED
        case Change.AMENDED if Hush.FLAPPING not in changed.hushes:
            return Kind.AMENDED
        case Change.PUT_RIGHT:
            return Kind.PUT_RIGHT
        case Change.CONFIRMED:
            return Kind.CONFIRMED
        case Change.WITHDRAWN:
            return Kind.CLOSED
        case Change.CLOSED if changed.by:
            return Kind.CLOSED
        case Change.REJECTED | Change.REOPENED:
            return Kind.REOPENED
    return None  # about telling it at all, or known to whoever was told; or closed by itself, having cleared


def _with_part(story: Story, changed: AlertChanged) -> Story:
    if not changed.by or changed.change not in _TAKES_PART:
        return story
    others = tuple(part for part in story.took_part if part[0] != changed.by)
    return replace(story, took_part=(*others, (changed.by, story.occurrence)))


def _is_graver(changed: AlertChanged, story: Story) -> bool:
    return is_graver(changed.severity, story.severity)


def _outgrows(changed: AlertChanged, story: Story) -> bool:
    """Whether it is graver than what somebody took on, and not told as that yet."""
    if not story.is_taken_on or story.worsened:
        return False
    return is_graver(changed.severity, story.taken_on_as or story.severity)


def _raised(story: Story | None, recorded: Recorded, changed: AlertChanged) -> Story:
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
        reopened=story.reopened if story else 0,
        first_occurrence=occurrence,
        first_began_ms=recorded.recorded_at_ms,
        active_since_ms=recorded.recorded_at_ms,
        untold_from=occurrence,
    )


def _reopened(now: Story, recorded: Recorded, changed: AlertChanged) -> Story:
    anew = _told_anew(replace(now, is_taken_on=False, worsened=False), recorded, changed)
    return replace(
        anew, reopened=now.reopened + 1, is_reopened=True, is_left=False, untold_from=anew.occurrence
    )


def _raised_again(now: Story, recorded: Recorded, changed: AlertChanged, before: Story) -> Story:
    again = replace(
        now,
        is_taken_on=False,
        worsened=False,
        is_reopened=False,
        is_left=False,
        active_since_ms=recorded.recorded_at_ms,
    )
    # What flaps has been told as such, unless somebody has taken just that on.
    is_news = Hush.FLAPPING not in changed.hushes or before.is_taken_on or _is_graver(changed, before)
    return _told_anew(again, recorded, changed) if is_news else again


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
