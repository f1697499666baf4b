"""A sender that floods is held to its limit; nobody else notices, and memory stays bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.ingest.flood import BURST, MESSAGES_PER_S, SAMPLE_MS, SENDERS_KEPT, Bucket, Flood

NOW = 1_790_000_000_000


def taken(flood: Flood, sender: bytes, count: int, now_ms: int) -> int:
    return sum(flood.takes(sender, now_ms) for _ in range(count))


def test_a_burst_passes_and_what_is_beyond_does_not() -> None:
    assert taken(Flood(), b"a", BURST + 1_000, NOW) == BURST


def test_the_sustained_rate_passes_for_ever() -> None:
    flood = Flood(messages_per_s=200, burst=10)
    assert all(flood.takes(b"a", NOW + number * 5) for number in range(10_000))


def test_a_flood_leaves_the_sender_its_sustained_rate() -> None:
    flood = Flood(messages_per_s=200, burst=10)
    passed = sum(flood.takes(b"a", NOW + number) for number in range(10_000))  # 1,000 a second for 10 s
    assert passed == 2_000 + 10 - 1


def test_a_sender_that_rests_gets_its_burst_back() -> None:
    flood = Flood()
    assert taken(flood, b"a", 2 * BURST, NOW) == BURST
    assert taken(flood, b"a", 2 * BURST, NOW + BURST * 1_000 // MESSAGES_PER_S) == BURST


def test_neighbours_are_not_touched() -> None:
    flood = Flood()
    taken(flood, b"a", 2 * BURST, NOW)
    assert taken(flood, b"b", BURST, NOW) == BURST


def test_memory_is_bounded_and_those_who_flood_are_not_forgotten() -> None:
    flood = Flood()
    taken(flood, b"a", 2 * BURST, NOW)
    for number in range(3 * SENDERS_KEPT):
        assert flood.takes(b"%d" % number, NOW + number // 100)
    assert len(flood._buckets) <= SENDERS_KEPT
    assert taken(flood, b"a", BURST, NOW + 2_000) < 2_000


def test_a_sender_whose_bucket_is_kept_is_judged_as_any_other_and_never_forgotten() -> None:
    flood, bucket = Flood(), Bucket()
    for number in range(3 * SENDERS_KEPT):
        flood.takes(b"%d" % number, NOW)
    assert sum(flood.takes_from(bucket, NOW) for _ in range(2 * BURST)) == BURST
    for number in range(3 * SENDERS_KEPT):
        flood.takes(b"%d" % number, NOW)
    assert not flood.takes_from(bucket, NOW)
    assert flood.takes_from(bucket, NOW + 1_000 // MESSAGES_PER_S)


def test_senders_beyond_all_bounds_at_once_do_not_grow_the_memory() -> None:
    flood = Flood()
    for number in range(2 * SENDERS_KEPT):
        flood.takes(b"%d" % number, NOW)
        flood.sample(b"%d" % number, NOW)
    assert len(flood._buckets) <= SENDERS_KEPT
    assert len(flood._excess) <= SENDERS_KEPT
    assert len(flood._sample_due_ms) <= SENDERS_KEPT


def test_a_clock_set_back_a_day_silences_nobody() -> None:
    flood = Flood()
    taken(flood, b"a", 100, NOW)
    day = 86_400_000
    assert flood.takes(b"a", NOW - day + 10)
    assert flood.takes(b"a", NOW - day + BURST * 1_000 // MESSAGES_PER_S)


def test_one_letter_a_second_stands_for_all_of_the_excess() -> None:
    flood = Flood()
    samples = [flood.sample(b"a", NOW + number) for number in range(SAMPLE_MS * 3 + 1)]
    assert [count for count in samples if count] == [1, SAMPLE_MS, SAMPLE_MS, SAMPLE_MS]
    assert flood.sample(b"b", NOW) == 1


@given(st.lists(st.integers(0, 50), max_size=300))
def test_never_more_than_burst_and_rate_together(steps: list[int]) -> None:
    flood, bucket = Flood(messages_per_s=100, burst=20), Bucket()
    now_ms, passed = NOW, 0
    for step in steps:
        now_ms += step
        is_taken = flood.takes(b"a", now_ms)
        assert flood.takes_from(bucket, now_ms) is is_taken
        passed += is_taken
        assert passed <= 20 + (now_ms - NOW) // 10
    assert passed >= min(len(steps), 20)
