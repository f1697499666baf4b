"""What a certificate says of itself, whoever made it; and whether a pair of files makes one; no IO."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from hub.tls.names import written

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Facts:
    """For people and for decisions. `names` as browsers write them; instants are milliseconds.

    `sha256`: of the whole certificate, in hex with colons, as phones show it."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    begins_ms: int
    ends_ms: int
    sha256: str

    def days_left(self, now_ms: int) -> float:
        """How many days it is still good for; negative: it has expired."""
        return (self.ends_ms - now_ms) / _DAY_MS

    def fits(self, name: str) -> bool:
        """Whether a browser takes it for a server of this name; `*` stands for one label, RFC 6125."""
        plain = written(name)
        _, dot, rest = plain.partition(".")
        return plain in self.names or (bool(dot) and not _is_address(plain) and f"*.{rest}" in self.names)


class PairError(Exception):
    """A certificate and a key that cannot be served. `of_key`: the fault is in the key's file."""

    def __init__(self, problem: str, remedy: str, *, of_key: bool = False) -> None:
        super().__init__(f"{problem} — {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.of_key = of_key


def facts_of(certificate: x509.Certificate) -> Facts:
    """What the certificate says."""
    return Facts(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=_names(certificate),
        begins_ms=_ms(certificate.not_valid_before_utc),
        ends_ms=_ms(certificate.not_valid_after_utc),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def read_pair(certificate: bytes, key: bytes) -> Facts:
    """What the first certificate of a PEM file says, if the PEM key belongs to it. Raises PairError."""
    try:
        leaf = x509.load_pem_x509_certificates(certificate)[0]
        leaf_key = leaf.public_key()
    except (ValueError, IndexError, UnsupportedAlgorithm):
        raise PairError(
            "holds no certificate in PEM",
            "name the file that begins with -----BEGIN CERTIFICATE-----: the hub's own, then those above it",
        ) from None
    try:
        private = load_pem_private_key(key, password=None)
    except TypeError:
        raise PairError(
            "is locked with a passphrase, which nobody types at night",
            "unlock it: openssl pkey -in locked.key -out hub.key; then chmod 600 hub.key",
            of_key=True,
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise PairError(
            "holds no private key in PEM",
            "name the file that begins with -----BEGIN PRIVATE KEY-----",
            of_key=True,
        ) from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != leaf_key.public_bytes(*form):
        raise PairError(
            "does not belong to the certificate",
            "name the key with which this certificate was asked for, or have a new one made for this key",
            of_key=True,
        )
    return facts_of(leaf)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        said = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()  # without them browsers take it for nobody, whatever its subject says
    hosts = said.get_values_for_type(x509.DNSName)
    return (*(host.lower() for host in hosts), *map(str, said.get_values_for_type(x509.IPAddress)))


def _is_address(plain: str) -> bool:
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        return False
    return True


def _ms(at: datetime) -> int:
    return round(at.astimezone(UTC).timestamp() * 1000)
