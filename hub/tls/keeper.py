"""Minds the certificate while the hub runs: renews its own, and takes in new files without a restart."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hub.clock import NowMs
from hub.config.model import Campus, Tls, Web
from hub.tls.certificate import Facts, PairError, read_pair
from hub.tls.files import Files
from hub.tls.own import Standing, TlsFaultError, Wanted, prepare, wanted

_LOG: Final = logging.getLogger("campushub.tls")
_NEVER_WRITTEN: Final = (0, 0)


def wanted_of(campus: Campus) -> Wanted:
    """What the hub's own certificate is for on this campus and this computer."""
    return wanted(campus.site.id, campus.web.names, socket.gethostname())


def make_keeper(campus: Campus, now: NowMs) -> Keeper | None:
    """What minds the certificate; None where the pages are served without TLS. Touches no file yet."""
    return None if campus.web.tls is Tls.OFF else Keeper(campus, now)


class Keeper:
    """`prepare` before serving, `turn` every now and then. `changed` is called after the files changed."""

    def __init__(self, campus: Campus, now: NowMs) -> None:
        self._campus = campus
        self._now = now
        self._files = Files(campus.storage.folder)
        self._served = _NEVER_WRITTEN
        self.days_left: float | None = None
        self.changed: Callable[[], None] = lambda: None

    @property
    def certificate_file(self) -> Path:
        """What the server presents."""
        return self._files.hub if self._is_own else _given(self._campus.web)[0]

    @property
    def key_file(self) -> Path:
        """Its private key."""
        return self._files.hub if self._is_own else _given(self._campus.web)[1]

    @property
    def _is_own(self) -> bool:
        return self._campus.web.tls is Tls.OWN

    def prepare(self) -> Standing | None:
        """Makes or renews what the hub itself makes. Raises TlsFaultError.

        A given certificate that has expired is served all the same: a hub that comes back after a power cut
        must watch the fridges. It is said loudly, and by `campushub check`."""
        standing = None
        if self._is_own:
            standing = prepare(self._files, wanted_of(self._campus), self._now())
            self._say(standing)
            self.days_left = standing.days_left(self._now())
        else:
            self.days_left = self._read_given().days_left(self._now())
        if self.days_left < 0:
            _LOG.error(
                "the certificate has expired: browsers warn of the hub, and phones refuse what needs HTTPS"
            )
        self._served = self._written()
        return standing

    def turn(self) -> float:
        """Renews if it is time, tells the server of new files, and returns how many days are left."""
        if self._is_own:
            standing = prepare(self._files, wanted_of(self._campus), self._now())
            if standing.is_renewed:
                self._say(standing)
            days_left = standing.days_left(self._now())
        else:
            days_left = self._read_given().days_left(self._now())
        if (written := self._written()) != self._served:
            self.changed()
            self._served = written
            _LOG.info("new connections are served with the new certificate, good for %.0f days", days_left)
        self.days_left = days_left
        return days_left

    def _read_given(self) -> Facts:
        certificate, key = _given(self._campus.web)
        try:
            return read_pair(certificate.read_bytes(), key.read_bytes())
        except PairError as error:
            raise TlsFaultError(f"{key if error.of_key else certificate}: {error}") from error
        except OSError as error:
            raise TlsFaultError(f"{error.filename} cannot be read: {error.strerror}") from error

    def _written(self) -> tuple[int, int]:
        return self.certificate_file.stat().st_mtime_ns, self.key_file.stat().st_mtime_ns

    def _say(self, standing: Standing) -> None:
        if standing.is_new_authority:
            _LOG.info("a certificate authority was made: phones trust it by the page /trust (docs/tls.md)")
        if standing.is_renewed:
            days = standing.certificate.days_left(self._now())
            _LOG.info("the hub's certificate was made, good for %.0f days", days)


def _given(web: Web) -> tuple[Path, Path]:
    if web.certificate_file is None or web.key_file is None:
        raise TlsFaultError(
            "no certificate is configured"
        )  # pragma: no cover - the configuration has checked
    return web.certificate_file, web.key_file
