"""What holds of every decision, whatever the policy and whatever happens."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from hub.config.model import Audience, Hours, Policy, Step
from hub.notify import hours, policy
from hub.notify.model import ASKING, Kind, Matter, Notice
from hub.notify.story import Story
from rules.model import Escalation, Role, Severity
from tests.hub.notify.bureau import HOUR, MINUTE, NOON, SILENT, WARM, campus_of

with tempfile.TemporaryDirectory() as folder:
    CAMPUS: Final = campus_of(Path(folder))
ZONE: Final = CAMPUS.site.zone

_times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
_hours = st.builds(Hours, _times, _times).filter(lambda own: own.starts != own.ends)
_audiences = st.sampled_from(
    (Audience(role=Role.CANTEEN), Audience(role=Role.HEAD), Audience(person="li-qiang"))
)
_steps = st.builds(
    Step,
    st.integers(0, 40).map(lambda minutes: minutes * MINUTE),
    st.lists(_audiences, min_size=1, max_size=2).map(tuple),
    st.lists(st.sampled_from(("group", "chief", "pages")), min_size=1, max_size=2).map(tuple),
    st.none() | _hours,
)
_policies = st.builds(
    Policy,
    name=st.just("p"),
    severities=st.just(tuple(Severity)),
    rules=st.just(("*",)),
    areas=st.just(()),
    steps=st.lists(_steps, min_size=1, max_size=4).map(
        lambda steps: tuple(sorted(steps, key=lambda step: step.after_ms))
    ),
    repeat_ms=st.none() | st.integers(1, 60).map(lambda minutes: minutes * MINUTE),
    quiet=st.none() | _hours,
    wait_ms=st.sampled_from((0, 30_000)),
)
_severities = st.sampled_from(Severity)
_gaps = st.lists(st.integers(1, 90 * MINUTE), min_size=1, max_size=40)


def story_of(severity: Severity = Severity.CRITICAL, *, is_open: bool = True) -> Story:
    rule = WARM if severity is Severity.CRITICAL else SILENT
    matter = Matter(rule, "cold-1", severity, NOON, NOON, 11.5)
    return Story(7, rule, "cold-1", severity, 1, NOON, matter, is_active=is_open)


def told_over(own: Policy, story: Story, gaps: list[int]) -> list[tuple[int, Notice]]:
    """What is decided, and when, if somebody looks after each gap."""
    campus = replace(CAMPUS, policies=(own,))
    now_ms, known, decided = NOON, set[str](), []
    for gap in gaps:
        now_ms += gap
        for notice in policy.asking(campus, story, known, now_ms):
            known.add(notice.id)
            decided.append((now_ms, notice))
    return decided


@given(_policies, _severities, _gaps)
def test_nothing_is_decided_twice_and_looking_again_finds_nothing(
    own: Policy, severity: Severity, gaps: list[int]
) -> None:
    decided = told_over(own, story_of(severity), [gap for one in gaps for gap in (one, 0)])
    said = [(n.kind, n.step, n.again, n.recipient, n.channel) for _, n in decided]
    assert len(said) == len(set(said))
    assert len({notice.id for _, notice in decided}) == len(decided)


@given(_policies, _severities, _gaps)
def test_deciding_anew_after_a_crash_gives_the_same_ids(
    own: Policy, severity: Severity, gaps: list[int]
) -> None:
    campus = replace(CAMPUS, policies=(own,))
    now_ms = NOON + sum(gaps)
    first = policy.asking(campus, story_of(severity), frozenset(), now_ms)
    again = policy.asking(campus, story_of(severity), frozenset(), now_ms)
    assert first == again
    kept = {notice.id for notice in first[: len(first) // 2]}
    rest = policy.asking(campus, story_of(severity), kept, now_ms)
    assert kept | {notice.id for notice in rest} == {notice.id for notice in first}


@given(_policies, _severities, _gaps)
def test_how_often_somebody_looks_changes_no_step(own: Policy, severity: Severity, gaps: list[int]) -> None:
    def steps(looks: list[int]) -> set[tuple[str, int]]:
        found = told_over(own, story_of(severity), looks)
        return {(n.id, n.tell_at_ms) for _, n in found if n.kind is not Kind.REPEATED}

    assert steps(gaps) == steps([sum(gaps)])


@given(_policies, _gaps)
def test_quiet_hours_never_hold_back_what_is_critical(own: Policy, gaps: list[int]) -> None:
    loud = replace(own, steps=tuple(replace(step, hours=None) for step in own.steps))
    for now_ms, notice in told_over(loud, story_of(Severity.CRITICAL), gaps):
        assert notice.tell_at_ms <= now_ms


@given(_policies, st.sampled_from((Severity.WARNING, Severity.INFO)), _gaps)
def test_what_can_wait_is_never_told_in_quiet_hours(own: Policy, severity: Severity, gaps: list[int]) -> None:
    plain = replace(own, steps=tuple(replace(step, hours=None) for step in own.steps))
    for _, notice in told_over(plain, story_of(severity), gaps):
        assert own.quiet is None or not hours.is_within(own.quiet, notice.tell_at_ms, ZONE)


@given(_policies, _severities, _gaps)
def test_nobody_is_told_before_it_has_lasted_as_long_as_the_policy_waits(
    own: Policy, severity: Severity, gaps: list[int]
) -> None:
    for now_ms, notice in told_over(own, story_of(severity), gaps):
        assert now_ms - NOON >= max(own.wait_ms, own.steps[0].after_ms)
        if notice.kind is Kind.ESCALATED:
            assert now_ms - NOON >= own.steps[notice.step].after_ms


@given(_policies, _severities, _gaps)
def test_nobody_is_asked_once_it_is_taken_on_or_over(
    own: Policy, severity: Severity, gaps: list[int]
) -> None:
    assert told_over(own, story_of(severity, is_open=False), gaps) == []


@given(_policies, _severities, st.integers(1, 7 * 24 * 60))
@settings(max_examples=50)
def test_every_step_is_told_in_the_end(own: Policy, severity: Severity, minutes: int) -> None:
    campus = replace(CAMPUS, policies=(own,))
    long_after = NOON + 8 * 24 * HOUR + minutes * MINUTE
    found = policy.asking(campus, story_of(severity), frozenset(), long_after)
    assert {n.step for n in found if n.kind is not Kind.REPEATED} == set(range(len(own.steps)))


@given(_policies, _severities)
def test_the_end_is_told_to_those_and_only_those_who_were_asked(own: Policy, severity: Severity) -> None:
    campus = replace(CAMPUS, policies=(own,))
    story = story_of(severity)
    asked = policy.asking(campus, story, frozenset(), NOON + HOUR)
    ended = policy.ending(campus, story, Kind.CLEARED, story.raised, asked, NOON + 2 * HOUR)
    assert {(n.recipient, n.channel) for n in ended} == {(n.recipient, n.channel) for n in asked}
    assert len({n.id for n in (*asked, *ended)}) == len(asked) + len(ended)
    assert all(n.kind in ASKING for n in asked)
    assert policy.ending(campus, story, Kind.CLOSED, story.raised, ended, NOON + 3 * HOUR) == ()


def test_another_occurrence_has_other_ids() -> None:
    now_ms = NOON + HOUR
    first = policy.asking(CAMPUS, story_of(), frozenset(), now_ms)
    second = policy.asking(CAMPUS, changed(story_of(), occurrence=2), frozenset(), now_ms)
    assert {n.id for n in first}.isdisjoint(n.id for n in second)


def test_an_id_is_the_same_for_good() -> None:
    """Changing how ids are made would tell everybody of everything once more at the next start."""
    (notice, *_) = policy.asking(CAMPUS, story_of(), frozenset(), NOON + MINUTE)
    assert notice.id == "21ce3c8c33e419190a7f667a"


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"severities": (Severity.INFO,)}, False),
        ({"rules": ("power.*",)}, False),
        ({"rules": ("power.*", "cold.chilled.?arm")}, True),
        ({"areas": ("library",)}, False),
        ({"areas": ("library", "canteen", "cold-room")}, True),
    ],
)
def test_the_first_policy_that_fits_is_the_one(fields: dict[str, tuple[object, ...]], fits: bool) -> None:
    base = replace(CAMPUS.policies[0], name="last")
    own = replace(base, name="own", **fields)  # type: ignore[arg-type] # the cases name their fields
    campus = replace(CAMPUS, policies=(own, base))
    assert policy.policy_for(campus, story_of()).name == ("own" if fits else "last")
    nobody = replace(CAMPUS, policies=())
    assert policy.policy_for(nobody, story_of()).name == "shipped"


def steps_of(
    escalation: tuple[Escalation, ...], severity: Severity, own: Severity
) -> list[tuple[int, Role | None]]:
    rule = changed(CAMPUS.rules[WARM], escalation=escalation, severity=own)
    campus = replace(CAMPUS, policies=(), rules={WARM: rule})
    found = policy.policy_for(campus, changed(story_of(), severity=severity))
    return [(step.after_ms, step.to[0].role) for step in found.steps]


def test_where_no_policy_fits_its_rule_says_who_is_told_later() -> None:
    own = (Escalation(5 * MINUTE, Role.MAINTENANCE), Escalation(HOUR, Role.HEAD))
    said = [(0, None), (5 * MINUTE, Role.MAINTENANCE), (HOUR, Role.HEAD)]
    assert steps_of(own, Severity.WARNING, Severity.WARNING) == said
    assert steps_of(own, Severity.CRITICAL, Severity.CRITICAL) == said
    assert policy.policy_for(CAMPUS, story_of()).name != "shipped"  # those of the file go before


def test_a_critical_rule_may_name_nobody_and_one_that_became_critical_tells_the_head() -> None:
    assert steps_of((), Severity.CRITICAL, Severity.CRITICAL) == [(0, None)]
    assert steps_of((), Severity.WARNING, Severity.WARNING) == [(0, None)]
    assert steps_of((), Severity.CRITICAL, Severity.WARNING) == [(0, None), (15 * MINUTE, Role.HEAD)]


@given(_policies, st.integers(0, 3 * HOUR), _gaps, st.booleans())
def test_what_became_graver_is_told_once_more_and_deciding_it_anew_gives_the_same_ids(
    own: Policy, lasted_ms: int, gaps: list[int], is_taken_on: bool
) -> None:
    loud = replace(own, steps=tuple(replace(step, hours=None) for step in own.steps))
    first = changed(story_of(Severity.WARNING), first_began_ms=NOON - lasted_ms, began_ms=NOON - lasted_ms)
    story = changed(
        first,
        severity=Severity.CRITICAL,
        occurrence=2,
        began_ms=NOON,
        worsened=True,
        is_taken_on=is_taken_on,
    )
    campus = replace(CAMPUS, policies=(loud,))
    decided = told_over(loud, story, gaps)
    assert all(notice.tell_at_ms <= now_ms for now_ms, notice in decided)  # quiet hours or not
    kinds = {notice.kind for _, notice in decided}
    assert not is_taken_on or kinds <= {Kind.WORSENED, Kind.ESCALATED}  # but no reminders
    if lasted_ms >= max(own.wait_ms, own.steps[0].after_ms):
        assert [n.kind for n in policy.asking(campus, story, frozenset(), NOON)][:1] == [Kind.WORSENED]
    now_ms = NOON + sum(gaps)
    again = policy.asking(campus, story, frozenset(), now_ms)
    assert again == policy.asking(campus, story, frozenset(), now_ms)
    assert {n.id for n in again}.isdisjoint(n.id for n in policy.asking(campus, first, frozenset(), now_ms))


def test_an_alert_of_a_rule_and_a_device_that_are_gone_is_told_to_the_administrators() -> None:
    campus = replace(CAMPUS, policies=(), rules={}, devices={})
    found = policy.asking(campus, story_of(), frozenset(), NOON + MINUTE)
    admins = [person.id for person in CAMPUS.people.values() if person.role is Role.ADMIN]
    assert [notice.recipient for notice in found] == admins


@given(_hours, st.integers(0, 400 * 24 * 60))
def test_hours_begin_inclusive_and_end_exclusive_also_where_clocks_change(own: Hours, minutes: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    at_ms = NOON + minutes * MINUTE
    start, end = hours.next_start(own, at_ms, zone), hours.next_end(own, at_ms, zone)
    assert at_ms < start <= at_ms + 26 * HOUR
    assert at_ms < end <= at_ms + 26 * HOUR
    assert hours.is_within(own, at_ms, zone) == (end < start)
