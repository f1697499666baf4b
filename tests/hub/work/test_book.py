"""The book keeps every order and every change of it, whatever people do; each always waits for somebody."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hub.book.store import Book
from hub.notify import ledger
from hub.work import orders
from hub.work.model import NewOrder, Place, Source, WorkOrder
from hub.work.orders import Filter, Said
from rules import work
from rules.work import Refusal, Standing, State, Step, Urgency
from tests.hub.web.world import NOW_MS, campus

PEOPLE = ("guard", "canteen", "maintenance", "head", "admin")


class AnyDay(RuleBasedStateMachine):
    """Several orders, several people."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.campus = campus(folder)
        self.book = Book(f"sqlite:///{folder / 'book.sqlite'}")
        self.now_ms = NOW_MS
        self.keys: dict[str, int] = {}
        self.changes: dict[int, int] = {}

    def teardown(self) -> None:
        self.book.close()
        self._folder.cleanup()

    @rule(key=st.sampled_from("abc"), who=st.sampled_from(PEOPLE), device=st.sampled_from(["", "cold-1"]))
    def somebody_reports(self, key: str, who: str, device: str) -> None:
        new = NewOrder(
            key=key,
            source=Source.HAND,
            title="灯",
            text="",
            place=Place(device=device),
            photos=(),
            reporter=who,
            reported_at_ms=self.now_ms,
            urgency=Urgency.URGENT,
        )
        with self.book.writing() as session:
            order = orders.make(session, self.campus, new, self.now_ms)
        assert self.keys.setdefault(key, order.number) == order.number
        self.changes.setdefault(order.number, 1)

    @rule(
        number=st.integers(0, 4),
        who=st.sampled_from(PEOPLE),
        step=st.sampled_from(Step),
        words=st.sampled_from(["", "说明"]),
        responsible=st.sampled_from(["", "person:canteen", "role:guard", "person:nobody"]),
        passed_ms=st.integers(0, 10 * 86_400_000),
    )
    def somebody_does(
        self, number: int, who: str, step: Step, words: str, responsible: str, passed_ms: int
    ) -> None:
        self.now_ms += passed_ms
        said = Said(words, responsible=responsible)
        person = self.campus.people[who]
        with self.book.reading() as session:
            before = orders.one(session, number)
        done = orders.act(self.book, self.campus, number, person, step, said, self.now_ms)
        with self.book.reading() as session:
            after = orders.one(session, number)
        if isinstance(done, WorkOrder):
            self.changes[number] += 1
            assert after == done
            if step is Step.VERIFIED:
                assert done.standing.done_by != who
        else:
            assert (done is None) is (before is None) or done is Refusal.NOBODY
            assert after == before

    @rule()
    def time_tells(self) -> None:
        told = orders.tell_overdue(self.book, self.campus, self.now_ms)
        assert orders.tell_overdue(self.book, self.campus, self.now_ms) == 0
        assert told <= len(self.keys)

    @invariant()
    def nothing_is_lost(self) -> None:
        with self.book.reading() as session:
            found = orders.newest(session, Filter(), 100)
            assert {order.number for order in found} == set(self.keys.values())
            for order in found:
                record = orders.record_of(session, order.number)
                assert len(record) == self.changes[order.number] == order.changes
                standing: Standing | None = None
                for entry in record:
                    standing = work.after(standing, entry.change)
                    assert standing.state is entry.state
                assert standing == order.standing
                assert order.is_closed is (order.closed_at_ms is not None)

    @invariant()
    def each_waits_for_somebody(self) -> None:
        with self.book.reading() as session:
            found = orders.newest(session, Filter(), 100)
            waiting = {
                order.number
                for who in PEOPLE
                for order in orders.newest(session, Filter(waits_for=self.campus.people[who]), 100)
            }
            told = [entry.notice for order in found for entry in ledger.of_work(session, order.number)]
        for order in found:
            # What the only head has reported and done himself is for the administrator to look at.
            is_own = order.state is State.DONE and order.standing.done_by == order.reporter == "head"
            assert (order.number in waiting) is not (order.is_closed or is_own)
        assert all(notice.recipient in self.campus.people for notice in told)
        assert all(notice.recipient != notice.matter.by for notice in told)


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
