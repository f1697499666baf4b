"""What `campushub tags record` does: what was just read from a new tag, and the lines for campus.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devices.sun import SunRefusal
from devices.tag_settings import is_of_a_chip_that_signs
from hub.cli.console import fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.cli.tag_checking import counters_of
from hub.cli.tag_claims import Read, address, read
from hub.cli.tag_planning import place_of, tell, texts_of
from hub.config.model import Campus, Checkpoint
from hub.config.values import parse_uid
from hub.words.texts import Texts


def run(config: Path, environment: Mapping[str, str], checkpoint: str, said: str) -> None:
    """Prints TOML to standard output, and all else beside it."""
    campus = load_or_fail(config, environment)
    texts = texts_of(campus)
    place = place_of(campus, checkpoint)
    uid = parse_uid(said)
    if uid is not None:
        _refuse_others(campus, texts, place, uid)
        _say_of_uid(texts, place, uid)
        _print(texts, place, [f'tag_uid = "{uid}"'])
        return
    found = _verified(campus, texts, place, said)
    _refuse_others(campus, texts, place, found.claim.tag_uid)
    version = _checked(campus, texts, place, found)
    named = address(said).named
    if named != place.id:
        tell(texts("tags.record.other_path", named=named, id=place.id))
    tell(texts("tags.record.signs", uid=found.claim.tag_uid, count=found.claim.counter))
    lines = [f'tag_uid = "{found.claim.tag_uid}"', f"tag_count = {found.claim.counter}"]
    _print(texts, place, lines + ([f"tag_key_version = {version}"] if version else []))
    tell(texts("tags.record.then", id=place.id, count=found.claim.counter))


def _verified(campus: Campus, texts: Texts, place: Checkpoint, url: str) -> Read:
    says = address(url)
    if says.is_printed or not says.is_signed:
        kind = "printed" if says.is_printed else "unsigned" if says.origin else "neither"
        fail(texts(f"tags.record.{kind}", id=place.id), Exit.USAGE)
    if campus.tags.keys is None:
        fail(texts("tags.check.no_key"), Exit.CONFIGURATION)
    found = read(url, campus.tags.keys)
    if isinstance(found, SunRefusal):
        fail(texts(f"tags.refused.{found.value}"), Exit.REFUSED)
    return found


def _checked(campus: Campus, texts: Texts, place: Checkpoint, found: Read) -> int:
    """The version of the tag's keys; ends the program if its taps would not be trusted."""
    uid, counter, version = found.claim.tag_uid, found.claim.counter, found.key_version
    if version is None:
        fail(texts("tags.record.factory", id=place.id), Exit.REFUSED)
    enrolled = campus.tags.enrolled.get(uid)
    if enrolled is not None and version < enrolled.key_version:
        fail(texts("tags.record.old_version", found=version, wanted=enrolled.key_version), Exit.REFUSED)
    is_known = enrolled is not None and version == enrolled.key_version
    floor = enrolled.from_count if enrolled is not None and is_known else -1
    newest = max(floor, counters_of(campus, uid, version).newest)
    if counter < newest:
        fail(
            texts("tags.record.counts_again", count=counter, newest=newest, id=place.id, next=version + 1),
            Exit.REFUSED,
        )
    return version


def _refuse_others(campus: Campus, texts: Texts, place: Checkpoint, uid: str) -> None:
    """A tag is one checkpoint's, and no person's card."""
    taken = [
        other.id for other in campus.checkpoints.values() if other.tag_uid == uid and other.id != place.id
    ]
    taken += [person.id for person in campus.people.values() if person.badge == uid]
    if taken:
        fail(texts("tags.record.taken", uid=uid, by=taken[0]), Exit.REFUSED)


def _say_of_uid(texts: Texts, place: Checkpoint, uid: str) -> None:
    tell(texts("tags.record.uid", uid=uid))
    if is_of_a_chip_that_signs(uid):
        tell(texts("tags.record.could_sign", id=place.id, uid=uid))


def _print(texts: Texts, place: Checkpoint, lines: list[str]) -> None:
    tell(texts("tags.record.write", id=place.id))
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if not place.has_tag or f'tag_uid = "{place.tag_uid}"' in lines:
        return
    tell(texts("tags.record.replaces", uid=place.tag_uid))
