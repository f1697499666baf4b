"""The lines that a gateway shows: one plain line for what happened, in the language of the site; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

from devices.gateway.model import Language
from devices.gateway.replies import Reply
from devices.gateway.taps import Unknown
from devices.gateway.troubles import Trouble
from devices.wire import escaped

# A reply this much later than its tap says which tap it means.
LATER_S: Final = 10.0
_LONGEST: Final = 80


class Texts:
    """Texts by their dotted names. `tables`: as the language's file has them."""

    def __init__(self, language: Language, tables: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self._texts = {f"{table}.{key}": text for table, keys in tables.items() for key, text in keys.items()}

    def __call__(self, name: str, /, **values: object) -> str:
        """The text; what is filled in is kept on one line."""
        return self._texts[name].format(**{key: escaped(str(told)) for key, told in values.items()})

    def reason(self, reason: str) -> str:
        """Why, in words; a reason that is newer than this gateway as the hub calls it."""
        return self._texts.get(f"reason.{reason}") or escaped(reason, _LONGEST)

    def trouble(self, why: Trouble | str) -> str:
        """What is the matter, in words or as the system says it."""
        return self(f"trouble.{why.value}") if isinstance(why, Trouble) else escaped(why, _LONGEST)


def time_of_day(at_s: float, zone: tzinfo | None) -> str:
    """A time as the lines have it. `at_s`: Unix seconds; `zone` None: the computer's."""
    return f"{datetime.fromtimestamp(at_s, UTC).astimezone(zone):%H:%M:%S}"


def reply_line(reply: Reply, texts: Texts, tapped_at: str | None, unknown: Unknown | None = None) -> str:
    """What the guard is told. `tapped_at`: when the tap was, where that is long ago.

    `unknown`: what was read, where the hub does not know its tag."""
    line = _reply(reply, texts, unknown)
    return line if tapped_at is None else texts("reply.later", told=line, at=tapped_at)


def _reply(reply: Reply, texts: Texts, unknown: Unknown | None) -> str:
    if unknown is not None:
        return texts("reply.refused", why=texts(f"unknown.{unknown.value}"))
    if not reply.accepted:
        return texts("reply.refused", why=texts.reason(reply.reason or "?"))
    if reply.next is not None:
        name = reply.next.name
        then = texts("reply.next", name=name.zh if texts.language is Language.ZH else name.en)
    else:
        then = texts("reply.last" if reply.round else "reply.no_round")
    line = texts("reply.accepted", checkpoint=reply.checkpoint or texts("reply.unknown_place"), then=then)
    return line if reply.reason is None else texts("reply.but", told=line, why=texts.reason(reply.reason))
