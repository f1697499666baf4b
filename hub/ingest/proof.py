"""What the SUN messages that taps come with prove on this campus; pure, but for the keys that it is given.

Here a message is proved to be a tag's own. Whether its count is new is judged by the log as it is written
(`hub.log.claims`). What is refused stays on record as a tap that is worth no more than a UID.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec.structs import replace

from devices.facts import Tap, Trust
from devices.sun import SunClaim, SunMessage, SunRefusal, of_values, verify
from hub.config.model import Tags
from hub.config.tags import is_stand_in
from hub.log.model import Claim


class Doubt(Enum):
    """Why a tap with a SUN message is not trusted for it. The log adds `replay` and `forgotten`."""

    UNREADABLE = "unreadable"  # not the message of a tag
    FORGED = "forged"  # altered, or of a tag that was not written with this site's keys
    OTHER_TAG = "other_tag"  # the message of another tag than the one that was read
    VOID = "void"  # a read from before the tag was put up
    UNVERIFIED = "unverified"  # there is no master key: nothing is known against it either
    NOT_ENROLLED = "not_enrolled"  # true, and of a tag that is no checkpoint's, or without a known count


# Nobody did wrong: the tap stays a visit.
_HARMLESS: Final = frozenset({Doubt.UNVERIFIED, Doubt.NOT_ENROLLED})
_FORGED: Final = frozenset({SunRefusal.NOT_PICC_DATA, SunRefusal.WRONG_MAC})
_OF_UIDS: Final = (Trust.READER, Trust.UID)


def proved(tags: Tags, tap: Tap, values: Mapping[str, str]) -> tuple[Tap, Claim | Doubt]:
    """The tap as its message makes it, and the count that it claims or why it claims none.

    A tap that names no tag gets the one of its message."""
    found = _claim(tags, values)
    if isinstance(found, Doubt):
        return _doubted(tap, found), found
    at = replace(tap, tag_uid=tap.tag_uid or found.tag_uid)
    doubt = _doubt(tags, at, found)
    if doubt is not None:
        return _doubted(at, doubt), doubt
    chip = tags.enrolled[found.tag_uid].chip
    return replace(at, trust=Trust.SUN, counter=found.counter), Claim(tap.key, chip, found.counter)


def at_most_qr(tap: Tap) -> Tap:
    """A tap that claims the UID which stands for a place without a tag: anybody can work that out from the
    ids of site and checkpoint, so it proves no more than the printed code there does."""
    return replace(tap, trust=Trust.QR) if tap.trust in _OF_UIDS and is_stand_in(tap.tag_uid) else tap


def _claim(tags: Tags, values: Mapping[str, str]) -> SunClaim | Doubt:
    if tags.keys is None:
        return Doubt.UNVERIFIED
    message = of_values(values)
    if not isinstance(message, SunMessage):
        return Doubt.UNREADABLE
    claim = verify(message, tags.keys)
    if isinstance(claim, SunClaim):
        return claim
    return Doubt.FORGED if claim in _FORGED else Doubt.UNREADABLE


def _doubt(tags: Tags, tap: Tap, claim: SunClaim) -> Doubt | None:
    if claim.tag_uid != tap.tag_uid:
        return Doubt.OTHER_TAG
    enrolled = tags.enrolled.get(claim.tag_uid)
    if enrolled is None:
        return Doubt.NOT_ENROLLED
    return Doubt.VOID if claim.counter <= enrolled.from_count else None


def _doubted(tap: Tap, doubt: Doubt) -> Tap:
    trust = tap.trust if tap.trust in (Trust.QR, Trust.MANUAL) else Trust.UID
    return replace(tap, trust=trust, refused="" if doubt in _HARMLESS else doubt.value)
