"""What becomes of telling while a channel refuses: who else tells, and who looks after the channel; pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Final

from hub.config.model import PAGES, Campus, Step
from hub.notify import audience
from hub.notify.model import NO_ALERT, PROBE, Kind, Matter, Notice, notice_of
from rules.model import Severity

RULE: Final = "hub.channel"  # what notices about channels name as their rule; it is none of the catalogue


def instead(campus: Campus, notice: Notice, refusing: Container[str]) -> tuple[Notice, ...]:
    """The same notice, told on the pages to each of those that it is meant for, and by the channels on which
    some policy tells one of them; not by those that refuse. Empty for a probe, which is meant for nobody.

    What a policy tells there anyway has the same id."""
    if notice.recipient == PROBE and notice.alert == NO_ALERT:
        return ()
    people = audience.people(campus, notice.recipient) or audience.administrators(campus)
    if notice.alert == NO_ALERT:
        channels = _one_that_works(campus, refusing, notice.tell_at_ms)
    else:
        channels = tuple(_channels_of(campus, notice, people))
    told = [(person, PAGES) for person in people]
    told += [(notice.recipient, channel) for channel in channels if channel not in refusing]
    return tuple(
        notice_of(
            notice.alert,
            notice.occurrence,
            notice.kind,
            notice.step,
            notice.again,
            recipient,
            channel,
            notice.tell_at_ms,
            notice.matter,
        )
        for recipient, channel in told
    )


def refused(
    campus: Campus, channel: str, outage: int, reason: str, refusing: Container[str], now_ms: int
) -> tuple[Notice, ...]:
    """Those who look after the hub are told that a channel refuses messages, on the pages and by one channel
    that works. `outage`: the how manieth of this channel."""
    keepers = f"role:{audience.caretaker(campus).value}"
    told = [(person, PAGES) for person in audience.administrators(campus)]
    told += [(keepers, other) for other in _one_that_works(campus, refusing, now_ms) if other != channel]
    matter = _matter(channel, now_ms, reason)
    return tuple(_about(outage, Kind.CHANNEL_REFUSED, *whom, now_ms, matter) for whom in told)


def probe(channel: str, outage: int, now_ms: int) -> Notice:
    """What a channel that refuses is tried with: it says to whomever it reaches that it works again."""
    return _about(outage, Kind.CHANNEL_BACK, PROBE, channel, now_ms, _matter(channel, now_ms, ""))


def back(channel: str, told: Iterable[Notice], now_ms: int) -> tuple[Notice, ...]:
    """Who was told that the channel refuses hears that it works again."""
    matter = _matter(channel, now_ms, "")
    return tuple(
        _about(one.occurrence, Kind.CHANNEL_BACK, one.recipient, one.channel, now_ms, matter)
        for one in told
        if one.kind is Kind.CHANNEL_REFUSED
    )


def _about(outage: int, kind: Kind, recipient: str, channel: str, now_ms: int, matter: Matter) -> Notice:
    return notice_of(NO_ALERT, outage, kind, 0, 0, recipient, channel, now_ms, matter)


def _matter(channel: str, now_ms: int, reason: str) -> Matter:
    return Matter(RULE, channel, Severity.WARNING, now_ms, now_ms, None, note=reason)


def _one_that_works(campus: Campus, refusing: Container[str], at_ms: int) -> tuple[str, ...]:
    """Rather one by which some policy tells those who look after the hub."""
    keepers = set(audience.administrators(campus))
    usual = {
        channel
        for step in _steps(campus)
        if keepers & set(audience.people(campus, audience.meant(campus, "", "", step.to, at_ms)))
        for channel in step.via
    }
    working = [channel for channel in campus.channels if channel not in refusing]
    return tuple(sorted(working, key=lambda channel: channel not in usual)[:1])


def _channels_of(campus: Campus, notice: Notice, people: Iterable[str]) -> Iterator[str]:
    matter, wanted = notice.matter, set(people)
    seen = {PAGES}
    for step in _steps(campus):
        meant = audience.meant(campus, matter.rule, matter.subject, step.to, notice.tell_at_ms)
        if wanted & set(audience.people(campus, meant)):
            for channel in step.via:
                if channel not in seen:
                    seen.add(channel)
                    yield channel


def _steps(campus: Campus) -> Iterator[Step]:
    return (step for policy in campus.policies for step in policy.steps)
