"""What `campushub tags check` does: one URL, and what can be said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import typer

from devices.sun import SunRefusal
from hub.cli.console import fail, load_or_fail, out
from hub.cli.data import log_path
from hub.cli.exits import Exit
from hub.cli.tag_claims import Address, Read, address, read
from hub.cli.tag_planning import texts_of
from hub.config.model import Campus, chip_of
from hub.log.model import LogFaultError
from hub.log.reader import LogReader
from hub.words.texts import Texts
from rules.counters import Counters, CounterUse, judge

_ITSELF = ""  # no tap has this key: what is judged here is not kept


def run(config: Path, environment: Mapping[str, str], url: str) -> None:
    """Prints the verdict and its reasons, in the site's language; ends with 5 if no new read is proved."""
    campus = load_or_fail(config, environment)
    texts = texts_of(campus)
    says = address(url)
    if says.is_printed or not says.is_signed:
        kind = "printed" if says.is_printed else "unsigned"
        _end(texts, (texts(f"tags.check.{kind}"), *_of_address(campus, texts, says, None)), is_new=False)
    if campus.tags.keys is None:
        fail(texts("tags.check.no_key"), Exit.CONFIGURATION)
    found = read(url, campus.tags.keys)
    if isinstance(found, SunRefusal):
        lines = (texts(f"tags.refused.{found.value}"), *_of_address(campus, texts, says, None))
        _end(texts, lines, is_new=False)
    use_lines, is_new = _use(campus, texts, found)
    lines = (
        texts("tags.check.tag", uid=found.claim.tag_uid, count=found.claim.counter),
        *use_lines,
        *_of_address(campus, texts, says, found),
    )
    _end(texts, lines, is_new=is_new)


def counters_of(campus: Campus, uid: str, key_version: int) -> Counters:
    """What the hub's log remembers of a tag; nothing without a log. Ends the program for a damaged one."""
    path = log_path(campus, None)
    if not path.is_file():
        return Counters()
    try:
        log = LogReader(path)
        try:
            return log.tag_counters(chip_of(uid, key_version))
        finally:
            log.close()
    except LogFaultError as fault:
        fail(fault.problem, Exit.CONFIGURATION)


def _end(texts: Texts, lines: tuple[str, ...], *, is_new: bool) -> NoReturn:
    verdict = texts("tags.check.new" if is_new else "tags.check.not_new")
    out.print(
        verdict, style="bold green" if is_new else "bold red", markup=False, highlight=False, soft_wrap=True
    )
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(Exit.OK if is_new else Exit.REFUSED)


def _use(campus: Campus, texts: Texts, found: Read) -> tuple[tuple[str, ...], bool]:
    """What is to be said of the read, and whether a tap with it would be trusted."""
    claim, version = found.claim, found.key_version
    if version is None:
        return (texts("tags.check.factory"),), False
    enrolled = campus.tags.enrolled.get(claim.tag_uid)
    if enrolled is None:
        return (texts("tags.check.not_enrolled"),), False
    if version != enrolled.key_version:
        return (texts("tags.check.other_version", found=version, wanted=enrolled.key_version),), False
    if claim.counter <= enrolled.from_count:
        return (texts("tags.check.void", count=enrolled.from_count),), False
    _, judged = judge(counters_of(campus, claim.tag_uid, version), claim.counter, _ITSELF)
    said = texts(f"tags.use.{judged.use.value}", tap=judged.holder, skipped=judged.skipped)
    return (said,), judged.use in (CounterUse.NEWEST, CounterUse.AHEAD, CounterUse.LATE)


def _of_address(campus: Campus, texts: Texts, says: Address, found: Read | None) -> Iterator[str]:
    uid = found.claim.tag_uid if found is not None else ""
    place = next((place for place in campus.checkpoints.values() if uid and place.tag_uid == uid), None)
    if place is not None:
        name, english = place.name.zh, place.name.en
        yield texts("tags.check.place", id=place.id, name=name if name == english else f"{name} · {english}")
    elif found is not None:
        yield texts("tags.check.nobodys")
    if says.named and (place is None or says.named != place.id):
        known = "named" if says.named in campus.checkpoints else "named_unknown"
        yield texts(f"tags.check.{known}", id=says.named)
