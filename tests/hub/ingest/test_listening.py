"""Time passes for the rules only while the hub hears everything."""

from __future__ import annotations

from itertools import pairwise

from devices.facts import Tick
from hub.ingest.listening import TICK_MS, Listening

START = 1_790_000_003_000


def every_tick(listening: Listening, first_ms: int, last_ms: int) -> list[Tick]:
    asked = (listening.tick(now_ms) for now_ms in range(first_ms, last_ms, 500))
    return [tick for tick in asked if tick is not None]


def ticks(listening: Listening, first_ms: int, last_ms: int) -> list[Tick]:
    """Those that are for everything."""
    return [tick for tick in every_tick(listening, first_ms, last_ms) if not tick.phones_only]


def test_there_is_no_tick_before_the_backlog_is_in() -> None:
    assert ticks(Listening(), START, START + 60_000) == []


def test_ticks_hold_off_for_one_full_interval_and_then_come_once_each() -> None:
    listening = Listening()
    listening.caught_up(START)
    found = ticks(listening, START, START + 60_000)
    assert found[0].measured_at_ms >= START + TICK_MS
    steps = {b.measured_at_ms - a.measured_at_ms for a, b in pairwise(found)}
    assert steps == {TICK_MS}
    assert {tick.listening_since_ms for tick in found} == {START}


def test_a_lost_connection_stops_time_and_starts_it_anew() -> None:
    listening = Listening()
    listening.caught_up(START)
    listening.lost(START)
    assert ticks(listening, START, START + 60_000) == []
    listening.caught_up(START + 60_000)
    assert ticks(listening, START + 60_000, START + 90_000)[0].listening_since_ms == START + 60_000


def test_being_told_twice_changes_nothing() -> None:
    listening = Listening()
    listening.caught_up(START)
    listening.caught_up(START + 5_000)
    assert listening.since_ms == START


def test_a_clock_that_steps_back_a_day_does_not_stop_time() -> None:
    listening = Listening()
    listening.caught_up(START)
    ticks(listening, START, START + 60_000)
    day = 86_400_000
    found = ticks(listening, START - day, START - day + 60_000)
    assert found
    assert found[-1].listening_since_ms <= found[-1].measured_at_ms


def test_an_outage_during_which_the_broker_kept_everything_counts_as_a_pause() -> None:
    listening = Listening()
    listening.caught_up(START)
    for minute in range(1, 60):
        at_ms = START + minute * 600_000
        listening.lost(at_ms)
        listening.caught_up(at_ms + 1_000, kept=True)
    assert listening.since_ms == START + 59 * 1_000


def test_a_hub_that_was_stopped_or_asleep_has_not_listened() -> None:
    listening = Listening()
    listening.caught_up(START)
    ticks(listening, START, START + 60_000)
    woken_ms = START + 2_400_000
    assert listening.tick(woken_ms) is None
    assert listening.since_ms == woken_ms
    assert ticks(listening, woken_ms, woken_ms + 60_000)


def test_ticks_after_a_step_back_share_no_key_with_those_before() -> None:
    listening = Listening()
    listening.caught_up(START)
    before = ticks(listening, START, START + 60_000)
    after = ticks(listening, START - 30_000, START + 60_000)
    assert after
    assert not {tick.key for tick in before} & {tick.key for tick in after}


def test_a_clock_that_steps_ahead_does_not_repeat_a_tick() -> None:
    listening = Listening()
    listening.caught_up(START)
    found = ticks(listening, START, START + 30_000) + ticks(listening, START + 86_400_000, START + 86_430_000)
    keys = [tick.key for tick in found]
    assert len(keys) == len(set(keys))


def test_without_a_broker_time_passes_for_phones_alone() -> None:
    found = every_tick(Listening(), START, START + 60_000)
    assert {(tick.phones_only, tick.phones_since_ms) for tick in found} == {(True, START)}
    assert found[0].measured_at_ms >= START + TICK_MS
    assert {b.measured_at_ms - a.measured_at_ms for a, b in pairwise(found)} == {TICK_MS}


def test_a_broker_that_goes_and_comes_back_does_not_begin_the_time_of_phones_anew() -> None:
    listening = Listening()
    listening.caught_up(START)
    found = every_tick(listening, START, START + 60_000)
    listening.lost(START + 60_000)
    found += every_tick(listening, START + 60_000, START + 600_000)
    listening.caught_up(START + 600_000)
    found += every_tick(listening, START + 600_000, START + 660_000)
    assert {tick.phones_since_ms for tick in found} == {START}
    assert {b.measured_at_ms - a.measured_at_ms for a, b in pairwise(found)} == {TICK_MS}
    assert [tick.phones_only for tick in found].count(True) == 55
    assert not found[-1].phones_only


def test_phones_were_not_heard_while_the_hub_was_asleep() -> None:
    listening = Listening()
    every_tick(listening, START, START + 60_000)
    woken_ms = START + 2_400_000
    assert every_tick(listening, woken_ms, woken_ms + 60_000)[0].phones_since_ms == woken_ms


def test_phones_were_not_heard_while_the_log_took_nothing() -> None:
    listening = Listening()
    every_tick(listening, START, START + 60_000)
    again_ms = START + 3_600_000
    for now_ms in range(START + 60_000, again_ms, 500):
        listening.stopped(now_ms)
    assert every_tick(listening, again_ms, again_ms + 60_000)[0].phones_since_ms == again_ms


def test_sleep_is_no_listening_whoever_wakes_first() -> None:
    woken_ms = START + 60_000 + 8 * 3_600_000
    for first in ("tick", "caught up"):
        listening = Listening()
        listening.caught_up(START)
        ticks(listening, START, START + 60_000)
        listening.lost(woken_ms)
        if first == "tick":
            listening.tick(woken_ms + 100)
        listening.caught_up(woken_ms + 200, kept=True)
        listening.tick(woken_ms + 300)
        assert listening.since_ms is not None
        assert listening.since_ms >= woken_ms, first
