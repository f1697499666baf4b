"""Judged in shares, every fact has each watch say what it says when all of them judge together."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import Fact
from hub.alerts.judging import Judging
from hub.backtest.shares import Share, share_out
from hub.log import body
from hub.log.sieve import Sieve
from rules.model import Event, Silent, Total, Watch
from rules.reach import devices_of
from tests.hub.alerts.test_judging import ROUND, campuses, logs


def said_by(
    watches: tuple[Watch, ...], facts: list[Fact], share: Share
) -> list[tuple[int, str, str, list[Event]]]:
    """What each watch said to each fact, as a process with this share finds it."""
    judging = Judging([watch for watch in watches if share.judges(watch)], {})
    if share.has_taps:
        judging.watch_round(ROUND)
    sieve = Sieve(share.devices, all_taps=share.has_taps)
    found = []
    for number, fact in enumerate(facts, 1):
        said = judging.judge(number, [fact], 0, lambda _: None) if sieve.wants(fact) else []
        for rule, subject in sorted({(one.watch.rule, one.watch.subject) for one in said}):
            events = [one.event for one in said if (one.watch.rule, one.watch.subject) == (rule, subject)]
            found.append((number, rule, subject, events))
    return found


@settings(max_examples=400, deadline=None)
@given(campuses(), logs(), st.integers(1, 3))
def test_shares_say_event_by_event_what_all_say_together(
    watches: tuple[Watch, ...], facts: list[Fact], most: int
) -> None:
    everything = Share(frozenset({device for one in watches for device in devices_of(one)}), has_taps=True)
    together = said_by(watches, facts, everything)
    shares = share_out(watches, {}, most, has_taps=True)
    assert 1 <= len(shares) <= most
    assert sorted(one for share in shares for one in said_by(watches, facts, share)) == sorted(together)


def total(subject: str, *parts: str) -> Watch:
    return Watch("total", subject, Total("power_w", parts, 1, 1, 0, 1, 0, 0, 0, 1))


@given(
    st.lists(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=3, unique=True), max_size=9),
    st.integers(1, 4),
)
def test_each_device_is_in_one_share_with_all_that_it_is_compared_with(
    groups: list[list[str]], most: int
) -> None:
    watches = [total(*group) for group in groups]
    shares = share_out(watches, {}, most, has_taps=False)
    devices = [device for share in shares for device in share.devices]
    assert sorted(devices) == sorted({device for group in groups for device in group})
    assert all(any(share.devices >= set(group) for share in shares) for group in groups)
    assert not any(share.has_taps for share in shares)


def test_shares_are_even_by_what_devices_say_and_how_often() -> None:
    watches = [Watch("silent", f"d{number}", Silent(1)) for number in range(9)]
    often = {"d0": 10_000, **{f"d{number}": 60_000 for number in range(1, 7)}}
    one, other = share_out(watches, often, 2, has_taps=True)
    assert one.has_taps
    assert not other.has_taps
    assert "d0" in one.devices  # speaks as often as six of the others
    assert {f"d{number}" for number in range(1, 7)} <= other.devices


@given(logs(), st.sets(st.sampled_from(["cold-1", "cold-2", "cold-3"])), st.booleans(), st.integers(0, 300))
def test_a_sieve_sees_in_bodies_what_it_sees_in_facts(
    facts: list[Fact], devices: set[str], all_taps: bool, length: int
) -> None:
    long = "冷" * length
    named = [_renamed(fact, long) for fact in facts]
    sieve = Sieve({device + long for device in devices}, all_taps=all_taps)
    bodies = [body.encode(fact) for fact in named]
    wanted = [fact for fact in named if sieve.wants(fact)]
    assert list(map(body.encode, wanted)) == sieve.pick(bodies)


@given(st.binary(max_size=40))
def test_what_is_torn_passes_a_sieve_or_is_of_others(torn: bytes) -> None:
    assert Sieve({"cold-1"}, all_taps=True).pick([torn]) in ([], [torn])


def _renamed(fact: Fact, more: str) -> Fact:
    changes = {"key": fact.key + more, **({"device": fact.device + more} if fact.device else {})}
    return msgspec.structs.replace(fact, **changes)
