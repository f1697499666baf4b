"""The campus's own certificate authority, and what it vouches for: the hub; no IO.

ECDSA on P-256 with SHA-256 is what every phone knows. The authority is bound to the campus's names (RFC 5280,
name constraints): with its key nobody can pretend to be a bank. A certificate lasts 397 days, what public
authorities gave at most; Apple refuses more than 825 from private ones. Both begin two days in the past, for
phones whose clock is behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.tls import names as names_
from hub.tls.certificate import PairError, read_pair

AUTHORITY_DAYS: Final = 3652
CERTIFICATE_DAYS: Final = 397
_BACKDATED: Final = timedelta(days=2)
_NAME_LENGTH: Final = 64  # of a common name, RFC 5280


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def to_pem(self) -> bytes:
        """Both in one text: they cannot be parted by a power cut. It holds the key."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)

    @classmethod
    def from_pem(cls, text: bytes) -> Pair:
        """The pair of `to_pem`. Raises PairError."""
        read_pair(text, text)
        key = load_pem_private_key(text, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise PairError("was not made by the hub", "move it away; `campushub tls make` makes another")
        return cls(x509.load_pem_x509_certificate(text), key)


def make_authority(site: str, names: Iterable[str], now_ms: int) -> Pair:
    """An authority that can vouch for these names, for this computer, and for nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _called(f"campushub CA {site}")
    reach = tuple(dict.fromkeys(names_.reach((*names, *names_.LOOPBACK))))
    builder = _begun(name, name, key, now_ms, AUTHORITY_DAYS)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=reach, excluded_subtrees=None), critical=True)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def issue(authority: Pair, site: str, names: Sequence[str], now_ms: int) -> Pair:
    """A certificate of the hub for these names, all of which the authority may vouch for."""
    key = ec.generate_private_key(ec.SECP256R1())
    ends = authority.certificate.not_valid_after_utc
    builder = _begun(
        _called(f"campushub {site}"), authority.certificate.subject, key, now_ms, CERTIFICATE_DAYS, ends
    )
    held = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([names_.general(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(held), critical=False)
    )
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def beyond(authority: x509.Certificate, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that the authority must not vouch for."""
    bound = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    reach = tuple(bound.permitted_subtrees or ())
    return tuple(name for name in names if not names_.is_within(name, reach))


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now_ms: int,
    days: int,
    at_most: datetime | None = None,
) -> x509.CertificateBuilder:
    begins = datetime.fromtimestamp(now_ms // 1000, UTC) - _BACKDATED
    ends = begins + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends if at_most is None else min(ends, at_most))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _called(name: str) -> x509.Name:
    # iPhones do not list an authority without a common name.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_NAME_LENGTH])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
