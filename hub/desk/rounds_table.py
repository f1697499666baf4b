"""Runs as a table for a spreadsheet: one line for each stop; pure.

CSV, with the mark by which Excel knows UTF-8."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Final

from hub.book.model import RoundRun
from hub.config.model import Campus
from hub.rounds import timeline
from hub.rounds.queries import day_of
from hub.rounds.standing import deadline_of, word_of
from hub.rounds.timeline import Line
from hub.words.wording import local
from rules.bind import RoundTarget
from rules.model import Text
from rules.route import Decided

COLUMNS: Final = (
    *("day", "round", "run", "starts", "ends", "deadline", "state", "number", "checkpoint", "checkpoint_id"),
    *("area", "earliest", "latest", "visited", "at", "who", "person", "device", "trust", "since_min"),
    *("remarks", "decided_by", "decided_why"),
)
_TIMES: Final = frozenset({"starts", "ends", "deadline", "earliest", "latest", "at"})
_BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
# Spreadsheets take a cell that begins so for a formula, whoever typed it.
_FORMULAS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def table(
    campus: Campus,
    runs: Iterable[RoundRun],
    targets: Mapping[str, RoundTarget],
    orders: Mapping[str, Sequence[Decided]],
    now_ms: int,
    *,
    say: Callable[[Text], str],
    text: Callable[[str], str],
) -> str:
    """The whole table. `text`: the pages' own texts; times are local, in the zone that their columns name,
    and written as spreadsheets sort and subtract them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_heading(campus, column, text) for column in COLUMNS])
    for run in runs:
        walk = timeline.walk_of(run, targets.get(run.id))
        for line in timeline.course(campus, run, walk, orders.get(run.id, ()), now_ms):
            row = _row(campus, run, line, now_ms, say=say, text=text)
            writer.writerow([_safe(row[column]) for column in COLUMNS])
    return _BYTE_ORDER_MARK + out.getvalue()


def _row(
    campus: Campus,
    run: RoundRun,
    line: Line,
    now_ms: int,
    *,
    say: Callable[[Text], str],
    text: Callable[[str], str],
) -> dict[str, str]:
    zone = campus.site.zone
    planned = campus.rounds.get(run.round)
    decided = campus.people.get(run.decided_by)
    visited = timeline.is_visited(run, line)
    return {
        "day": day_of(run),
        "round": say(planned.name) if planned else run.round,
        "run": run.id,
        "starts": _time(run.starts_ms, zone),
        "ends": _time(run.ends_ms, zone),
        "deadline": _time(deadline_of(run), zone),
        "state": text(f"round.{word_of(run, now_ms)}"),
        "number": str(line.number),
        "checkpoint": say(line.name),
        "checkpoint_id": line.checkpoint,
        "area": say(line.area) if line.area else "",
        "earliest": _time(line.earliest_ms, zone),
        "latest": _time(line.latest_ms, zone),
        "visited": text("rounds_export.yes") if visited else text("rounds_export.no"),
        "at": _time(line.at_ms, zone),
        "who": line.who,
        "person": line.person,
        "device": line.device,
        "trust": text(f"tap.trust.{line.trust.value}") if line.trust else "",
        "since_min": f"{line.since_ms / 60_000:.1f}" if line.since_ms is not None else "",
        "remarks": text("rounds_export.and").join(text(f"round_page.mark.{m.value}") for m in line.marks),
        "decided_by": decided.name if decided else run.decided_by,
        "decided_why": run.decided_why,
    }


def _heading(campus: Campus, column: str, text: Callable[[str], str]) -> str:
    name = text(f"rounds_export.column.{column}")
    if column not in _TIMES:
        return name
    return text("rounds_export.local").format(name=name, zone=campus.site.zone.key)


def _time(at_ms: int | None, zone: tzinfo) -> str:
    return "" if at_ms is None else f"{local(at_ms, zone):%Y-%m-%d %H:%M:%S}"


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell
