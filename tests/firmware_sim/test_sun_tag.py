"""The simulated tag: the published vectors, and what the hub's own reading says of it."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from devices.sun import SunClaim, SunMessage, of_values, read, verify
from devices.tag_keys import MasterKey, SiteKeys
from firmware_sim.plan import SimCheckpoint, SimPlan, SimSigning
from firmware_sim.sun_tag import SunTag
from tests.devices.sun_tag import FixedKeys
from tests.firmware_sim.fakes import small_campus
from tests.firmware_sim.test_run import TAPS, Played, play, scenario

UID = "04DE5F1EACC040"
GATE = "04A1B2C3D4E580"
FACTORY = SimSigning(bytes(16), bytes(16))
KEYS = SiteKeys(MasterKey(bytes(range(16))), "school")


class Noise(random.Random):
    """The five bytes of the published message."""

    def randbytes(self, n: int) -> bytes:
        return bytes.fromhex("DA5CF60941")[:n]


def test_it_writes_the_published_message() -> None:
    signed = SunTag(UID, FACTORY, 60, Noise()).touch()
    assert signed is not None
    assert signed.url("https://x.example/t/gate") == (
        "https://x.example/t/gate?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
    )


@given(st.binary(min_size=7, max_size=7), st.binary(min_size=16, max_size=16), st.integers(0, 2**24 - 2))
def test_what_it_signs_is_read_as_the_next_read_of_it(uid: bytes, key: bytes, count: int) -> None:
    tag = SunTag(uid.hex(), SimSigning(key, key[::-1]), count, random.Random(1))
    signed = tag.touch()
    assert signed is not None
    claim = read(signed.url("https://x.example/t/gate"), FixedKeys(key, key[::-1]))
    assert claim == SunClaim(uid.hex().upper(), count + 1)


def test_it_falls_silent_at_the_end_of_its_count() -> None:
    tag = SunTag(UID, FACTORY, 2**24 - 2, random.Random(1))
    assert tag.touch() is not None
    assert tag.touch() is None


def signing_campus() -> SimPlan:
    """The gate's tag signs; the pump room's has a UID and nothing else."""
    plan = small_campus()
    signing = SimSigning(KEYS.meta_read_key(), KEYS.file_read_key(bytes.fromhex(GATE)), 12)
    return replace(plan, checkpoints=(SimCheckpoint("gate", GATE, signing), *plan.checkpoints[1:]))


def taps_at(played: Played, uid: str) -> list[dict[str, object]]:
    return [body for body in played.bodies(TAPS) if body["tag_uid"] == uid]


def claims_of(taps: list[dict[str, object]]) -> list[int]:
    counts = []
    for tap in taps:
        values = tap["sun"]
        assert isinstance(values, dict)
        message = of_values(values)
        assert isinstance(message, SunMessage)
        claim = verify(message, KEYS)
        assert isinstance(claim, SunClaim)
        assert claim.tag_uid == GATE
        counts.append(claim.counter)
    return counts


def test_a_reader_hands_on_what_a_signing_tag_says_and_nothing_of_others() -> None:
    played = play(seconds=600, plan=signing_campus())
    gate, others = taps_at(played, GATE), taps_at(played, "04C3D4E5F60718")
    assert claims_of(gate)
    assert {tap["source"] for tap in gate} == {"sun"}
    assert others
    assert all("sun" not in tap and tap["source"] == "reader" for tap in others)


def test_its_counts_begin_above_where_it_was_put_up_and_rise() -> None:
    counts = claims_of(taps_at(play(seconds=600, plan=signing_campus()), GATE))
    assert counts[0] > 12
    assert counts == sorted(set(counts))


def test_a_cloned_tag_brings_one_message_by_two_taps() -> None:
    played = play(scenario('at = "0s"\naction = "clone_tag"\nvalue = 90'), seconds=900, plan=signing_campus())
    taps = taps_at(played, GATE)
    counts = claims_of(taps)
    (copied,) = {count for count in counts if counts.count(count) == 2}
    original, copy = (tap for tap, count in zip(taps, counts, strict=True) if count == copied)
    assert original["sun"] == copy["sun"]
    assert original["tap_id"] != copy["tap_id"]
    assert any("copy" in happening.words.en for happening in played.summary.happenings)


def test_where_no_tag_signs_nothing_is_copied() -> None:
    played = play("tag-cloned", seconds=900)
    assert all("sun" not in json.dumps(tap) for tap in played.bodies(TAPS))


def test_no_text_shows_the_keys() -> None:
    assert "00" * 4 not in repr(SimCheckpoint("gate", GATE, FACTORY)).replace("\\x", "")
