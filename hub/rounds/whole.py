"""One run with everything that is known of it, for the API and for its page. Blocks."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from hub.book.model import RoundRun
from hub.config.model import Campus
from hub.config.walkers import walkers_of
from hub.rounds import queries, timeline
from hub.rounds.evidence import Evidence, evidence
from hub.rounds.planning import planned
from hub.rounds.queries import RunFile
from hub.rounds.standing import deadline_of
from hub.rounds.timeline import Line
from hub.web.deps import Deps
from rules.bind import RoundTarget
from rules.route import Decided, Walk, distinct


class Whole(msgspec.Struct, frozen=True):
    """`orders`: every decision that the book or the log knows, in order of time."""

    file: RunFile
    walk: Walk
    evidence: Evidence
    orders: tuple[Decided, ...]
    lines: tuple[Line, ...]


def whole(deps: Deps, id_: str) -> Whole | None:
    """All that is known of a run; None: there is no such run."""
    file = queries.run_file(deps.book, id_)
    if file is None:
        return None
    target = planned(deps.campus, file.run.id)
    walk = timeline.walk_of(file.run, target if isinstance(target, RoundTarget) else None)
    tags = frozenset(place.tag_uid for place in deps.campus.checkpoints.values())
    found = evidence(deps.log_path, file.run, _people(deps.campus, file.run), tags)
    orders = timeline.merged(file.orders, found.orders)
    within = tuple(visit for visit in file.visits if visit.at_ms <= deadline_of(file.run))
    run = replace(file.run, visits=distinct(walk, within))
    return Whole(file, walk, found, orders, timeline.course(deps.campus, run, walk, orders, deps.now()))


def _people(campus: Campus, run: RoundRun) -> frozenset[str]:
    """The ids and badges of those whose round it is."""
    configured = campus.rounds.get(run.round)
    if configured is None:
        return frozenset()
    people = walkers_of(campus, configured)
    return frozenset(name for person in people for name in (person.id, person.badge) if name)
