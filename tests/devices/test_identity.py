"""Keys: the same for the same fact, different for different ones, and bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices import identity
from devices.topics import Channel

CHANNELS = st.sampled_from(Channel)
NAMES = st.text(max_size=70)
BOOTS = st.text(max_size=64) | st.integers(0, 2**63 - 1)
SEQS = st.integers(0, 2**63 - 1)
SEQUENCED = st.tuples(CHANNELS, NAMES, BOOTS, SEQS)
CONTENT = st.tuples(CHANNELS, NAMES, SEQS, st.lists(st.tuples(st.text(), st.floats(allow_nan=False))))


def test_keys_are_readable() -> None:
    assert identity.of_sequence(Channel.READING, "cold-1", "b7", 41) == "r:cold-1:b7:41"
    assert identity.of_tap("0b0e-1") == "tap:0b0e-1"
    key = identity.of_content(Channel.TAP, "gate", 1772323200000, ("04A1", ""))
    assert key.startswith("t:gate:1772323200000:#")


def test_a_tap_and_a_reading_of_the_same_number_are_two_facts() -> None:
    keys = {identity.of_sequence(channel, "gate", 1, 1) for channel in Channel}
    assert len(keys) == len(Channel)


@given(SEQUENCED, SEQUENCED)
def test_numbered_facts_share_a_key_only_if_they_are_the_same(
    one: tuple[Channel, str, str | int, int], other: tuple[Channel, str, str | int, int]
) -> None:
    same = (one[0], one[1], str(one[2]), one[3]) == (other[0], other[1], str(other[2]), other[3])
    assert (identity.of_sequence(*one) == identity.of_sequence(*other)) is same


def test_a_separator_in_a_name_does_not_make_two_facts_one() -> None:
    split = identity.of_sequence(Channel.READING, "a", "b:1", 2)
    assert split != identity.of_sequence(Channel.READING, "a:b", "1", 2)
    assert split != identity.of_sequence(Channel.READING, "a", "b%3A1", 2)


@given(CONTENT)
def test_a_content_key_is_stable_and_changes_with_time_and_content(
    said: tuple[Channel, str, int, list[tuple[str, float]]],
) -> None:
    channel, device, at_ms, content = said
    key = identity.of_content(channel, device, at_ms, content)
    assert key == identity.of_content(channel, device, at_ms, list(content))
    assert key != identity.of_content(channel, device, at_ms + 1, content)
    assert key != identity.of_content(channel, device, at_ms, [*content, ("x", 0.0)])


@given(SEQUENCED, st.integers(0, 20))
def test_a_key_is_bounded_however_long_the_names(
    fact: tuple[Channel, str, str | int, int], times: int
) -> None:
    channel, device, boot, seq = fact
    assert len(identity.of_sequence(channel, device * times, boot, seq)) <= identity.MAX_KEY_CHARS
    assert len(identity.of_content(channel, device * times, seq, (boot,))) <= identity.MAX_KEY_CHARS


def test_a_hash_of_digits_is_not_taken_for_a_sequence_number() -> None:
    numbered = identity.of_sequence(Channel.READING, "a", 1772323200000, 12)
    assert "#" not in numbered
    assert "#" in identity.of_content(Channel.READING, "a", 1772323200000, ())
