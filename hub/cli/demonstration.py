"""`campushub demo`: broker, hub, pages and a simulated campus in one process, on this computer only."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from rich.console import Group
from rich.panel import Panel
from rich.table import Table

from firmware_sim import scenario as scenarios
from firmware_sim.plan import SimulationError
from firmware_sim.run import simulate
from hub.alerts.reader import installation
from hub.book.store import Book, BookFaultError
from hub.cli.console import err, fail
from hub.cli.exits import Exit
from hub.cli.planning import broker_address, plan_of
from hub.cli.running import log_to_terminal, serve
from hub.clock import system_now_ms
from hub.config.load import load
from hub.config.model import Campus, CampusPlan
from hub.folder import FolderError, FolderLock
from hub.main import Hub
from hub.processes import free_port
from hub.rounds.planning import runs_of_day
from hub.web.accounts import matches, set_secret, states
from rules.catalogue import override
from rules.model import Rule

# What the demonstration's people type; only in a demo's own book, reached from this computer only.
SECRETS: Final = {
    "zhang-wei": "135790",
    "li-qiang": "246801",
    "wang-fang": "112358",
    "chen-jie": "314159",
    "liu-yang": "demo-liu-yang",
    "admin": "demo-admin",
    "wall": "demo-wall",
}
# A simulated guard needs this long for a whole round.
_WALKABLE_MS: Final = 600_000
# Nobody watches a demonstration for ten minutes: durations are shortened, and the start says so.
_HASTY: Final[Mapping[str, Mapping[str, object]]] = {"cold.chilled.warm": {"for": "30s", "keep_for": "20s"}}


def example() -> str:
    """The commented example configuration: the demo's own campus."""
    return files("hub.demo").joinpath("campus.toml").read_text(encoding="utf-8")


def demo(folder: Path, port: int, broker_port: int, scenario: str, seed: int) -> None:
    """Runs everything until Ctrl-C."""
    log_to_terminal(logging.WARNING)
    if port and port == broker_port:
        fail(f"--port and --broker-port are both {port}: they need two", Exit.USAGE)
    campus = demo_campus(folder, port, broker_port or free_port())
    try:
        chosen = scenarios.load(scenario)
    except SimulationError as error:
        fail("\n".join(error.faults), Exit.CONFIGURATION)
    stop = threading.Event()
    simulation = threading.Thread(
        name="simulated campus",
        target=simulate,
        args=(plan_of(campus), broker_address(campus.broker), chosen),
        kwargs={
            "speed": 1.0,
            "seed": seed,
            "duration_s": None,
            "clock": time.time,
            "progress": lambda _: None,
            "stop": stop,
        },
        daemon=True,
    )

    try:
        _begin_with_the_round_under_way(campus)
    except (BookFaultError, FolderError, OSError) as error:
        fail(str(error), Exit.UNAVAILABLE)

    def ready(hub: Hub, address: str) -> None:
        known = states(hub.book)
        for person, secret in SECRETS.items():
            if person not in known:
                set_secret(hub.book, person, secret, one_time=False, now_ms=hub.now())
        own = {person for person in SECRETS if person in known and not _is_ours(hub.book, person)}
        simulation.start()
        err.print(_welcome(campus, address, own))

    try:
        serve(campus, ready)
    finally:
        stop.set()
        if simulation.is_alive():
            simulation.join(1.5)


def demo_campus(folder: Path, port: int, broker_port: int) -> Campus:
    """The example's campus with a demonstration's folder, ports, haste and picture."""
    with as_file(files("hub.demo").joinpath("campus.toml")) as path:
        campus = load(path, {}, folder=folder, web_port=port, broker_port=broker_port)
    plan = CampusPlan(files("hub.demo").joinpath("plan.svg").read_bytes(), "image/svg+xml")
    return replace(campus, plan=plan, rules={rule.id: _hasty(rule) for rule in campus.rules.values()})


def _begin_with_the_round_under_way(campus: Campus) -> None:
    """At a school a round that had begun before the hub was there is not judged; here it is to be seen."""
    now_ms = system_now_ms()
    today = datetime.fromtimestamp(now_ms / 1000, campus.site.zone).date()
    walks = [run.walk for _, run in runs_of_day(campus, today)]
    started = [walk.starts_ms for walk in walks if walk.starts_ms <= now_ms < walk.ends_ms - _WALKABLE_MS]
    FolderLock(campus.storage.folder).release()  # nobody else works on it, and it can be used
    book = Book(campus.storage.book_url)
    with book.writing() as session:
        installation(session, max(started, default=now_ms))
    book.close()


def _hasty(rule: Rule) -> Rule:
    changes = _HASTY.get(rule.id)
    return override(rule, changes) if changes else rule


def _is_ours(book: Book, person: str) -> bool:
    """Whether a person still has the demonstration's secret. It counts as no attempt to sign in."""
    return matches(book, person, SECRETS[person])


def _welcome(campus: Campus, address: str, own: set[str]) -> Panel:
    people = Table("sign in as", "with", "who", "role", box=None, pad_edge=False)
    for person, secret in SECRETS.items():
        who = campus.people[person]
        shown = "(changed)" if person in own else secret
        people.add_row(person, shown, who.name, who.role.value)
    return Panel(
        Group(
            f"[bold]{campus.site.name.zh} · {campus.site.name.en}[/bold]",
            f"page    [bold cyan]{address}[/bold cyan]   (wall: {address}wall)",
            f"MQTT    {campus.broker.host}:{campus.broker.port}",
            f"data    {campus.storage.folder}",
            "",
            people,
            "",
            "A fridge begins to warm after about a minute; its alert waits 30 s (at a school 10 min).",
            "Ctrl-C ends everything.",
        ),
        title="campushub demo",
        expand=False,
    )
