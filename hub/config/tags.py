"""The tags of checkpoints that prove their reads, and the one key that all of theirs are derived from."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from typing import Final

from devices.sun import UID_BYTES
from devices.tag_keys import MasterKey, SiteKeys
from hub.config import schema
from hub.config.document import Document, Entry
from hub.config.faults import Fault
from hub.config.model import Campus, EnrolledTag, Tags
from hub.config.values import parse_uid

_MOST_BYTES: Final = 1_000
_OF_SUN: Final = ("tag_count", "tag_key_version")
_MAKE_ONE: Final = "make it, as the hub's user: campushub tags key; or put its copy from the safe there"
# No maker's chips have a UID that begins so: it can be nobody's tag.
_NO_MAKER: Final = b"\xff"


def tags_of(file: schema.File, master: MasterKey | None) -> Tags:
    """The enrolled tags, and their keys where there is a master key."""
    enrolled = {
        place.tag_uid: EnrolledTag(place.tag_uid, place.tag_key_version, place.tag_count)
        for place in file.checkpoint
        if place.tag_uid is not None and place.tag_count is not None
    }
    if master is None:
        return Tags(enrolled=enrolled)
    versions = {bytes.fromhex(tag.uid): tag.key_version for tag in enrolled.values()}
    return Tags(SiteKeys(master, file.site.id, versions), enrolled)


def uid_of(file: schema.File, place: schema.CheckpointTable) -> str:
    """The UID of a checkpoint's tag; where there is only a printed code, one that stands for it."""
    if place.tag_uid is not None:
        return place.tag_uid
    named = hashlib.sha256(f"{file.site.id}/{place.id}".encode()).digest()
    return (_NO_MAKER + named)[:UID_BYTES].hex().upper()


def is_stand_in(uid: str) -> bool:
    """Whether a UID can be no chip's, and so stands for a place without a tag, if for any."""
    return len(uid) == 2 * UID_BYTES and uid.startswith(_NO_MAKER.hex().upper())


def find_master_key(document: Document) -> tuple[MasterKey | None, list[Fault]]:
    """The master key, from its own file: never in `campus.toml`, never in the database, for the hub only."""
    tags = document.section("tags")
    name = tags.text("master_key_file")
    if name is None:
        return None, []
    path = document.file.parent / name
    try:
        with path.open("rb") as stream:
            mode = path.stat().st_mode
            text = stream.read(_MOST_BYTES)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            remedy = f"chmod 600 {name}: whoever reads it can forge every tap"
            return None, [tags.fault("master_key_file", "others may read the file that it names", remedy)]
        return MasterKey.from_hex(text.decode("ascii")), []
    except UnicodeDecodeError:
        problem = "the file that it names holds no master key"
    except ValueError as error:
        problem = f"the file that it names cannot be used: {error}"
    except OSError as error:
        problem = f"the file that it names cannot be read: {error.strerror}"
    return None, [tags.fault("master_key_file", problem, _MAKE_ONE)]


def check_tags(document: Document) -> Iterator[Fault]:
    """Checkpoints whose tags are said to prove their reads, and cannot."""
    has_key = "master_key_file" in document.section("tags").table
    for place in document.entries("checkpoint"):
        if not any(key in place.table for key in _OF_SUN):
            continue
        if not has_key:
            remedy = 'name the file of the master key: [tags] master_key_file = "secrets/tag-key"'
            yield place.fault("tag_count", "nothing that its tag says can be verified", remedy)
        yield from _enrolment(place)


def doubts_of_tags(document: Document, campus: Campus) -> Iterator[Fault]:
    """A master key that no tag uses, and tags that could prove their reads and are not said to."""
    if campus.tags.keys is None:
        return
    if not campus.tags.enrolled:
        remedy = "write tag_count at each [[checkpoint]] whose tag was written with its keys"
        yield document.fault(("tags", "master_key_file"), "no checkpoint's tag is enrolled", remedy)


def _enrolment(place: Entry) -> Iterator[Fault]:
    if "tag_count" not in place.table:
        remedy = "read the tag with a phone, and write the count that it shows: every read before is void"
        yield place.fault("tag_count", "is missing, so that old reads would count", remedy)
    if "tag_uid" not in place.table:
        yield place.fault("tag_uid", "is missing, and there is a count of its tag", "write the tag's UID")
    uid = parse_uid(place.text("tag_uid") or "")
    if uid is not None and len(uid) != 2 * UID_BYTES:
        yield place.fault("tag_uid", f"the UID of a SUN tag has {UID_BYTES} bytes", "leave out tag_count")
