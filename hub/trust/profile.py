"""The authority's certificate as phones take it: a file for Android, a profile for iPhones."""

from __future__ import annotations

import plistlib
import uuid
from typing import Any, Final

from hub.tls.certificate import Facts

# Of names like these only; the fingerprint makes one of its own of it for each authority.
_SPACE: Final = uuid.UUID("6f1dd8a8-6b7f-5d0b-9c1e-6c5f2f3f7a10")


def mobileconfig(authority: bytes, facts: Facts, site: str) -> bytes:
    """An Apple configuration profile with the DER certificate. The same authority gives the same profile, so
    that installing it again replaces it."""
    name = f"campushub {site}"
    certificate: dict[str, Any] = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"campushub.ca.{_identity(facts, 'certificate')}",
        "PayloadUUID": _identity(facts, "certificate"),
        "PayloadDisplayName": name,
        "PayloadCertificateFileName": "campushub-ca.crt",
        "PayloadContent": authority,
    }
    profile: dict[str, Any] = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"campushub.profile.{_identity(facts, 'profile')}",
        "PayloadUUID": _identity(facts, "profile"),
        "PayloadDisplayName": name,
        "PayloadDescription": f"SHA-256: {facts.sha256}",
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [certificate],
    }
    return plistlib.dumps(profile)


def _identity(facts: Facts, part: str) -> str:
    return str(uuid.uuid5(_SPACE, f"{part} {facts.sha256}")).upper()
