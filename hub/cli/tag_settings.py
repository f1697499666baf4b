"""What `campushub tags settings` does: all that is written into one tag."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devices.sun import UID_BYTES
from devices.tag_keys import KeyNumber, SiteKeys
from devices.tag_settings import FILE_NUMBER, TagSettings, is_of_a_chip_that_signs, settings_of
from hub.cli.console import fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.cli.new_files import not_written
from hub.cli.secret_files import write_secret
from hub.cli.tag_planning import address_of, place_of, tell, texts_of
from hub.config.model import Campus, Checkpoint
from hub.config.values import parse_uid
from hub.words.texts import Texts

# Key 0 last: from then on the tag takes no more orders from whoever has the factory key.
_IN_THIS_ORDER: Final = (
    KeyNumber.META_READ,
    KeyNumber.FILE_READ,
    KeyNumber.SPARE_3,
    KeyNumber.SPARE_4,
    KeyNumber.MASTER,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed. `uid` empty, `key_version` None: as configured; `keys_file` None: none is written."""

    checkpoint: str
    uid: str
    key_version: int | None
    address: str
    keys_file: Path | None
    show_keys: bool


def show(config: Path, environment: Mapping[str, str], asked: Asked) -> None:
    """Prints the settings, in the site's language; keys only to a terminal or into a file of their own."""
    if asked.show_keys and not sys.stdout.isatty():
        fail(
            "--show-keys prints to a terminal only: take --keys-file for a file that only you can read",
            Exit.USAGE,
        )
    campus = load_or_fail(config, environment)
    texts = texts_of(campus)
    place = place_of(campus, asked.checkpoint)
    uid = _uid(texts, place, asked.uid)
    address = address_of(campus, asked.address)
    try:
        settings = settings_of(f"{address}/t/{place.id}")
    except ValueError as error:
        fail(str(error), Exit.CONFIGURATION)
    version = _version(campus, uid, asked.key_version)
    keys = _keys(campus, uid, version)
    if keys is None and (asked.show_keys or asked.keys_file is not None):
        fail(texts("tags.settings.no_keys"), Exit.CONFIGURATION)
    for line in (*_file_lines(texts, place, uid, settings), *_key_lines(texts, uid, keys, version, asked)):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if keys is not None and asked.keys_file is not None:
        _write(texts, asked.keys_file, place, uid, version, keys)
    if uid in campus.tags.enrolled and asked.key_version is None:
        tell(texts("tags.settings.enrolled", id=place.id, next=version + 1))


def _uid(texts: Texts, place: Checkpoint, typed: str) -> str:
    """Upper-case hex; empty: not known yet. Ends the program if it cannot be that of such a tag."""
    uid = parse_uid(typed) if typed else place.tag_uid if place.has_tag else ""
    if uid is None or (uid and not is_of_a_chip_that_signs(uid)):
        fail(texts("tags.settings.other_chip", uid=typed or place.tag_uid, bytes=UID_BYTES), Exit.USAGE)
    return uid


def _version(campus: Campus, uid: str, asked: int | None) -> int:
    if asked is not None:
        return asked
    enrolled = campus.tags.enrolled.get(uid)
    return enrolled.key_version if enrolled is not None else 0


def _keys(campus: Campus, uid: str, version: int) -> SiteKeys | None:
    if campus.tags.keys is None or not uid:
        return None
    return campus.tags.keys.written_anew(bytes.fromhex(uid), version)


def _file_lines(texts: Texts, place: Checkpoint, uid: str, settings: TagSettings) -> Iterator[str]:
    yield texts("tags.settings.title", id=place.id, uid=uid or texts("tags.settings.uid_unknown"))
    yield ""
    yield texts("tags.settings.write_file", file=FILE_NUMBER, bytes=len(settings.ndef))
    yield f"   URL   {settings.url}"
    yield f"   NDEF  {settings.ndef.hex().upper()}"
    yield texts("tags.settings.change_settings", file=FILE_NUMBER)
    yield f"   {settings.file_settings.hex().upper()}"
    yield f"   PICCDataOffset     {settings.picc_data_offset}"
    yield f"   SDMMACInputOffset  {settings.mac_offset}"
    yield f"   SDMMACOffset       {settings.mac_offset}"


def _key_lines(texts: Texts, uid: str, keys: SiteKeys | None, version: int, asked: Asked) -> Iterator[str]:
    yield texts("tags.settings.change_keys")
    for number in _IN_THIS_ORDER:
        shown = texts("tags.settings.hidden")
        if keys is not None and asked.show_keys:
            shown = keys.key(bytes.fromhex(uid), number).hex().upper()
        yield f"   {number.value}  KeyVer {_key_version(number, version):02X}  {shown}"
        yield f"      {texts(f'tags.settings.key.{number.value}')}"
    if keys is None:
        yield "   " + texts("tags.settings.no_keys")
    yield texts("tags.settings.then_record", id=asked.checkpoint)


def _write(texts: Texts, file: Path, place: Checkpoint, uid: str, version: int, keys: SiteKeys) -> None:
    raw = bytes.fromhex(uid)
    lines = [f"# {place.id}, UID {uid}, KeyVer {version}"]
    lines += [f"{number.value} = {keys.key(raw, number).hex().upper()}" for number in _IN_THIS_ORDER]
    try:
        write_secret(file, "\n".join(lines) + "\n")
    except OSError as error:
        not_written(texts, file, error, "--keys-file")
    tell(texts("tags.settings.written", file=file))


def _key_version(number: KeyNumber, version: int) -> int:
    """As the tag keeps it with each key; the site's own key has but one."""
    return 0 if number is KeyNumber.META_READ else version
