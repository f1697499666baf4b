"""What a touch means: a tap that the hub is to hear of, or somebody who takes a reader into use; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import Final, TypeAlias

import msgspec

from devices import sun
from devices.gateway.model import Guard, ReaderPlan, Role
from devices.gateway.replies import Reply
from devices.pn532_reader import Touched

BADGE_HOLDS_S: Final = 12 * 3_600.0  # longer than any shift; whoever comes next lays on a badge of their own
# Tags of this hub say so in their address, signed or not; badges of people carry no such address.
_PATH_OF_TAGS: Final = "/t/"
_UNKNOWN_TAG: Final = "unknown_tag"  # the hub's reason: no checkpoint has this tag


class Tap(msgspec.Struct, frozen=True):
    """One tap, as the native `tap` has it. `sun`: what the tag signed, `e` and `c`."""

    tag_uid: str
    badge: str
    sun: tuple[str, str] | None = None


class TakenUp(msgspec.Struct, frozen=True):
    """A guard's badge was laid on a handheld reader: what it reads from now on is theirs."""

    guard: Guard


class Unknown(Enum):
    """What may have been read, when the hub knows no checkpoint with its tag."""

    OWN_TAG = "own_tag"  # a badge: it is the reader's own `tag_uid` that no checkpoint has
    CARD = "card"  # on a handheld reader: a tag, or the badge of somebody who is no [[guard]]
    BADGE_DROPPED = "badge_dropped"  # the same, and the reader has left its holder


Meaning: TypeAlias = Tap | TakenUp


class Holder:
    """Who has a handheld reader. Times are seconds of a clock that never jumps."""

    def __init__(self, reader: ReaderPlan, guards: Iterable[Guard]) -> None:
        self._reader = reader
        self._guards = {guard.badge: guard for guard in guards}
        self._guard: Guard | None = reader.guard
        self._since_s = 0.0

    def badge(self, now_s: float) -> str:
        """The badge that taps are sent with; empty: nobody's."""
        if self._reader.guard is None and now_s - self._since_s > BADGE_HOLDS_S:
            self._guard = None
        return self._guard.badge if self._guard is not None else ""

    def meaning(self, touch: Touched, now_s: float) -> Meaning:
        """What somebody did by laying this on the reader."""
        signed = signed_in(touch.url)
        if self._reader.role is Role.FIXED:
            if signed is not None or _is_of_a_tag(touch.url):
                return Tap(touch.uid, "", signed)  # a checkpoint's tag, carried here: the hub will say so
            return Tap(self._reader.tag_uid, touch.uid)
        guard = self._guards.get(touch.uid)
        if guard is not None:
            if self._reader.guard is None:
                self._guard, self._since_s = guard, now_s
            return TakenUp(guard)
        return Tap(touch.uid, self.badge(now_s), signed)

    def answered(self, reply: Reply, tag_uid: str, tapped_s: float) -> Unknown | None:
        """What an unknown tag may be; None: the reply says all. `tag_uid`: as the tap had it.

        A card that nobody knows may be the badge of whoever has a handheld reader now. What it reads must not
        count for the one who had it before: it is nobody's from then on, until a badge is laid on it."""
        if reply.accepted or reply.reason != _UNKNOWN_TAG:
            return None
        if self._reader.role is Role.FIXED:
            return Unknown.OWN_TAG if tag_uid == self._reader.tag_uid else None
        if self._reader.guard is not None:
            return None
        if not self.badge(tapped_s) or self._since_s > tapped_s:
            return Unknown.CARD  # nobody's; or a badge was laid on it since
        self._guard = None
        return Unknown.BADGE_DROPPED


def signed_in(url: str | None) -> tuple[str, str] | None:
    """`e` and `c` of the SUN message in a tag's URL; None: there is none that readers can hand on."""
    message = sun.parse(url) if url is not None else None
    if not isinstance(message, sun.SunMessage) or not isinstance(message.identity, sun.Sealed):
        return None
    if message.file_data:
        return None
    return message.identity.data.hex().upper(), message.mac.hex().upper()


def payload_of(tap: Tap, tap_id: str, at_s: float) -> str:
    """The message. `at_s`: Unix seconds."""
    body: dict[str, object] = {
        "at": instant(at_s),
        "tap_id": tap_id,
        "tag_uid": tap.tag_uid,
        "badge": tap.badge,
        "source": "reader",
    }
    if tap.sun is not None:
        body |= {"sun": dict(zip(("e", "c"), tap.sun, strict=True)), "source": "sun"}
    return json.dumps(body, separators=(",", ":"))


def tag_uid_in(payload: str) -> str:
    """The tag of a message that `payload_of` made."""
    return msgspec.json.decode(payload, type=_Tagged).tag_uid


def instant(at_s: float) -> str:
    """RFC 3339 to the millisecond, in UTC: a gateway needs no time zone for what it sends."""
    return datetime.fromtimestamp(round(at_s, 3), UTC).isoformat(timespec="milliseconds")


class _Tagged(msgspec.Struct):
    tag_uid: str


def _is_of_a_tag(url: str | None) -> bool:
    return url is not None and _PATH_OF_TAGS in url
