"""Deciding who is to be told what, and when; pure.

A policy's steps count from when its first one is told: quiet hours put the whole escalation off, so that at
their end the first are not told together with those who would be told because the first did nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from datetime import tzinfo
from fnmatch import fnmatchcase
from typing import Final

from msgspec.structs import replace

from hub.config.model import PAGES, Answerable, Audience, Campus, Policy, Step
from hub.notify import audience, hours
from hub.notify.model import ASKING, Kind, Matter, Notice, notice_of
from hub.notify.story import Story
from rules.model import Role, Rule, Severity

_MINUTE_MS: Final = 60_000
_WAIT_MS: Final = 30_000
_LATE_MS: Final = 2 * _MINUTE_MS  # those told later than this are given their time all the same

_BEGINS: Final = ASKING | {Kind.REOPENED}

# What holds where no configured policy selects an alert: its own people on the pages at once, then whom its
# rule names; of what became critical, where it names nobody, the head after a quarter of an hour.
_OWNERS_AT_ONCE: Final = Step(0, (Audience(answerable=Answerable.ROLE),), (PAGES,))
_THEN_THE_HEAD: Final = Step(15 * _MINUTE_MS, (Audience(role=Role.HEAD),), (PAGES,))


def policy_for(campus: Campus, story: Story) -> Policy:
    """The first policy that selects the alert; what its rule itself says where none does."""
    area = _area_of(campus, story.subject)
    fitting = (
        policy
        for policy in campus.policies
        if story.severity in policy.severities
        and any(fnmatchcase(story.rule, pattern) for pattern in policy.rules)
        and (not policy.areas or area in policy.areas)
    )
    return next(fitting, None) or shipped(campus.rules.get(story.rule), story.severity)


def shipped(rule: Rule | None, severity: Severity) -> Policy:
    """Who is told of a rule's alerts without any policy; `rule` None: it left the configuration."""
    named = (
        tuple(Step(one.after_ms, (Audience(role=one.to),), (PAGES,)) for one in rule.escalation)
        if rule
        else ()
    )
    # A critical rule that names nobody means nobody; one that only became critical has not been asked.
    is_silent_on_it = rule is None or (not rule.escalation and rule.severity is not Severity.CRITICAL)
    if severity is Severity.CRITICAL and is_silent_on_it:
        named = (_THEN_THE_HEAD,)
    return Policy(
        name="shipped",
        severities=tuple(Severity),
        rules=("*",),
        areas=(),
        steps=(_OWNERS_AT_ONCE, *named),
        repeat_ms=None,
        quiet=None,
        wait_ms=_WAIT_MS,
    )


def asking(
    campus: Campus, story: Story, known: Container[str], now_ms: int, telling_ms: int | None = None
) -> tuple[Notice, ...]:
    """What is due at `now_ms` because nobody has taken the alert on. `known`: ids that the ledger has;
    `telling_ms`: when the first were in fact decided upon, from which the others count if that was late.

    A notice whose `tell_at_ms` is still to come is to be held until then."""
    if not story.is_open and not story.flaps and not story.outgrew:
        return ()
    policy = policy_for(campus, story)
    due = (notice for notice in _due(campus, policy, story, now_ms, telling_ms) if notice.id not in known)
    return tuple({notice.id: notice for notice in due}.values())


def left(campus: Campus, story: Story, now_ms: int) -> tuple[Notice, ...]:
    """What those who are told first hear of an alert that was over before anybody was told, if it does not
    close by itself: somebody has to look into it. Whether nobody was told, the ledger knows."""
    if not story.is_left or story.hushes or story.is_closed:
        return ()
    policy = policy_for(campus, story)
    if 0 <= now_ms - story.began_ms < policy.wait_ms:
        return ()
    at_ms = min(story.began_ms + policy.wait_ms, now_ms)
    over = replace(story.raised, is_over=True)
    notices = []
    for number, step in enumerate(policy.steps):
        if step.after_ms != policy.steps[0].after_ms:
            break
        tell_at_ms = _tell_at(policy, step, story.severity, at_ms, campus.site.zone)
        for recipient, channel in _recipients(campus, story, step, tell_at_ms):
            notices.append(_notice(story, Kind.RAISED, number, 0, recipient, channel, tell_at_ms, over))
    return tuple({notice.id: notice for notice in notices}.values())


def ending(
    campus: Campus, story: Story, kind: Kind, matter: Matter, told: Collection[Notice], at_ms: int
) -> tuple[Notice, ...]:
    """What those who were asked to act, or took part, hear of the alert's end, or of its being put right or
    not. `at_ms`: when the hub wrote the change down; `told`: what was told of the alert, or is with its
    channel, in order.

    Who was never told of the trouble is not told of its end, nor who has heard of it already, nor who did it.
    """
    policy = policy_for(campus, story)
    tell_at_ms = _tell_at(policy, None, story.severity, at_ms, campus.site.zone)
    is_over = kind in (Kind.CLEARED, Kind.AMENDED)
    heard = {(notice.recipient, notice.channel): notice for notice in told}
    began = {(notice.recipient, notice.channel) for notice in told if notice.kind in _BEGINS}
    asked = {
        whom: None
        for whom, last in heard.items()
        if whom in began and (last.kind in _BEGINS if is_over else last.kind is not kind)
    }
    asked |= _took_part(campus, story, asked, heard, None if is_over else kind)
    return tuple(
        _notice(story, kind, story.reopened, 0, recipient, channel, tell_at_ms, matter)
        for recipient, channel in asked
        if (recipient, channel) != (matter.by, PAGES)
    )


def _took_part(
    campus: Campus,
    story: Story,
    asked: Iterable[tuple[str, str]],
    heard: Mapping[tuple[str, str], Notice],
    news: Kind | None,
) -> dict[tuple[str, str], None]:
    """Those who did something about it and are not among those whom `asked` reaches; the pages tell them what
    has happened since, and `news`, if that is not what they heard last."""
    meant = {person for recipient, _ in asked for person in audience.people(campus, recipient)}
    found: dict[tuple[str, str], None] = {}
    for person, occurrence in story.took_part:
        last = heard.get((person, PAGES))
        is_news = last is None or last.occurrence < occurrence or (news is not None and last.kind is not news)
        if person not in meant and is_news:
            found[person, PAGES] = None
    return found


def _due(
    campus: Campus, policy: Policy, story: Story, now_ms: int, telling_ms: int | None
) -> Iterator[Notice]:
    zone = campus.site.zone
    began_ms = min(story.began_ms, now_ms)

    def tell_at(step: Step, at_ms: int) -> int:
        return _tell_at(policy, step, story.severity, at_ms, zone)

    firsts = [step for step in policy.steps if step.after_ms == policy.steps[0].after_ms]
    first_ms = max(
        began_ms, _lasting_since_ms(story, began_ms) + max(policy.steps[0].after_ms, policy.wait_ms)
    )
    first_told_ms = min(tell_at(step, first_ms) for step in firsts)
    if telling_ms is not None and first_told_ms + _LATE_MS < telling_ms <= now_ms:
        first_told_ms = telling_ms
    if story.flaps and began_ms < story.active_since_ms <= now_ms:
        first_told_ms = max(first_told_ms, story.active_since_ms)
    # What flaps is told once, unless it is critical and lasts.
    is_escalated = not story.flaps or (story.is_active and story.severity is Severity.CRITICAL)
    last_told_ms = first_told_ms
    for number, step in enumerate(policy.steps):
        at_ms = first_ms if step in firsts else first_told_ms + step.after_ms - policy.steps[0].after_ms
        if at_ms > now_ms:
            return
        tell_at_ms = tell_at(step, at_ms)
        last_told_ms = max(last_told_ms, at_ms)
        if step not in firsts and not is_escalated:
            return  # and to nobody else
        kind = _first_kind(story) if step in firsts else Kind.ESCALATED
        # Who had been told has heard that it was reopened: with the same id.
        part = story.reopened if kind is Kind.REOPENED else number
        for recipient, channel in _recipients(campus, story, step, tell_at_ms):
            yield _notice(story, kind, part, 0, recipient, channel, tell_at_ms, story.raised)
    if story.is_open:  # what somebody has taken on once cannot be taken on again, which would end it
        yield from _repeated(campus, policy, story, last_told_ms, now_ms)


def _first_kind(story: Story) -> Kind:
    if story.is_reopened:
        return Kind.REOPENED
    if story.flaps:
        return Kind.FLAPPING
    return Kind.WORSENED if story.worsened else Kind.RAISED


def _lasting_since_ms(story: Story, began_ms: int) -> int:
    """Since when it is wrong: what only became graver has been so for longer than its occurrence."""
    return min(story.first_began_ms, began_ms) if story.worsened else began_ms


def _repeated(campus: Campus, policy: Policy, story: Story, since_ms: int, now_ms: int) -> Iterator[Notice]:
    """The newest repetition; earlier ones that nobody made are not made up for, and none is held back."""
    again = (now_ms - since_ms) // policy.repeat_ms if policy.repeat_ms else 0
    if not policy.repeat_ms or again < 1:
        return
    at_ms = since_ms + again * policy.repeat_ms
    for step in policy.steps:
        if _tell_at(policy, step, story.severity, at_ms, campus.site.zone) == at_ms:
            for recipient, channel in _recipients(campus, story, step, at_ms):
                yield _notice(story, Kind.REPEATED, 0, again, recipient, channel, at_ms, story.raised)


def _tell_at(policy: Policy, step: Step | None, severity: Severity, at_ms: int, zone: tzinfo) -> int:
    """The first instant from `at_ms` on at which the step's people may be told."""
    shift = step.hours if step else None
    is_urgent = severity is Severity.CRITICAL
    if step is not None and is_urgent and not _is_anybody_there(policy, step, at_ms, zone):
        return at_ms
    quiet = None if is_urgent else policy.quiet
    for _ in range(3):  # the end of the quiet hours may lie outside the shift, whose beginning then counts
        if shift is not None and not hours.is_within(shift, at_ms, zone):
            at_ms = hours.next_start(shift, at_ms, zone)
        if quiet is None or not hours.is_within(quiet, at_ms, zone):
            return at_ms
        at_ms = hours.next_end(quiet, at_ms, zone)
    return at_ms


def _is_anybody_there(policy: Policy, step: Step, at_ms: int, zone: tzinfo) -> bool:
    """Whether one of those who are told together with this step is on shift."""
    together = (one.hours for one in policy.steps if one.after_ms == step.after_ms)
    return any(shift is None or hours.is_within(shift, at_ms, zone) for shift in together)


def _recipients(campus: Campus, story: Story, step: Step, at_ms: int) -> Iterator[tuple[str, str]]:
    """Whom a step tells by what at this instant. On the pages each person has notices of their own; other
    channels go to wherever their address leads, once, and say whom they are meant for."""
    meant = audience.meant(campus, story.rule, story.subject, step.to, at_ms)
    for channel in dict.fromkeys(step.via):
        if channel == PAGES:
            people = audience.people(campus, meant) or audience.administrators(campus)
            yield from ((person, channel) for person in people)
        else:
            yield meant, channel


def _area_of(campus: Campus, subject: str) -> str:
    device = campus.devices.get(subject)
    return device.area if device else ""


def _notice(
    story: Story,
    kind: Kind,
    step: int,
    again: int,
    recipient: str,
    channel: str,
    tell_at_ms: int,
    matter: Matter,
) -> Notice:
    return notice_of(story.alert, story.occurrence, kind, step, again, recipient, channel, tell_at_ms, matter)
