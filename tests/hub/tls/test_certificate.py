from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from hub.tls.certificate import Facts, PairError, facts_of, read_pair
from tests.hub.tls.making import NAME, authority, by

SIGNER = authority()
LEAF = by(SIGNER)
CERTIFICATE = LEAF.certificate.public_bytes(Encoding.PEM)
KEY = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
LOCKED = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
OTHER = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


def test_a_pair_that_belongs_together_says_what_it_is_for() -> None:
    facts = read_pair(CERTIFICATE + SIGNER.certificate.public_bytes(Encoding.PEM), KEY)
    assert facts == facts_of(LEAF.certificate)
    assert facts.fits(NAME)
    assert facts.fits("[FD00:77::20]")
    assert not facts.fits("other.school.example")
    assert len(facts.sha256.split(":")) == 32


@pytest.mark.parametrize(
    ("certificate", "key", "of_key", "word"),
    [
        (b"", KEY, False, "no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", KEY, False, "no certificate"),
        (KEY, KEY, False, "no certificate"),
        (CERTIFICATE, b"", True, "no private key"),
        (CERTIFICATE, CERTIFICATE, True, "no private key"),
        (CERTIFICATE, LOCKED, True, "passphrase"),
        (CERTIFICATE, OTHER, True, "does not belong"),
    ],
)
def test_a_pair_that_cannot_be_served_says_why_and_what_to_do(
    certificate: bytes, key: bytes, of_key: bool, word: str
) -> None:
    with pytest.raises(PairError) as caught:
        read_pair(certificate, key)
    assert word in caught.value.problem
    assert caught.value.remedy
    assert caught.value.of_key is of_key


def test_a_star_stands_for_one_label() -> None:
    facts = Facts("", "", ("*.school.example", "10.0.0.1"), 0, 0, "")
    assert facts.fits("hub.school.example")
    assert not facts.fits("a.hub.school.example")
    assert not facts.fits("school.example")
    assert not facts.fits("10.0.0.2")
