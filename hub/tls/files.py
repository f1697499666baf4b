"""Where the hub keeps what it made: `tls/` in the storage folder, readable by the hub only.

`authority.pem`: the authority with its key. `hub.pem`: the hub's certificate with its key.
`campushub-ca.crt`: the authority's certificate alone, for copying to computers.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from hub.tls.authority import Pair
from hub.tls.certificate import PairError

_AUTHORITY: Final = "authority.pem"
_HUB: Final = "hub.pem"
PUBLIC: Final = "campushub-ca.crt"
_ONLY_OWN: Final = 0o600
_FOR_ALL: Final = 0o644


class Files:
    """The files of one storage folder."""

    def __init__(self, storage: Path) -> None:
        self.folder = storage / "tls"
        self.hub = self.folder / _HUB

    def authority(self) -> Pair | None:
        """The authority; None: there is none yet. Raises OSError, PairError."""
        return _read(self.folder / _AUTHORITY)

    def certificate(self) -> Pair | None:
        """The hub's certificate; None: there is none yet. Raises OSError, PairError."""
        return _read(self.hub)

    def keep_authority(self, pair: Pair) -> None:
        """Puts an authority in the place of the one before. Raises OSError."""
        self._write(_AUTHORITY, pair.to_pem(), _ONLY_OWN)
        self._write(PUBLIC, pair.certificate.public_bytes(Encoding.PEM), _FOR_ALL)

    def keep_certificate(self, pair: Pair) -> None:
        """Puts a certificate in the place of the one before. Raises OSError."""
        self._write(_HUB, pair.to_pem(), _ONLY_OWN)

    def _write(self, name: str, text: bytes, mode: int) -> None:
        """Whole or not at all, and never readable by others in between."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.folder / f".{name}.{secrets.token_hex(4)}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(text)
                stream.flush()
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            draft.replace(self.folder / name)
        finally:
            draft.unlink(missing_ok=True)
        listing = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(listing)
        finally:
            os.close(listing)


def _read(file: Path) -> Pair | None:
    try:
        return Pair.from_pem(file.read_bytes())
    except FileNotFoundError:
        return None
    except PairError as error:
        raise PairError(
            f"{file}: {error.problem}", f"restore it from a backup. {error.remedy}", of_key=error.of_key
        ) from None
