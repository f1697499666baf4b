"""Alerts that go through anything, in any order, with restarts and kills: what always holds of telling."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import structs
from sqlalchemy import event, select

from hub.alerts import desk, keeping
from hub.book import journal
from hub.book.model import AlertChanged
from hub.book.store import Book
from hub.book.tables import AlertRow
from hub.config.model import Campus
from hub.notify.channels import Message, Outcome
from hub.notify.model import ASKING, NO_ALERT, Kind, State, short_id
from rules import life
from rules.life import Change, Hush
from rules.model import Closing, Severity
from tests.hub.notify.bureau import HOUR, MINUTE, NOON, SILENT, WARM, Bureau, campus_of, policies
from tests.hub.notify.fuse import FragileBook, Fuse, KilledError

VOLTS: Final = "power.voltage-high.l1"  # a warning, and beyond a second limit critical
WATCHES: Final = (("cold-1", WARM), ("cold-2", WARM), ("cold-1", SILENT), ("meter-canteen", VOLTS))
PEOPLE: Final = ("wang-fang", "liu-yang", "zhang-wei")
PAUSES: Final = (0, 5_000, 40_000, 40_000, 5 * MINUTE, 16 * MINUTE, 31 * MINUTE, 9 * HOUR)
WAIT_MS: Final = 30_000
PER_MINUTE: Final = 20
REFUSED: Final = Outcome("93000: invalid webhook url", is_refusal=True)
DOWN: Final = Outcome("not reached")
THIRD_STEP: Final = '{ after = "1h", to = ["role:canteen"], via = ["chief"] }'


def _prepared() -> tuple[Path, Campus]:
    """A book that is made already, and the campus: made once."""
    folder = Path(tempfile.mkdtemp())
    campus = campus_of(folder, policies(THIRD_STEP))
    strict = structs.replace(campus.rules[WARM], closing=Closing.SECOND)
    Book(f"sqlite:///{folder / 'book.sqlite'}").close()
    return folder, replace(campus, rules={**campus.rules, WARM: strict})


class Everything(RuleBasedStateMachine):
    """`kills`: how often the process died; `at`: when a channel was given something, and which notices."""

    template: Path
    campus: Campus

    @initialize(hour=st.sampled_from((0, 9, 11, 17)), group=st.sampled_from((Outcome(), Outcome(), REFUSED)))
    def begins(self, hour: int, group: Outcome) -> None:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template / "book.sqlite", self.folder / "book.sqlite")
        self.fuse = Fuse()
        self.kills = 0
        self.answers = {"group": group, "chief": Outcome()}
        self.tried: dict[str, list[int]] = {"group": [], "chief": []}
        self.arrived: dict[str, list[str]] = {"group": [], "chief": []}
        self.bureau = Bureau(self.folder, book=self._open(), campus=self.campus)
        self.bureau.now_ms = NOON + hour * HOUR
        for id_, channel in self.bureau.channels.items():
            channel.answer = self._answering(id_)
        self.bureau.restart()
        self.bureau.raises("cold-1", WARM)

    def _open(self) -> FragileBook:
        book = FragileBook(f"sqlite:///{self.folder / 'book.sqlite'}", self.fuse)
        for engine in (book._readers, book._writers):
            event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = off"))
        return book

    def _answering(self, id_: str) -> Callable[[Message], Outcome]:
        def answer(message: Message) -> Outcome:
            self.fuse.burn()
            self.tried[id_].append(self.bureau.now_ms)
            outcome = self.answers[id_]
            if outcome.delivered:
                self.arrived[id_].append(message.text)
            self.fuse.burn()
            return outcome

        return answer

    def _do(self, action: Callable[[], Any]) -> bool:
        """Something is done; should the process die of it, it begins anew from what is on the disk.

        Returns whether it came to its end."""
        try:
            action()
        except KilledError:
            self.kills += 1
            self.bureau.book.close()
            self.bureau.book = self._open()
            self.bureau.restart()
            return False
        return True

    def _alerts(self, *, closed: bool = False) -> list[int]:
        with self.bureau.book.reading() as session:
            found = select(AlertRow.id).where(AlertRow.closed.is_(closed)).order_by(AlertRow.id)
            return list(session.scalars(found))

    # --- what rules find ---

    @rule(watch=st.sampled_from(WATCHES), graver=st.booleans())
    def raised(self, watch: tuple[str, str], graver: bool) -> None:
        self._do(lambda: self.bureau.raises(*watch, 11.5))
        if graver and watch[1] == VOLTS:
            self._do(lambda: self.bureau.worsens(*watch))

    @rule(watch=st.sampled_from(WATCHES), amended=st.booleans())
    def over(self, watch: tuple[str, str], amended: bool) -> None:
        self._do(lambda: self.bureau.clears(*watch, amended=amended))

    @rule(eases=st.booleans())
    def weighs_otherwise(self, eases: bool) -> None:
        weigh = self.bureau.eases if eases else self.bureau.worsens
        self._do(lambda: weigh("meter-canteen", VOLTS))

    @rule(watch=st.sampled_from(WATCHES), times=st.integers(4, 9))
    def to_and_fro(self, watch: tuple[str, str], times: int) -> None:
        self.bureau.may_flap = True
        for _ in range(times):
            self._do(lambda: self.bureau.raises(*watch, 11.5))
            self._do(lambda: self.bureau.clears(*watch))
            self.bureau.now_ms += 1_000
        self.bureau.may_flap = False

    # --- what people do ---

    @rule(
        what=st.sampled_from(("takes_on", "takes_on", "closes", "closes", "confirms", "rejects")),
        which=st.integers(0, 9),
        by=st.sampled_from(PEOPLE),
    )
    def somebody_acts(self, what: str, which: int, by: str) -> None:
        alerts = self._alerts()
        if alerts:
            act = getattr(self.bureau, what)
            self._do(lambda: act(alerts[which % len(alerts)], by))

    @rule(watch=st.sampled_from(WATCHES), by=st.sampled_from(PEOPLE), second=st.sampled_from(PEOPLE))
    def dealt_with(self, watch: tuple[str, str], by: str, second: str) -> None:
        """Told, taken on, over, put right, and looked at by somebody else."""
        self._do(lambda: self.bureau.raises(*watch, 11.5))
        self._pass(40_000)
        for act in (self.bureau.takes_on, self.bureau.closes, self.bureau.confirms):
            for alert in self._alerts()[-1:]:
                who = second if act == self.bureau.confirms else by
                self._do(lambda act=act, alert=alert, who=who: act(alert, who))  # type: ignore[misc]
            self._do(lambda: self.bureau.clears(*watch))

    @rule(which=st.integers(0, 9), minutes=st.sampled_from((None, 10, 100)), begins=st.booleans())
    def shelves(self, which: int, minutes: int | None, begins: bool) -> None:
        alerts = self._alerts()
        bureau = self.bureau
        if not alerts:
            return
        alert = alerts[which % len(alerts)]
        for_ms = minutes and minutes * MINUTE
        if begins:
            self._do(
                lambda: desk.shelve(
                    bureau.book, bureau.campus, alert, "wang-fang", "x", for_ms, bureau.now_ms
                )
            )
        else:
            self._do(lambda: desk.unshelve(bureau.book, bureau.campus, alert, "wang-fang", bureau.now_ms))

    @rule(which=st.integers(0, 9))
    def reopens(self, which: int) -> None:
        alerts = self._alerts(closed=True)
        bureau = self.bureau
        if alerts:
            alert = alerts[which % len(alerts)]
            self._do(lambda: desk.reopen(bureau.book, alert, "liu-yang", "again", bureau.now_ms))

    # --- what their surroundings do ---

    @rule(
        which=st.integers(0, 9),
        wanted=st.sets(st.sampled_from((Hush.MAINTENANCE, Hush.CAUSE, Hush.FLAPPING)), max_size=2),
    )
    def surrounded(self, which: int, wanted: set[Hush]) -> None:
        alerts = self._alerts()
        if alerts:
            self._do(lambda: self._surround(alerts[which % len(alerts)], frozenset(wanted)))

    def _surround(self, alert: int, wanted: frozenset[Hush] | None) -> None:
        bureau = self.bureau
        with bureau.book.writing() as session:
            row = session.get(AlertRow, alert)
            assert row is not None
            state = keeping.state_of(row)
            closing = bureau.campus.rules[row.rule].closing
            lived = life.surround(
                state, state.suppressed if wanted is None else wanted, closing, bureau.now_ms
            )
            if lived.changes:
                keeping.record_changes(session, row, lived, bureau.now_ms, now_ms=bureau.now_ms)

    @rule(which=st.integers(0, 9))
    def withdrawn(self, which: int) -> None:
        alerts = self._alerts()
        if alerts:
            self._do(lambda: self._withdraw(alerts[which % len(alerts)]))

    def _withdraw(self, alert: int) -> None:
        with self.bureau.book.writing() as session:
            row = session.get(AlertRow, alert)
            assert row is not None
            lived = life.withdraw(keeping.state_of(row))
            keeping.record_changes(
                session, row, lived, self.bureau.now_ms, by="", note="", now_ms=self.bureau.now_ms
            )

    # --- time, channels, the process ---

    @rule(pause_ms=st.sampled_from(PAUSES))
    def time_passes(self, pause_ms: int) -> None:
        self._pass(pause_ms)

    def _pass(self, pause_ms: int) -> None:
        self._do(lambda: self.bureau.passes(pause_ms, max(pause_ms // 3, 1_000)))
        for alert in self._alerts():
            self._do(lambda alert=alert: self._surround(alert, None))  # type: ignore[misc]
        while not self._do(self.bureau.turn):
            pass
        self._whatever_is_critical_has_been_told()

    @rule(pause_ms=st.sampled_from(PAUSES))
    def is_away(self, pause_ms: int) -> None:
        """The hub was down for so long."""
        self.bureau.now_ms += pause_ms
        self.bureau.restart()

    @rule(id_=st.sampled_from(("group", "chief")), answer=st.sampled_from((Outcome(), REFUSED, DOWN)))
    def channel_answers(self, id_: str, answer: Outcome) -> None:
        self.answers[id_] = answer

    @rule(left=st.integers(0, 400))
    def is_killed_soon(self, left: int) -> None:
        """After so many more writes, commits and sendings."""
        self.fuse.left = left

    @rule(pause_ms=st.sampled_from(PAUSES))
    def more_time_passes(self, pause_ms: int) -> None:
        self._pass(pause_ms)

    # --- what always holds ---

    @invariant()
    def nothing_is_told_twice(self) -> None:
        if not hasattr(self, "bureau"):
            return
        told = [entry.notice for entry in self.bureau.entries()]
        said = Counter(
            (n.alert, n.matter.subject, n.occurrence, n.kind, n.step, n.again, n.recipient, n.channel)
            for n in told
            if not n.matter.is_over
        )
        assert not [one for one, count in said.items() if count > 1]
        for channel, texts in self.arrived.items():
            heard = [sum(text.count(short_id(n.id)) for text in texts) for n in told if n.channel == channel]
            assert sum(count - 1 for count in heard if count > 1) <= 25 * self.kills
            assert max(heard, default=0) <= 1 + self.kills

    @invariant()
    def quiet_hours_silence_nothing_critical(self) -> None:
        if not hasattr(self, "bureau"):
            return
        held = [entry.notice for entry in self.bureau.entries() if entry.state is State.HELD]
        assert all(notice.matter.severity is not Severity.CRITICAL for notice in held)

    @invariant()
    def no_channel_is_given_more_than_it_may_carry(self) -> None:
        for times in getattr(self, "tried", {}).values():
            lives = 1 + self.kills  # a new process knows nothing of the minute before, and begins with one
            for first in times:
                assert sum(first <= at < first + MINUTE for at in times) <= PER_MINUTE + lives

    def _whatever_is_critical_has_been_told(self) -> None:
        """Once everybody has had a turn."""
        bureau = self.bureau
        with bureau.book.reading() as session:
            open_since = {id_: _untold_since(session, id_) for id_ in self._alerts()}
        for alert, since_ms in open_since.items():
            if since_ms is None or bureau.now_ms - since_ms <= WAIT_MS:
                continue
            entries = [entry for entry in bureau.entries() if entry.notice.alert == alert]
            asking = [e for e in entries if e.notice.kind in ASKING or e.notice.kind is Kind.REOPENED]
            told = {e.state for e in asking if e.decided_at_ms >= since_ms}
            is_down = self.answers["group"] is DOWN  # what it refuses, the pages tell
            assert State.SENT in told or (is_down and State.QUEUED in told), (alert, asking)

    def teardown(self) -> None:
        if not hasattr(self, "bureau"):
            return
        self.fuse.left = None
        self.answers = dict.fromkeys(self.answers, Outcome())
        self._pass(HOUR)
        self._pass(9 * HOUR)
        self._pass(MINUTE)
        entries = self.bureau.entries()
        assert not [entry for entry in entries if entry.state is State.QUEUED]
        for entry in entries:
            if entry.state is State.SENT and entry.notice.channel in self.arrived:
                texts = self.arrived[entry.notice.channel]
                assert any(short_id(entry.notice.id) in text for text in texts), entry
        assert all(e.notice.recipient for e in entries if e.notice.alert != NO_ALERT)
        self.bureau.book.close()
        shutil.rmtree(self.folder)


def _untold_since(session: Any, alert: int) -> int | None:
    """Since when a critical alert is active, not hushed and taken on by nobody; None: it is not."""
    state: life.AlertState | None = None
    since_ms: int | None = None
    for recorded in journal.of_alert(session, alert):
        changed = recorded.decision
        assert isinstance(changed, AlertChanged)
        shelf = None if changed.until_ms is None else life.Shelf(changed.until_ms, once=changed.once)
        state = life.after(state, changed.change, changed.by, shelf, changed.at_ms)
        is_open = state.active and not state.hushes and not state.acknowledged and not state.closed
        if not is_open:
            since_ms = None
        elif since_ms is None or changed.change is Change.RAISED_AGAIN:
            since_ms = recorded.recorded_at_ms
    row = session.get(AlertRow, alert)
    return since_ms if row.severity == Severity.CRITICAL.value else None


@pytest.fixture(autouse=True, scope="module")
def _template() -> Any:
    Everything.template, Everything.campus = _prepared()
    yield
    shutil.rmtree(Everything.template)


class TestWhateverHappens(Everything.TestCase):  # type: ignore[misc, valid-type]
    """A dozen campuses, each with a day that nobody would want."""

    settings = settings(
        max_examples=12,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
