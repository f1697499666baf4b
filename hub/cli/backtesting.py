"""What `campushub rules backtest` does: facts of the log or of the history, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import msgspec
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text as Cell

from hub.alerts.backtest import Compared, Match, Raising, compare, raisings_of, selected
from hub.alerts.reader import installation_if_known
from hub.backtest.apart import Judged, Work, judge, processors
from hub.backtest.then import OfHistory, OfLog, of_history, of_log
from hub.book import journal
from hub.book.model import AlertChanged
from hub.book.store import Book
from hub.cli.console import err, fail, load_or_fail, out
from hub.cli.data import log_path, open_book
from hub.cli.exits import Exit
from hub.cli.instants import instant
from hub.config.model import Campus
from hub.history.choose import DUCK_FILE
from hub.history.port import HistoryUnavailableError
from hub.log.model import LogFaultError
from hub.processes import TrialError
from rules.durations import parse_duration

_STEP: Final = 10_000  # entries of the journal
_END_MS: Final = 1 << 62
_TOLD: Final = {Match.BOTH: "both", Match.ONLY_NOW: "only now", Match.ONLY_THEN: "only then"}


class Asked(msgspec.Struct, frozen=True):
    """The options as typed. `folder` None: the configuration's."""

    since: str
    until: str
    rules: tuple[str, ...]
    folder: Path | None
    warm_up: str
    from_history: bool


class Outcome(msgspec.Struct, frozen=True):
    """What is printed as JSON: instants in milliseconds since 1970; `facts`: judged, warming up included."""

    from_ms: int
    to_ms: int | None
    facts: int
    both: int
    only_now: int
    only_then: int
    matters: tuple[Compared, ...]


def run(config: Path, environment: Mapping[str, str], asked: Asked, *, as_json: bool) -> None:
    """Judges the facts of then by the configuration's rules, and prints what came of it."""
    from_ms, to_ms = instant("--from", asked.since) or 0, instant("--to", asked.until)
    campus = load_or_fail(config, environment)
    wanted = selected(campus.rules, asked.rules, fnmatchcase)
    if not wanted:
        fail(f"no rule in force is called {' or '.join(asked.rules)}: see `campushub rules list`", Exit.USAGE)
    begin_ms = max(0, from_ms - _warm_up_ms(asked))
    book = open_book(campus, asked.folder)
    try:
        then = _then(campus, asked, begin_ms, to_ms)
        work = Work(config, dict(environment), frozenset(wanted), then, _installed_ms(book), from_ms, to_ms)
        judged = _judged(campus, work)
    except LogFaultError as fault:
        fail(fault.problem, Exit.CONFIGURATION)
    except HistoryUnavailableError as error:
        fail(
            f"{error.detail}. A hub that runs holds it: stop it, or use a copy of its data folder",
            Exit.UNAVAILABLE,
        )
    except TrialError as error:
        fail(str(error), Exit.FAILED)
    end_ms = _END_MS if to_ms is None else to_ms
    # Alerts of rules that are no more have nothing to be compared with.
    was = [one for one in raisings_of(_record(book), from_ms, end_ms) if one.rule in wanted]
    compared = compare(judged.raisings, was)
    _print(campus, _outcome(compared, judged.facts, from_ms, to_ms), as_json=as_json)


def _judged(campus: Campus, work: Work) -> Judged:
    with Bar(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn(), console=err
    ) as bar:
        task = bar.add_task("judging", total=1.0)
        judged = judge(campus, work, processors(), lambda done: bar.update(task, completed=done))
        bar.update(task, completed=1.0)
    return judged


def _then(campus: Campus, asked: Asked, begin_ms: int, to_ms: int | None) -> OfLog | OfHistory:
    """Where the facts come from."""
    if not asked.from_history:
        return of_log(log_path(campus, asked.folder), begin_ms, to_ms)
    path = (campus.storage.folder if asked.folder is None else asked.folder) / DUCK_FILE
    if not path.is_file():
        fail(f"{path}: there is no embedded history here", Exit.CONFIGURATION)
    return of_history(path, begin_ms, to_ms)


# --- what was raised ---


def _record(book: Book | None) -> Iterator[AlertChanged]:
    """Every change of every alert, oldest first."""
    last = 0
    while book is not None:
        with book.reading() as session:
            entries = journal.after(session, last, _STEP)
        if not entries:
            return
        last = entries[-1].id
        yield from (entry.decision for entry in entries if isinstance(entry.decision, AlertChanged))


def _installed_ms(book: Book | None) -> int:
    if book is None:
        return 0
    with book.reading() as session:
        return installation_if_known(session)


def _warm_up_ms(asked: Asked) -> int:
    try:
        return parse_duration(asked.warm_up)
    except ValueError as error:
        fail(f"--warm-up {error}", Exit.USAGE)


# --- what is printed ---


def _outcome(compared: Sequence[Compared], facts: int, from_ms: int, to_ms: int | None) -> Outcome:
    count = Counter(one.match for one in compared)
    return Outcome(
        from_ms,
        to_ms,
        facts,
        both=count[Match.BOTH],
        only_now=count[Match.ONLY_NOW],
        only_then=count[Match.ONLY_THEN],
        matters=tuple(compared),
    )


def _print(campus: Campus, outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        out.print_json(msgspec.json.encode(outcome).decode())
        return
    table = Table("rule", "subject", "would be raised", "for", "was raised", "for", "")
    for each in outcome.matters:
        table.add_row(
            Cell(each.one.rule),
            Cell(each.one.subject),
            *_cells(campus, each.would),
            *_cells(campus, each.was),
            _TOLD[each.match],
        )
    if outcome.matters:
        out.print(table)
    told = f"{outcome.both} as then, {outcome.only_now} only now, {outcome.only_then} only then"
    out.print(f"{told}; {outcome.facts} facts judged", highlight=False)


def _cells(campus: Campus, one: Raising | None) -> tuple[str, str]:
    if one is None:
        return "–", ""
    lasted = "lasts" if one.over_ms is None else shown_duration(one.over_ms - one.raised_ms)
    number = f" #{one.alert}" if one.alert is not None else ""
    return shown_instant(campus.site.zone, one.raised_ms) + number, lasted


def shown_instant(zone: tzinfo, at_ms: int) -> str:
    """Local date and time to the second."""
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M:%S}"


def shown_duration(ms: int) -> str:
    """`3 h 05 min`, `4 min`, `30 s`."""
    if ms < 60_000:
        return f"{max(0, ms) // 1000} s"
    hours, minutes = divmod(ms // 60_000, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
