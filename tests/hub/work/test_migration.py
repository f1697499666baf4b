"""Reports from before there were work orders: what is open becomes orders, what is closed stays so."""

from __future__ import annotations

from pathlib import Path

import msgspec
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from hub.book import store
from hub.book.store import Book
from hub.clock import system_now_ms
from hub.patrol import reports
from hub.work import orders
from hub.work.model import Place, Source
from rules import work
from rules.work import State, Urgency
from tests.hub.web.world import NOW_MS, campus

ITEMS = (
    {"item": "door", "ok": True, "note": "", "photos": []},
    {"item": "extinguisher", "ok": False, "note": "压力不足", "photos": ["ab" * 32]},
    {"item": "light", "ok": False, "note": "", "photos": []},
)


def move(url: str, revision: str, *, back: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if back else command.upgrade)(config, revision)
        connection.commit()
    engine.dispose()


def report(id_: str, kind: str, *, open_: bool, items: object = (), text: str = "") -> dict[str, object]:
    return {
        "id": id_,
        "kind": kind,
        "person": "guard",
        "round": "",
        "checkpoint": "gate",
        "at_ms": NOW_MS,
        "received_at_ms": NOW_MS + 5,
        "text": text,
        "items": msgspec.msgpack.encode(items),
        "photos": msgspec.msgpack.encode(["cd" * 32] if kind == "incident" else []),
        "open": open_,
        "closed_by": "" if open_ else "head",
        "closed_at_ms": None if open_ else NOW_MS + 9,
        "done": "" if open_ else "换了",
    }


def old_book(url: str) -> None:
    move(url, "0008")
    rows = [
        report("one", "incident", open_=True, text="玻璃破了\n在二楼"),
        report("two", "checklist", open_=True, items=ITEMS),
        report("three", "incident", open_=False, text="关好了"),
        report("four", "checklist", open_=False, items=ITEMS[:1]),
    ]
    engine = sa.create_engine(url)
    table = sa.table("reports", *(sa.column(name) for name in rows[0]))
    with engine.begin() as connection:
        connection.execute(sa.insert(table), rows)
    engine.dispose()


def test_open_reports_get_their_orders(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'book.sqlite'}"
    old_book(url)
    before_ms = system_now_ms()
    book = Book(url)
    with book.reading() as session:
        found = {one.id: one for one in reports.listed(session, 10, only_open=False)}
        made = {id_: orders.of_report(session, id_) for id_ in found}
        records = {
            order.number: orders.record_of(session, order.number) for of in made.values() for order in of
        }
    book.close()
    assert {id_: (one.open, len(one.orders)) for id_, one in found.items()} == {
        "one": (True, 1),
        "two": (True, 2),
        "three": (False, 0),
        "four": (False, 0),
    }
    assert (found["three"].closed_by, found["three"].done) == ("head", "换了")
    (incident,) = made["one"]
    assert (incident.source, incident.title, incident.photos) == (Source.INCIDENT, "玻璃破了", ("cd" * 32,))
    assert (incident.place, incident.reporter, incident.state) == (Place("gate"), "guard", State.OPEN)
    assert incident.standing.responsible == "role:maintenance"
    assert incident.standing.urgency is Urgency.NORMAL
    assert incident.standing.due_ms > before_ms  # nobody is late by the update alone
    assert [(order.title, order.item, order.photos) for order in made["two"]] == [
        ("压力不足", "extinguisher", ("ab" * 32,)),
        ("light", "light", ()),
    ]
    for order in (incident, *made["two"]):
        (entry,) = records[order.number]
        assert work.after(None, entry.change) == order.standing
        assert (entry.change.by, entry.change.at_ms) == ("guard", NOW_MS + 5)


def test_the_orders_of_old_reports_have_the_keys_of_new_ones(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'book.sqlite'}"
    old_book(url)
    book, place = Book(url), campus(tmp_path)
    with book.writing() as session:
        found = {one.id: one for one in reports.listed(session, 10, only_open=True)}
        for one in found.values():
            for new in reports.orders_of(place, one):
                orders.make(session, place, new, NOW_MS)
        assert orders.count(session, orders.Filter()) == 3
    book.close()


def test_the_way_back_leaves_open_what_is_open(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'book.sqlite'}"
    old_book(url)
    place = campus(tmp_path)
    book = Book(url)
    said = orders.Said("重复")
    head = place.people["head"]
    assert orders.act(book, place, 1, head, work.Step.CANCELLED, said, system_now_ms()) is not None
    book.close()
    move(url, "0008", back=True)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        open_ = connection.exec_driver_sql("SELECT id FROM reports WHERE open ORDER BY id").scalars().all()
        kinds = connection.exec_driver_sql("SELECT DISTINCT kind FROM journal").scalars().all()
    engine.dispose()
    assert open_ == ["two"]
    assert kinds == []
    again = Book(url)
    with again.reading() as session:
        assert orders.count(session, orders.Filter()) == 2
    again.close()
