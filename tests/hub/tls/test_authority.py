"""What the hub signs is what phones ask for; OpenSSL is the judge where it is there."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from hub.clock import system_now_ms
from hub.tls.authority import Pair, beyond, make_authority
from tests.hub.tls.making import ADDRESS, DAY_MS, NAME, NAMES, authority, by
from tests.real import require


def verified(folder: Path, signer: Pair, leaf: Pair, *options: str) -> tuple[bool, str]:
    """Whether OpenSSL, at its strictest, takes a certificate for a server's."""
    trusted, file = folder / "ca.pem", folder / "leaf.pem"
    trusted.write_bytes(signer.certificate.public_bytes(Encoding.PEM))
    file.write_bytes(leaf.certificate.public_bytes(Encoding.PEM))
    command = [require("openssl"), "verify", "-x509_strict", "-purpose", "sslserver", *options]
    done = subprocess.run([*command, "-CAfile", trusted, file], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def test_the_authority_is_one_that_phones_list_and_keep_for_ten_years() -> None:
    pair = authority()
    certificate = pair.certificate
    extensions = certificate.extensions
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    assert extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert extensions.get_extension_for_class(x509.NameConstraints).critical
    assert certificate.subject.rfc4514_string() == "CN=campushub CA shiyan"
    assert isinstance(pair.key.curve, ec.SECP256R1)
    lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lasts >= timedelta(days=3650)


def test_the_hub_s_certificate_is_what_apple_and_chrome_ask_for() -> None:
    signer = authority()
    leaf = by(signer).certificate
    extensions = leaf.extensions
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=397)
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [NAME]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == [ADDRESS, "fd00:77::20"]
    held = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == held.digest
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize(
    "options", [("-verify_hostname", NAME), ("-verify_ip", ADDRESS), ("-verify_ip", "fd00:77::20")]
)
def test_openssl_takes_it_for_each_of_its_names(options: tuple[str, ...], tmp_path: Path) -> None:
    signer = authority()
    is_good, said = verified(tmp_path, signer, by(signer), *options)
    assert is_good, said


@pytest.mark.parametrize("name", ["bank.example", "school.example", "10.1.2.3", "2001:db8::1"])
def test_nobody_can_pretend_to_be_anything_else_with_the_authority_s_key(name: str, tmp_path: Path) -> None:
    signer = authority()
    is_good, said = verified(tmp_path, signer, by(signer, [name]))
    assert not is_good
    assert "permitted subtree violation" in said
    assert beyond(signer.certificate, [NAME, name]) == (name,)


def test_an_expired_one_and_one_of_another_authority_are_refused(tmp_path: Path) -> None:
    signer = authority()
    old = by(signer, now_ms=system_now_ms() - 400 * DAY_MS)
    assert "expired" in verified(tmp_path, signer, old)[1]
    assert "unable to get local issuer" in verified(tmp_path, signer, by(authority()))[1]


def test_a_certificate_never_outlives_its_authority() -> None:
    start_ms = system_now_ms()
    signer = authority(start_ms)
    late = by(signer, now_ms=start_ms + 3600 * DAY_MS).certificate
    assert late.not_valid_after_utc == signer.certificate.not_valid_after_utc


def test_a_phone_whose_clock_is_a_day_behind_takes_it() -> None:
    leaf = by(authority()).certificate
    assert leaf.not_valid_before_utc.timestamp() * 1000 < system_now_ms() - DAY_MS


def test_a_key_is_never_shown() -> None:
    pair = make_authority("s" * 90, NAMES, system_now_ms())
    assert "PRIVATE" not in repr(pair)
    assert Pair.from_pem(pair.to_pem()).certificate == pair.certificate
