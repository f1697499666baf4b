"""The demo's campus with channels of its own, a real book, a clock that tests step, alerts made by hand."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from sqlalchemy import delete

from hub.alerts import desk, keeping
from hub.alerts.judging import Said
from hub.book.store import Book
from hub.book.tables import AlertRow, RestlessRow
from hub.config.binding import target_of
from hub.config.load import load
from hub.config.model import Campus
from hub.notify import ledger
from hub.notify.channels import Message, Outcome
from hub.notify.message import Composer, load_texts
from hub.notify.model import Entry, Kind, State
from hub.notify.outbox import Outbox
from hub.notify.reader import NoticesReader
from rules.bind import bind
from rules.model import Cleared, Eased, Raised, Role, Worsened

MINUTE = 60_000
HOUR = 60 * MINUTE
# Sunday 22 November 2026, 12:00 in Shanghai.
NOON = 1_795_320_000_000
WARM = "cold.chilled.warm"  # critical, closed by a person
SILENT = "device.silent.cold"  # warning, closes by itself
DEMO = files("hub.demo").joinpath("campus.toml").read_text("utf-8")


def policies(*more_steps: str) -> str:
    """Two channels, and a policy of two steps and of any more, each as the configuration has it."""
    steps = (
        '{ to = ["role:canteen", "owner"], via = ["group"] }',
        '{ after = "15m", to = ["role:head"], via = ["chief", "pages"] }',
        *more_steps,
    )
    return f"""
[[channel]]
id = "group"
url = "json://127.0.0.1:9/group"
language = "en"

[[channel]]
id = "chief"
url = "json://127.0.0.1:9/chief"

[[policy]]
name = "all"
repeat = "30m"
quiet = "22:00-06:00"
steps = [{", ".join(steps)}]
"""


POLICIES = policies()


def campus_of(folder: Path, extra: str = POLICIES) -> Campus:
    """The demo's campus and `extra`."""
    path = folder / "campus.toml"
    path.write_text(f"{DEMO}\n{extra}", encoding="utf-8")
    return load(path, {}, folder=folder / "data")


class FakeChannel:
    """Takes down what it is given; answers what it is told to."""

    def __init__(self, most_bytes: int = 100_000) -> None:
        self.most_bytes = most_bytes
        self.messages: list[Message] = []
        self.answer: Callable[[Message], Outcome] = lambda _: Outcome()

    def send(self, message: Message) -> Outcome:
        """The answer; only what was taken is noted."""
        outcome = self.answer(message)
        if outcome.delivered:
            self.messages.append(message)
        return outcome


class Bureau:
    """Reader and outboxes over one book. `restart` forgets all that is not in it."""

    def __init__(
        self, folder: Path, extra: str = POLICIES, book: Book | None = None, campus: Campus | None = None
    ) -> None:
        self.campus = campus or campus_of(folder, extra)
        self.now_ms = NOON
        self.url = f"sqlite:///{folder / 'book.sqlite'}"
        self.book = book or Book(self.url)
        self.channels = {id_: FakeChannel() for id_ in self.campus.channels}
        self.woken = 0
        self._set_by_ms = 0
        self.may_flap = False  # most tests raise the same alert often, and mean something else by it
        self.restart()

    def restart(self) -> None:
        """Reader and outboxes begin anew."""
        texts = load_texts()
        self.reader = NoticesReader(self.campus, self.book, lambda: self.now_ms, self._steady_ms, self._wake)
        self.outboxes = {
            channel.id: Outbox(
                channel.id,
                self.channels[channel.id],
                self.campus,
                self.book,
                Composer(self.campus, texts[channel.language], lambda: self.now_ms).compose,
                lambda: self.now_ms,
                lambda: self._steady_ms() / 1_000,
                lambda: 0.0,
            )
            for channel in self.campus.channels.values()
        }

    def passes(self, ms: int, step_ms: int = MINUTE) -> None:
        """Time passes; everything has its turns."""
        end_ms = self.now_ms + ms
        self.turn()
        while self.now_ms < end_ms:
            self.now_ms = min(end_ms, self.now_ms + step_ms)
            self.turn()

    def sets_clock(self, by_ms: int) -> None:
        """The hub's clock is set, back if negative; no time passes."""
        self.now_ms += by_ms
        self._set_by_ms += by_ms

    def turn(self) -> None:
        """Each loop goes on until it would rest."""
        self.decide()
        for outbox in self.outboxes.values():
            while outbox.turn() == 0.0:
                pass

    def decide(self) -> None:
        """The reader goes on until it would rest."""
        while self.reader.turn() == 0.0:
            pass

    def raises(
        self,
        device: str = "cold-1",
        rule_id: str = WARM,
        value: float | None = 11.5,
        due_ms: int | None = None,
    ) -> int:
        """A rule finds something wrong; the alert's number."""
        self._judged(device, rule_id, Raised(self.now_ms, self.now_ms - 10 * MINUTE, value, due_ms=due_ms))
        with self.book.reading() as session:
            return max(alert.id for alert in keeping.unclosed(session) if alert.subject == device)

    def clears(self, device: str = "cold-1", rule_id: str = WARM, *, amended: bool = False) -> None:
        """It is over."""
        self._judged(device, rule_id, Cleared(self.now_ms, 4.0, amended))

    def worsens(self, device: str, rule_id: str, value: float = 245.0) -> None:
        """It goes beyond its second limit."""
        self._judged(device, rule_id, Worsened(self.now_ms, value))

    def eases(self, device: str, rule_id: str, value: float = 238.0) -> None:
        """It is within its second limit again."""
        self._judged(device, rule_id, Eased(self.now_ms, value))

    def takes_on(self, alert: int, by: str = "wang-fang") -> None:
        """Somebody acknowledges."""
        desk.acknowledge(self.book, alert, by, "on my way", self.now_ms)

    def closes(self, alert: int, by: str = "wang-fang") -> None:
        """Somebody closes."""
        desk.close(self.book, self.campus.rules, alert, by, "shut the door", self.now_ms, role=Role.HEAD)

    def confirms(self, alert: int, by: str = "liu-yang") -> None:
        """A second person has looked: it is put right."""
        desk.confirm(self.book, alert, by, "looked myself", self.now_ms)

    def rejects(self, alert: int, by: str = "liu-yang") -> None:
        """A second person has looked: it is not put right."""
        desk.reject(self.book, alert, by, "still warm", self.now_ms)

    def entries(self) -> list[Entry]:
        """The whole ledger, oldest first."""
        with self.book.reading() as session:
            return list(reversed(ledger.newest(session, 10_000)))

    def told(self, channel: str | None = None) -> list[tuple[Kind, str, State]]:
        """Kind, recipient and state of each notice, oldest first."""
        return [
            (entry.notice.kind, entry.notice.recipient, entry.state)
            for entry in self.entries()
            if channel in (None, entry.notice.channel)
        ]

    def alert(self, id_: int) -> AlertRow | None:
        """The alert's row."""
        with self.book.reading() as session:
            return session.get(AlertRow, id_)

    def _judged(self, device: str, rule_id: str, event: Raised | Cleared | Worsened | Eased) -> None:
        rule = self.campus.rules[rule_id]
        watch = bind(rule, target_of(self.campus.devices[device]))
        assert watch is not None
        with self.book.writing() as session:
            keeping.apply(session, Said(watch, event), rule, self.now_ms)
            if not self.may_flap:
                session.execute(delete(RestlessRow))

    def _steady_ms(self) -> int:
        return self.now_ms - self._set_by_ms

    def _wake(self) -> None:
        self.woken += 1
