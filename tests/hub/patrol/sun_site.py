"""The tags of the tests' school, written with its keys."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from devices.tag_keys import MasterKey, SiteKeys
from hub.config.model import EnrolledTag, Tags
from tests.devices.sun_tag import SunTag
from tests.hub.patrol.posting import GATE

KEYS: Final = SiteKeys(MasterKey(bytes(range(16))), "school")
TAGS: Final = Tags(KEYS, {GATE: EnrolledTag(GATE, 0, 12)})


def tag_at(uid: str = GATE, counter: int = 12, keys: SiteKeys = KEYS) -> SunTag:
    """A tag on its wall, as it was put up."""
    raw = bytes.fromhex(uid)
    return SunTag(raw, keys.meta_read_key(), keys.file_read_key(raw), counter)


def message_of(tag: SunTag) -> dict[str, str]:
    """The parameters of one more read."""
    return dict(parse_qsl(tag.read()))
