"""Which filters to ask the broker for, given what its session of the hub holds; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec


class Noted(msgspec.Struct, frozen=True):
    """Filters that a broker has granted to a session."""

    session: str
    filters: tuple[str, ...]


class Plan(msgspec.Struct, frozen=True):
    """What to ask for; both empty where the session has everything already."""

    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()


_NOTHING: Final = Noted("", ())


def plan(wanted: Sequence[str], session: str, remembered: str, *, session_present: bool) -> Plan:
    """Everything anew where the session is gone or is not what was noted; what is wanted no more is dropped,
    or the broker would go on sending it."""
    noted = _read(remembered)
    if not session_present or noted.session != session:
        return Plan(tuple(wanted))
    if set(noted.filters) == set(wanted):
        return Plan()
    return Plan(tuple(wanted), tuple(had for had in noted.filters if had not in wanted))


def note(wanted: Sequence[str], session: str) -> str:
    """What to remember once the broker has granted all of it."""
    return msgspec.json.encode(Noted(session, tuple(wanted))).decode()


def _read(remembered: str) -> Noted:
    try:
        return msgspec.json.decode(remembered, type=Noted)
    except (msgspec.MsgspecError, ValueError):
        return _NOTHING
