"""Killed between any two writes, and while sending: no alert and no notice is lost, ids stay the same.

The whole way from the log to the channels runs over one book of which every statement and every commit may
be the last thing that the process does; then everything begins anew from what is on the disk.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select

from devices.facts import Clock, Reading
from hub.alerts import desk, keeping
from hub.alerts.reader import AlertsReader
from hub.book.model import Alert
from hub.book.store import Book
from hub.book.tables import AlertRow
from hub.config.binding import watches_of_devices
from hub.config.model import Campus
from hub.log.model import Entry as LogEntry
from hub.log.reader import LogReader
from hub.log.writer import LogWriter
from hub.notify import ledger
from hub.notify.channels import Message, Outcome
from hub.notify.message import Composer, load_texts
from hub.notify.model import Entry, Kind, State, short_id
from hub.notify.outbox import Outbox
from hub.notify.reader import NoticesReader
from rules.model import Role
from tests.hub.notify.bureau import MINUTE, NOON, WARM, campus_of
from tests.hub.notify.fuse import FragileBook, Fuse, KilledError

TEXTS: Final = load_texts()


@dataclass
class Outside:
    """What has arrived: it outlives every process. The fuse burns before and after each arrival."""

    fuse: Fuse
    most_bytes: int = 100_000
    arrived: list[str] = field(default_factory=list)

    def send(self, message: Message) -> Outcome:
        """Arrives; whether the sender lives to know is another matter."""
        self.fuse.burn()
        self.arrived.append(message.text)
        self.fuse.burn()
        return Outcome()


@dataclass
class World:
    """A folder, what is outside of it, and the hub's clock."""

    folder: Path
    campus: Campus
    fuse: Fuse = field(default_factory=Fuse)
    now_ms: int = NOON

    def __post_init__(self) -> None:
        self.outside = {id_: Outside(self.fuse) for id_ in self.campus.channels}


class Life:
    """What one process has in memory."""

    def __init__(self, world: World) -> None:
        folder, campus = world.folder, world.campus

        def now() -> int:
            return world.now_ms

        self.log = LogWriter(folder / "log.sqlite")
        self.readers_log = LogReader(folder / "log.sqlite")
        self.book = FragileBook(f"sqlite:///{folder / 'book.sqlite'}", world.fuse)
        try:
            watches = watches_of_devices(campus)
            alerts = AlertsReader(
                campus, watches, lambda _: (), self.readers_log, self.book, now, lambda: None
            )
        except KilledError:
            self.end()
            raise
        outboxes = [
            Outbox(
                channel.id,
                world.outside[channel.id],
                campus,
                self.book,
                Composer(campus, TEXTS[channel.language], now).compose,
                now,
                lambda: world.now_ms / 1_000,
                lambda: 0.0,
            )
            for channel in campus.channels.values()
        ]
        notices = NoticesReader(campus, self.book, now, now, lambda: None)
        self._turns = [alerts.turn, notices.turn, *(outbox.turn for outbox in outboxes)]

    def turn(self) -> None:
        """Everybody works until there is nothing left to do at this moment."""
        for turn in self._turns:
            while turn() == 0.0:
                pass

    def end(self) -> None:
        """Only closes files: nothing is written that was not."""
        self.readers_log.close()
        self.log.close()
        self.book.close()


def _reads(life: Life, device: str, minutes: range, temperature_c: float) -> None:
    """Readings that a device repeats until they are acknowledged: the log takes each once."""
    facts = [
        Reading(
            f"r:{device}:{minute}",
            device,
            NOON + minute * MINUTE,
            NOON + minute * MINUTE,
            Clock.DEVICE,
            (("temperature_c", temperature_c),),
        )
        for minute in minutes
    ]
    life.log.append([LogEntry(facts=(fact,)) for fact in facts], NOON + minutes[-1] * MINUTE)


def _alert(life: Life, device: str) -> Alert:
    with life.book.reading() as session:
        row = session.scalars(select(AlertRow).where(AlertRow.subject == device)).one()
        return keeping.alert_of(row)


def _act(life: Life, world: World, number: int) -> None:
    """What happens on the campus; each of it may safely be done again."""
    match number:
        case 0:
            _reads(life, "cold-1", range(-15, 1), 11.5)
            _reads(life, "cold-2", range(-15, 1), 12.5)
        case 3:
            desk.acknowledge(life.book, _alert(life, "cold-1").id, "wang-fang", "on my way", world.now_ms)
        case 5:
            _reads(life, "cold-1", range(40, 50), 4.0)
        case 6:
            action = "shut the door"
            desk.acknowledge(life.book, _alert(life, "cold-2").id, "liu-yang", action, world.now_ms)
            desk.close(
                life.book,
                world.campus.rules,
                _alert(life, "cold-1").id,
                "liu-yang",
                action,
                world.now_ms,
                role=Role.HEAD,
            )


STEPS: Final = (0, 1, 17, 20, 48, 52, 53, *range(54, 60))  # minutes after noon


def _day(world: World) -> tuple[dict[str, Entry], dict[str, int]]:
    """The whole day, with as many lives as it takes. The ledger by id, and how often each id arrived."""
    life: Life | None = None
    for number, minute in enumerate(STEPS):
        world.now_ms = NOON + minute * MINUTE
        for _ in range(3):
            try:
                life = life or Life(world)
                _act(life, world, number)
                life.turn()
                break
            except KilledError:
                if life is not None:
                    life.end()
                life = None
    assert life is not None
    with life.book.reading() as session:
        entries = {entry.notice.id: entry for entry in ledger.newest(session, 1_000)}
        alerts = keeping.recent(session, 100)
    life.end()
    assert [(alert.rule, alert.subject) for alert in alerts if alert.rule == WARM] == [
        (WARM, "cold-2"),
        (WARM, "cold-1"),
    ]
    texts = [text for outside in world.outside.values() for text in outside.arrived]
    return entries, {id_: sum(t.count(short_id(id_)) for t in texts) for id_ in entries}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book that is made already, and an empty log."""
    folder = tmp_path_factory.mktemp("template")
    LogWriter(folder / "log.sqlite").close()
    Book(f"sqlite:///{folder / 'book.sqlite'}").close()
    return folder


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    return campus_of(tmp_path_factory.mktemp("campus"))


def _fresh(template: Path, folder: Path, campus: Campus, left: int | None = None) -> World:
    shutil.copytree(template, folder)
    return World(folder, campus, Fuse(left))


def test_undisturbed_everything_is_told_exactly_once(template: Path, tmp_path: Path, campus: Campus) -> None:
    entries, arrived = _day(_fresh(template, tmp_path / "day", campus))
    assert Counter(entry.notice.kind for entry in entries.values()) == {
        Kind.RAISED: 2,
        Kind.ESCALATED: 4,
        Kind.REPEATED: 3,
        Kind.CLEARED: 3,
        Kind.CLOSED: 2,  # who closed it knows
    }
    assert {entry.state for entry in entries.values()} == {State.SENT}
    for id_, entry in entries.items():
        assert arrived[id_] == (0 if entry.notice.channel == "pages" else 1)


PARTS: Final = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_point_nothing_is_lost_and_ids_stay(
    part: int, template: Path, tmp_path: Path, campus: Campus
) -> None:
    whole = _fresh(template, tmp_path / "whole", campus)
    expected, _ = _day(whole)
    assert whole.fuse.burnt > 50
    for left in range(part, whole.fuse.burnt, PARTS):
        world = _fresh(template, tmp_path / str(left), campus, left)
        entries, arrived = _day(world)
        assert world.fuse.left is None, left
        assert set(entries) == set(expected), left
        assert {entry.state for entry in entries.values()} == {State.SENT}, left
        for id_, entry in entries.items():
            if entry.notice.channel != "pages":
                assert 1 <= arrived[id_] <= 2, (left, entry)
        # Only what was on its way when the hub was killed may have arrived twice.
        assert sum(count > 1 for count in arrived.values()) <= 3, left
        shutil.rmtree(world.folder)
