"""Who walks which round; pure."""

from __future__ import annotations

from hub.config.model import Campus
from hub.config.walkers import walkers_of


def walkers(campus: Campus, round_: str) -> frozenset[str]:
    """The ids of the people whose round it is; nobody's if the configuration has lost it."""
    planned = campus.rounds.get(round_)
    return frozenset(person.id for person in walkers_of(campus, planned)) if planned else frozenset()
