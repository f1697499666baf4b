"""What `campushub rules explain` does: one alert, from the rule's numbers to who closed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rich.table import Table
from rich.text import Text as Cell

from devices.facts import ClockSet, Fact, Tick
from devices.wire import escaped
from hub.alerts import keeping
from hub.alerts.retracing import Moment, around, retrace
from hub.alerts.rounds import OF_ROUNDS
from hub.backtest.then import of_log
from hub.book.model import Alert, AlertChanged
from hub.book.tables import AlertRow
from hub.cli.backtesting import shown_instant
from hub.cli.console import fail, load_or_fail, out
from hub.cli.data import log_path, open_book
from hub.cli.exits import Exit
from hub.cli.rule_listing import in_language
from hub.config.binding import watches_of_devices
from hub.config.model import Campus
from hub.log.model import LogFaultError
from hub.log.sieve import Sieve
from hub.rounds.planning import planned
from hub.words import conditions
from hub.words.texts import Texts, load
from hub.words.wording import with_unit
from rules.bind import bind
from rules.model import Cleared, Eased, Event, Raised, RoundMoved, Watch, Worsened
from rules.reach import devices_of

_PACKAGES: Final = ("hub.words", "hub.desk", "hub.cli")
_LEAD_MS: Final = 86_400_000  # so long before it began judging starts, to know what went before
_AFTER_MS: Final = 3_600_000
_BESIDE: Final = 3
_NOTE_CHARS: Final = 300


def run(config: Path, environment: Mapping[str, str], number: int, folder: Path | None) -> None:
    """Prints the rule, the facts with the transitions, and the record, in the site's language."""
    campus = load_or_fail(config, environment)
    texts = load(_PACKAGES)[campus.site.language]
    book = open_book(campus, folder)
    if book is None:
        fail("there is no book in the data folder: nothing was ever raised here", Exit.CONFIGURATION)
    with book.reading() as session:
        row = session.get(AlertRow, number)
        if row is None:
            fail(f"there is no alert {number}", Exit.USAGE)
        alert, record = keeping.alert_of(row), keeping.record_of(session, number)
    watch = _watch(campus, alert)
    _print_rule(campus, texts, alert, watch)
    if watch is None:
        out.print(texts("explain.no_watch"), markup=False, highlight=False)
    else:
        _print_facts(campus, texts, watch, _facts(campus, folder, watch, record))
    _print_record(campus, texts, record)


def _watch(campus: Campus, alert: Alert) -> Watch | None:
    rule = campus.rules.get(alert.rule)
    if rule is None:
        return None
    if rule.select.subject in OF_ROUNDS:
        target = planned(campus, alert.subject)
        return bind(rule, target) if target is not None else None
    same = (
        one for one in watches_of_devices(campus) if (one.rule, one.subject) == (alert.rule, alert.subject)
    )
    return next(same, None)


def _facts(campus: Campus, folder: Path | None, watch: Watch, record: tuple[AlertChanged, ...]) -> list[Fact]:
    """What the log has of the watch's devices around the time, and the ticks of then."""
    times = [entry.at_ms for entry in record]
    from_ms, to_ms = max(0, min(times) - _LEAD_MS), max(times) + _AFTER_MS
    devices = set(devices_of(watch))
    sieve = Sieve(devices, all_taps=False) if devices else None
    try:
        then = of_log(log_path(campus, folder), from_ms, to_ms)
        return [fact for batch in then.batches(sieve, lambda _: None) for fact in batch.facts]
    except LogFaultError as fault:
        fail(fault.problem, Exit.CONFIGURATION)


def _print_rule(campus: Campus, texts: Texts, alert: Alert, watch: Watch | None) -> None:
    rule, device = campus.rules.get(alert.rule), campus.devices.get(alert.subject)
    title = f"{in_language(campus, rule.title)} ({alert.rule})" if rule is not None else alert.rule
    subject = f"{in_language(campus, device.name)} ({device.id})" if device is not None else alert.subject
    _say(texts("explain.title", id=alert.id, rule=title, subject=subject))
    if watch is not None and (words := conditions.said(watch.condition, texts)):
        _say(texts("explain.numbers", words=words))
    if rule is None:
        return
    hours = ", ".join(
        text for text in (rule.when, f"– {rule.except_when}" if rule.except_when else "") if text
    )
    if hours:
        _say(texts("explain.hours", hours=hours))
    _say(texts("explain.basis", basis=in_language(campus, rule.basis)))


def _print_facts(campus: Campus, texts: Texts, watch: Watch, facts: list[Fact]) -> None:
    moments = retrace(watch, facts)
    shown = around(moments, _BESIDE)
    _say("")
    _say(texts("explain.facts"))
    if not shown:
        _say(texts("explain.other" if moments else "explain.no_facts"))
        return
    table = Table(show_header=False)
    for moment in shown:
        if moment.skipped:
            table.add_row(Cell(texts("explain.skipped", n=moment.skipped), style="dim"), "", "", "")
        table.add_row(
            shown_instant(campus.site.zone, moment.fact.measured_at_ms),
            Cell(_content(moment, texts)),
            Cell(_phases(moment, texts)),
            Cell(", ".join(_event(one, texts) for one in moment.said)),
        )
    out.print(table)


def _content(moment: Moment, texts: Texts) -> str:
    if isinstance(moment.fact, Tick):
        return texts("explain.tick")
    if isinstance(moment.fact, ClockSet):
        return texts("explain.clock_set")
    said = (
        f"{name} = {with_unit(value, name) if not isinstance(value, bool) else str(value).lower()}"
        for name, value in moment.values
    )
    return ", ".join(said) or escaped(type(moment.fact).__name__.lower(), _NOTE_CHARS)


def _phases(moment: Moment, texts: Texts) -> str:
    before, after = (texts(f"explain.phase.{phase.value}") for phase in (moment.before, moment.after))
    return after if moment.before is moment.after else f"{before} → {after}"


def _event(event: Event, texts: Texts) -> str:
    match event:
        case Raised():
            return texts("explain.said.raised")
        case Worsened():
            return texts("explain.said.worsened")
        case Eased():
            return texts("explain.said.eased")
        case Cleared():
            return texts("explain.said.cleared")
        case RoundMoved():
            return event.state.value


def _print_record(campus: Campus, texts: Texts, record: tuple[AlertChanged, ...]) -> None:
    _say("")
    _say(texts("explain.record"))
    table = Table(show_header=False)
    for row in _rows(campus, texts, record):
        table.add_row(*map(Cell, row))
    out.print(table)


def _rows(
    campus: Campus, texts: Texts, record: tuple[AlertChanged, ...]
) -> Iterator[tuple[str, str, str, str]]:
    for entry in record:
        person = campus.people.get(entry.by)
        who = (person.name if person else entry.by) or texts("explain.hub")
        yield (
            shown_instant(campus.site.zone, entry.at_ms),
            texts(f"alert_page.change.{entry.change.value}"),
            who,
            escaped(entry.note, _NOTE_CHARS) if not entry.note.isprintable() else entry.note,
        )


def _say(line: str) -> None:
    out.print(line, markup=False, highlight=False, soft_wrap=True)
