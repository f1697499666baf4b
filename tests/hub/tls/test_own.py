"""What the hub makes for itself: once, in time, and readable by nobody else."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from hub.clock import system_now_ms
from hub.tls.files import Files
from hub.tls.own import RENEWED_DAYS_BEFORE, TlsFaultError, look, new_authority, prepare, wanted
from tests.hub.tls.making import ADDRESS, DAY_MS, NAME, NAMES

WANT = wanted("shiyan", NAMES, "hubpc")
NOW_MS = system_now_ms()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_the_first_start_makes_both_and_the_next_one_nothing(files: Files) -> None:
    assert look(files) is None
    first = prepare(files, WANT, NOW_MS)
    assert first.is_new_authority
    assert first.is_renewed
    assert {*NAMES, "hubpc", "hubpc.local", "localhost", "127.0.0.1", "::1"} == set(first.certificate.names)
    again = prepare(files, WANT, NOW_MS + DAY_MS)
    assert not again.is_new_authority
    assert not again.is_renewed
    assert again.certificate == first.certificate == getattr(look(files), "certificate", None)


def test_keys_are_readable_by_the_hub_only_whatever_the_umask(files: Files) -> None:
    before = os.umask(0)
    try:
        prepare(files, WANT, NOW_MS)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files.folder.iterdir()}
    assert modes == {"authority.pem": 0o600, "hub.pem": 0o600, "campushub-ca.crt": 0o644}
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700
    assert b"PRIVATE" not in (files.folder / "campushub-ca.crt").read_bytes()


def test_it_is_renewed_sixty_days_before_its_end_under_the_same_authority(files: Files) -> None:
    first = prepare(files, WANT, NOW_MS)
    due_ms = first.certificate.ends_ms - round(RENEWED_DAYS_BEFORE * DAY_MS)
    assert not prepare(files, WANT, due_ms - DAY_MS).is_renewed
    renewed = prepare(files, WANT, due_ms + DAY_MS)
    assert renewed.is_renewed
    assert renewed.authority == first.authority
    assert renewed.days_left(due_ms + DAY_MS) > 390


def test_a_new_address_in_the_same_network_needs_no_new_trust(files: Files) -> None:
    first = prepare(files, WANT, NOW_MS)
    moved = prepare(files, replace(WANT, names=(NAME, "192.168.77.99")), NOW_MS)
    assert moved.is_renewed
    assert moved.authority == first.authority
    assert moved.certificate.fits("192.168.77.99")


def test_a_name_beyond_the_authority_is_refused_and_the_remedy_is_said(files: Files) -> None:
    prepare(files, WANT, NOW_MS)
    other = replace(WANT, names=(*NAMES, "hub.other.example"))
    with pytest.raises(TlsFaultError, match=r"not for hub\.other\.example: .*--new-authority"):
        prepare(files, other, NOW_MS)
    made = new_authority(files, other, NOW_MS)
    assert made.is_new_authority
    assert made.certificate.fits("hub.other.example")
    assert not prepare(files, other, NOW_MS).is_renewed


def test_a_computer_with_another_name_goes_on_without_that_name(files: Files) -> None:
    prepare(files, WANT, NOW_MS)
    again = prepare(files, wanted("shiyan", NAMES, "elsewhere"), NOW_MS)
    assert not again.certificate.fits("elsewhere.local")
    assert again.certificate.fits(ADDRESS)


def test_a_damaged_certificate_is_made_anew_and_a_damaged_authority_is_not(files: Files) -> None:
    first = prepare(files, WANT, NOW_MS)
    files.hub.write_bytes(files.hub.read_bytes()[:300])
    assert prepare(files, WANT, NOW_MS).is_renewed
    (files.folder / "authority.pem").write_bytes(b"torn")
    with pytest.raises(TlsFaultError, match="restore it from a backup"):
        prepare(files, WANT, NOW_MS)
    assert first.authority.sha256


def test_a_certificate_of_an_earlier_authority_is_replaced(files: Files) -> None:
    prepare(files, WANT, NOW_MS)
    old = files.hub.read_bytes()
    new_authority(files, WANT, NOW_MS)
    files.hub.write_bytes(old)
    assert prepare(files, WANT, NOW_MS).is_renewed


def test_an_authority_near_its_end_is_what_the_days_left_are_about(files: Files) -> None:
    first = prepare(files, WANT, NOW_MS)
    late_ms = first.authority.ends_ms - 5 * DAY_MS
    assert prepare(files, WANT, late_ms).days_left(late_ms) == pytest.approx(5)


def test_an_authority_near_its_end_does_not_have_the_hub_sign_again_and_again(files: Files) -> None:
    first = prepare(files, WANT, NOW_MS)
    late_ms = first.authority.ends_ms - 50 * DAY_MS
    assert prepare(files, WANT, late_ms).is_renewed
    assert not prepare(files, WANT, late_ms + DAY_MS).is_renewed


def test_when_the_authority_has_expired_what_is_there_is_served_and_nothing_more_is_signed(
    files: Files,
) -> None:
    first = prepare(files, WANT, NOW_MS)
    after_ms = first.authority.ends_ms + DAY_MS
    standing = prepare(files, WANT, after_ms)
    assert not standing.is_renewed
    assert standing.days_left(after_ms) < 0
    files.hub.unlink()
    with pytest.raises(TlsFaultError, match=r"has expired: .*--new-authority"):
        prepare(files, WANT, after_ms)


def test_a_clock_that_was_never_set_signs_nothing(files: Files) -> None:
    with pytest.raises(TlsFaultError, match="clock was never set"):
        prepare(files, WANT, 0)
    first = prepare(files, WANT, NOW_MS)
    assert prepare(files, WANT, 0).certificate == first.certificate


def test_what_was_signed_while_the_clock_was_ahead_is_signed_again(files: Files) -> None:
    prepare(files, WANT, NOW_MS)
    ahead = prepare(files, WANT, NOW_MS + 365 * DAY_MS)
    assert ahead.is_renewed
    back = prepare(files, WANT, NOW_MS)
    assert back.is_renewed
    assert back.certificate.begins_ms < NOW_MS


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "tls").write_text("in the way")
    with pytest.raises(TlsFaultError, match="tls cannot be read"):
        prepare(Files(tmp_path), WANT, NOW_MS)
