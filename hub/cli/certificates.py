"""What `campushub tls` does, and what `campushub check` says of the certificate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from hub.cli.console import err, fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.clock import system_now_ms
from hub.config.model import Campus, Tls
from hub.tls.certificate import Facts, PairError, read_pair
from hub.tls.files import Files
from hub.tls.keeper import wanted_of
from hub.tls.own import Standing, TlsFaultError, check_reach, look, new_authority, prepare


def make(config: Path, environment: Mapping[str, str], *, new_authority: bool) -> None:
    """Makes what is missing, or all anew."""
    campus = _with_own(config, environment)
    standing = _made(campus, anew=False, authority_too=new_authority)
    if standing.is_new_authority:
        err.print("A new authority: lead the phones to the page /trust.", highlight=False)
    elif not standing.is_renewed:
        err.print("Nothing to do: the certificate is good and holds every name.", highlight=False)
    _print(standing.certificate, standing.authority)


def renew(config: Path, environment: Mapping[str, str]) -> None:
    """Makes a new certificate."""
    standing = _made(_with_own(config, environment), anew=True, authority_too=False)
    err.print("Renewed. A running hub takes it in within five minutes.", highlight=False)
    _print(standing.certificate, standing.authority)


def show(config: Path, environment: Mapping[str, str]) -> None:
    """Prints what there is."""
    campus = load_or_fail(config, environment)
    if campus.web.tls is Tls.OFF:
        fail('the pages are served without TLS: write tls = "own" under [web]', Exit.CONFIGURATION)
    try:
        standing = _looked(campus)
    except TlsFaultError as error:
        fail(str(error), Exit.UNAVAILABLE)
    if standing is None:
        fail("there is no certificate yet: `campushub tls make`, or start the hub", Exit.UNAVAILABLE)
    _print(*standing)


def validity(campus: Campus) -> tuple[str, bool]:
    """How long the certificate is good, and whether browsers take it; empty: there is no TLS."""
    if campus.web.tls is Tls.OFF:
        return "", True
    try:
        if campus.web.tls is Tls.OWN:
            check_reach(Files(campus.storage.folder), wanted_of(campus))
        standing = _looked(campus)
    except TlsFaultError as error:
        return f"certificate: {error}", False
    if standing is None:
        return "certificate: made when the hub first starts", True
    first = min((facts for facts in standing if facts is not None), key=lambda facts: facts.ends_ms)
    days = first.days_left(system_now_ms())
    if days < 0:
        remedy = "put a new one in its place" if campus.web.tls is Tls.GIVEN else "campushub tls renew"
        return f"certificate: expired on {_day(first.ends_ms)} — {remedy}", False
    return f"certificate: good until {_day(first.ends_ms)}, {days:.0f} days", True


def _with_own(config: Path, environment: Mapping[str, str]) -> Campus:
    campus = load_or_fail(config, environment)
    if campus.web.tls is not Tls.OWN:
        fail(
            f'web.tls is "{campus.web.tls.value}": the hub makes a certificate of its own with tls = "own"'
            ' and names = ["…"], the names and addresses by which phones reach it',
            Exit.CONFIGURATION,
        )
    return campus


def _made(campus: Campus, *, anew: bool, authority_too: bool) -> Standing:
    files, want, now_ms = Files(campus.storage.folder), wanted_of(campus), system_now_ms()
    try:
        if authority_too:
            return new_authority(files, want, now_ms)
        return prepare(files, want, now_ms, anew=anew)
    except TlsFaultError as error:
        fail(str(error), Exit.UNAVAILABLE)


def _looked(campus: Campus) -> tuple[Facts, Facts | None] | None:
    """The certificate and, if it is the hub's own, its authority. Raises TlsFaultError."""
    web = campus.web
    if web.certificate_file is None or web.key_file is None:
        standing = look(Files(campus.storage.folder))
        return None if standing is None else (standing.certificate, standing.authority)
    try:
        return read_pair(web.certificate_file.read_bytes(), web.key_file.read_bytes()), None
    except (OSError, PairError) as error:
        raise TlsFaultError(str(error)) from error


def _print(certificate: Facts, authority: Facts | None) -> None:
    for title, facts in (("Certificate of the hub", certificate), ("Its authority", authority)):
        if facts is None:
            continue
        out.print(title, style="bold")
        rows = (
            ("subject", facts.subject),
            ("issued by", facts.issuer),
            ("names", ", ".join(facts.names)),
            ("valid", f"{_day(facts.begins_ms)} to {_day(facts.ends_ms)}"),
            ("days left", f"{facts.days_left(system_now_ms()):.0f}"),
            ("SHA-256", facts.sha256),
        )
        for name, value in rows:
            if value:
                out.print(f"  {name:<10}{value}", markup=False, highlight=False, soft_wrap=True)


def _day(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"
