"""The demo's campus with a real log and a real book, and a clock that tests step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from devices.facts import Clock, Fact, Presence, Reading, Tap, Tick, Trust
from hub.alerts import keeping
from hub.alerts.reader import AlertsReader
from hub.book import journal
from hub.book.model import Alert, Recorded, RoundRun
from hub.book.store import Book
from hub.config.binding import watches_of_devices
from hub.config.load import load
from hub.config.model import Campus
from hub.log.model import Entry
from hub.log.reader import LogReader
from hub.log.writer import LogWriter
from hub.rounds.planning import plan_of_day

MINUTE = 60_000
HOUR = 60 * MINUTE
# Sunday 22 November 2026, 07:00 in Shanghai: the morning round (06:00 to 08:30) is under way.
MORNING = 1_795_302_000_000


def demo_campus(folder: Path, rules_off: tuple[str, ...] = ()) -> Campus:
    """The example configuration, kept in `folder`."""
    path = folder / "campus.toml"
    path.write_text(files("hub.demo").joinpath("campus.toml").read_text("utf-8"), encoding="utf-8")
    campus = load(path, {}, folder=folder / "data")
    return replace(campus, rules={id_: rule for id_, rule in campus.rules.items() if id_ not in rules_off})


class Office:
    """The alerts reader over a log that tests write. `restart` forgets all that is not on the disk."""

    def __init__(self, folder: Path, campus: Campus, started_ms: int = MORNING - HOUR) -> None:
        self.campus = campus
        self.folder = folder
        self.now_ms = started_ms
        self._seq = 0
        self.log = LogWriter(folder / "log.sqlite")
        self.book = Book(f"sqlite:///{folder / 'book.sqlite'}")
        self.reader = self._reader()

    def restart(self, campus: Campus | None = None) -> None:
        """Ends and starts anew, perhaps with another configuration."""
        self.campus = campus or self.campus
        self.log.close()
        self.book.close()
        self.log = LogWriter(self.folder / "log.sqlite")
        self.book = Book(f"sqlite:///{self.folder / 'book.sqlite'}")
        self.reader = self._reader()

    def happens(self, *facts: Fact) -> None:
        """Facts reach the log and are judged."""
        self.log.append([Entry(facts=(fact,)) for fact in facts], self.now_ms)
        while self.reader.turn() == 0.0:
            pass

    def reads(self, device: str, at_ms: int, **values: float | bool) -> Reading:
        """A reading with a number of its own, received as it is measured."""
        self._seq += 1
        return Reading(f"r:{device}:{self._seq}", device, at_ms, at_ms, Clock.DEVICE, tuple(values.items()))

    def taps(self, checkpoint: str, at_ms: int, received_ms: int | None = None) -> Tap:
        """A tap at a checkpoint of the campus."""
        self._seq += 1
        tag = self.campus.checkpoints[checkpoint].tag_uid
        received = at_ms if received_ms is None else received_ms
        return Tap(f"t:{self._seq}", "reader-1", at_ms, received, Clock.DEVICE, tag, "", Trust.READER)

    def ticks(self, at_ms: int, listening_since_ms: int = MORNING - HOUR) -> Tick:
        """Time passes."""
        return Tick(f"tick:{at_ms}", at_ms, listening_since_ms)

    def leaves(self, device: str, at_ms: int) -> Presence:
        """A last will."""
        self._seq += 1
        return Presence(f"p:{self._seq}", device, at_ms, at_ms, Clock.NONE, online=False)

    def unclosed(self) -> dict[tuple[str, str], Alert]:
        """The alerts that somebody has to deal with, by rule and subject."""
        with self.book.reading() as session:
            return {(alert.rule, alert.subject): alert for alert in keeping.unclosed(session)}

    def alerts(self) -> tuple[Alert, ...]:
        """Every alert there ever was, newest first."""
        with self.book.reading() as session:
            return keeping.recent(session, 1_000)

    def decisions(self) -> tuple[Recorded, ...]:
        """The whole journal."""
        with self.book.reading() as session:
            return journal.after(session, 0, 10_000)

    def runs(self) -> Mapping[str, RoundRun]:
        """Every planned run."""
        with self.book.reading() as session:
            return {run.id: run for run in keeping.runs_between(session, 0, 2**60)}

    def _reader(self) -> AlertsReader:
        campus = self.campus
        return AlertsReader(
            campus,
            watches_of_devices(campus),
            lambda day: plan_of_day(campus, day),
            LogReader(self.folder / "log.sqlite"),
            self.book,
            lambda: self.now_ms,
            lambda: None,
        )
