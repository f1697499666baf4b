"""The hub's own authority and certificate: made when there are none, and renewed in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.tls import names as names_
from hub.tls.authority import Pair, beyond, issue, make_authority
from hub.tls.certificate import Facts, PairError, facts_of
from hub.tls.files import Files

RENEWED_DAYS_BEFORE: Final = 60.0
_PLAUSIBLE_MS: Final = 1_735_689_600_000  # 2025-01-01: a computer without a clock begins long before
_ANOTHER: Final = (
    "make another authority with `campushub tls make --new-authority`; every phone has to trust that one anew"
)


class TlsFaultError(Exception):
    """HTTPS cannot be served; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is now, and what of it was made just now."""

    certificate: Facts
    authority: Facts
    is_renewed: bool = False
    is_new_authority: bool = False

    def days_left(self, now_ms: int) -> float:
        """How long phones go on trusting the hub: as long as both are good."""
        return min(self.certificate.days_left(now_ms), self.authority.days_left(now_ms))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the certificate is for. `names`: as configured; `also`: as far as the authority reaches."""

    site: str
    names: tuple[str, ...]
    also: tuple[str, ...] = ()


def wanted(site: str, names: Sequence[str], hostname: str) -> Wanted:
    """The configured names, what this computer is called, and itself."""
    return Wanted(
        site,
        tuple(dict.fromkeys(map(names_.written, names))),
        (*names_.of_computer(hostname), *names_.LOOPBACK),
    )


def look(files: Files) -> Standing | None:
    """What there is; None if anything is missing. Raises TlsFaultError."""
    authority, certificate = _read(files)
    if authority is None or certificate is None:
        return None
    return Standing(facts_of(certificate.certificate), facts_of(authority.certificate))


def prepare(files: Files, want: Wanted, now_ms: int, *, anew: bool = False) -> Standing:
    """Makes what is missing, expires soon or lacks a name; `anew`: a new certificate in any case.

    Raises TlsFaultError, also where the authority must not vouch for a name."""
    authority, certificate = _read(files)
    is_new_authority = authority is None
    if authority is None:
        authority, certificate = _made_authority(files, want, now_ms), None
    _check_reach(authority, want)
    names = _names(authority, want)
    is_lasting = facts_of(authority.certificate).days_left(now_ms) > 0
    is_due = certificate is None or _is_due(authority, certificate, names, now_ms)
    if certificate is not None and not (is_lasting and (anew or is_due)):
        return Standing(facts_of(certificate.certificate), facts_of(authority.certificate))
    if not is_lasting:
        raise TlsFaultError(f"the hub's authority has expired: {_ANOTHER}")
    fresh = issue(authority, want.site, names, now_ms)
    _keep(lambda: files.keep_certificate(fresh))
    return Standing(
        facts_of(fresh.certificate),
        facts_of(authority.certificate),
        is_renewed=True,
        is_new_authority=is_new_authority,
    )


def check_reach(files: Files, want: Wanted) -> None:
    """Raises TlsFaultError where the authority that there is must not vouch for a configured name."""
    authority, _ = _read(files)
    if authority is not None:
        _check_reach(authority, want)


def new_authority(files: Files, want: Wanted, now_ms: int) -> Standing:
    """Another authority in the place of the one before. Raises TlsFaultError."""
    _made_authority(files, want, now_ms)
    standing = prepare(files, want, now_ms, anew=True)
    return Standing(standing.certificate, standing.authority, is_renewed=True, is_new_authority=True)


def _check_reach(authority: Pair, want: Wanted) -> None:
    if outside := beyond(authority.certificate, want.names):
        raise TlsFaultError(
            f"the hub's authority was made for other names, not for {', '.join(outside)}: leave those out of"
            f" web.names, or {_ANOTHER}"
        )


def _made_authority(files: Files, want: Wanted, now_ms: int) -> Pair:
    if now_ms < _PLAUSIBLE_MS:
        raise TlsFaultError(
            "this computer's clock was never set, and what is signed now would soon be invalid: set it (NTP)"
        )
    made = make_authority(want.site, (*want.names, *want.also), now_ms)
    _keep(lambda: files.keep_authority(made))
    return made


def _names(authority: Pair, want: Wanted) -> tuple[str, ...]:
    out_of_reach = beyond(authority.certificate, want.also)
    return tuple(dict.fromkeys((*want.names, *(name for name in want.also if name not in out_of_reach))))


def _is_due(authority: Pair, certificate: Pair, names: Sequence[str], now_ms: int) -> bool:
    """Whether a new one would be better. By a clock that is older than the authority nothing is signed."""
    signer, facts = facts_of(authority.certificate), facts_of(certificate.certificate)
    if now_ms < signer.begins_ms:
        return False
    is_ending = facts.days_left(now_ms) < RENEWED_DAYS_BEFORE and facts.ends_ms < signer.ends_ms
    has_not_begun = now_ms < facts.begins_ms  # it was made while the clock was ahead
    return (
        is_ending or has_not_begun or not set(names) <= set(facts.names) or not _is_by(authority, certificate)
    )


def _is_by(authority: Pair, certificate: Pair) -> bool:
    try:
        certificate.certificate.verify_directly_issued_by(authority.certificate)
    except Exception:  # noqa: BLE001 - the library names four kinds of "no", which all mean the same here
        return False
    return True


def _read(files: Files) -> tuple[Pair | None, Pair | None]:
    try:
        authority = files.authority()
    except PairError as error:
        raise TlsFaultError(str(error)) from error
    except OSError as error:
        raise TlsFaultError(_unusable(files, error)) from error
    try:
        return authority, files.certificate()
    except PairError:
        return authority, None  # what is damaged is made anew
    except OSError as error:
        raise TlsFaultError(_unusable(files, error)) from error


def _keep(write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        raise TlsFaultError(
            f"the certificate cannot be kept ({error.strerror}): check the storage folder and its owner"
        ) from error


def _unusable(files: Files, error: OSError) -> str:
    return (
        f"{files.folder} cannot be read ({error.strerror}): it must belong to the user that the hub runs as"
    )
