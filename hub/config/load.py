"""Loading `campus.toml`: read, compare with the schema, check, resolve. Nothing is opened or started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from hub.config import checks, passwords, rulebook, shape
from hub.config.binding import idle_rules
from hub.config.broker_users import doubts
from hub.config.calendar import doubts_of_calendar
from hub.config.checklists import doubts_of_checklists
from hub.config.document import Document, read
from hub.config.faults import ConfigurationError, Fault, in_order
from hub.config.maintenance import check_rules_of_maintenance
from hub.config.model import Campus
from hub.config.patrols import doubts_of_patrols
from hub.config.plan import doubts_of_plan, find_plan
from hub.config.resolve import book_url_in, resolve
from hub.config.tags import doubts_of_tags, find_master_key
from hub.config.telling import check_addresses, check_rules
from hub.config.web import doubts_of_web


def load(
    path: Path,
    environment: Mapping[str, str],
    *,
    folder: Path | None = None,
    web_port: int | None = None,
    broker_port: int | None = None,
) -> Campus:
    """The campus that the file at `path` describes. Raises ConfigurationError with every fault at once.

    `folder` and the ports take the place of those in the file; a book kept in the folder moves with it.
    """
    document = read(path)
    file, faults = shape.validate(document)
    faults = _told_once(faults, checks.check(document))
    secrets, secret_faults = passwords.find(document, environment)
    rules, rule_faults = rulebook.compile_rules(document)
    master_key, key_faults = find_master_key(document)
    plan, plan_faults = find_plan(document)
    faults += secret_faults + rule_faults + key_faults + plan_faults
    faults += check_addresses(document, secrets.channel_urls)
    known_rules = frozenset((*(rule.id for rule in rules.rules), *rules.off))
    faults += check_rules(document, known_rules)
    faults += check_rules_of_maintenance(document, known_rules)
    if file is None or faults:
        raise ConfigurationError(faults)
    campus = resolve(
        path, file, replace(secrets, book_url=secrets.book_url or file.storage.book_url), rules, master_key
    )
    campus = replace(_moved(campus, folder, web_port, broker_port), plan=plan)
    return replace(campus, warnings=in_order(_warnings(document, campus)))


def _told_once(of_shape: list[Fault], others: list[Fault]) -> list[Fault]:
    """What is ill-formed and leads nowhere is one fault: where it should lead helps more."""
    places = {(fault.line, fault.key) for fault in others}
    return [fault for fault in of_shape if (fault.line, fault.key) not in places] + others


def _moved(campus: Campus, folder: Path | None, web_port: int | None, broker_port: int | None) -> Campus:
    storage = campus.storage
    if folder is not None:
        own_book = storage.book_url == book_url_in(storage.folder)
        place = folder.absolute()
        book_url = book_url_in(place) if own_book else storage.book_url
        storage = replace(storage, folder=place, book_url=book_url)
    return replace(
        campus,
        storage=storage,
        web=campus.web if web_port is None else replace(campus.web, port=web_port),
        broker=campus.broker if broker_port is None else replace(campus.broker, port=broker_port),
    )


def _warnings(document: Document, campus: Campus) -> Iterator[Fault]:
    own = {entry.text("id"): entry for entry in document.entries("rule")}
    for rule in idle_rules(campus):
        if rule.id in document.section("rules").table:
            remedy = f'nothing to do; to be rid of this line: [rules."{rule.id}"] enabled = false'
            yield document.fault(("rules", rule.id), "selects nothing on this campus", remedy)
        elif rule.id in own:
            remedy = "look at `select`, and at the kinds and labels of the devices"
            yield own[rule.id].fault("select", "selects nothing on this campus", remedy)
    passed = {place for walk in campus.rounds.values() for place in walk.checkpoints}
    for entry in document.entries("checkpoint"):
        if entry.text("id") not in passed:
            yield entry.fault("id", "no round passes it", "add it to the checkpoints of a [[round]]")
    yield from doubts(document, campus)
    yield from doubts_of_checklists(document)
    yield from doubts_of_tags(document, campus)
    yield from doubts_of_plan(document, campus)
    yield from doubts_of_patrols(document, campus)
    yield from doubts_of_web(document, campus)
    yield from doubts_of_calendar(document, campus.calendar)
