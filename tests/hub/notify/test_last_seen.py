"""Whoever is sent to look for a guard hears where the guard tapped last."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from devices.facts import Trust
from hub.book.seen import Seen, last_seen
from hub.book.store import Book
from hub.book.tables import RoundRow
from hub.config.model import Language
from hub.notify.message import Composer, load_texts
from hub.notify.model import Entry, Kind, Matter, Notice, State
from rules.model import Severity
from rules.route import Visit
from tests.hub.notify.bureau import MINUTE, NOON, campus_of

GATE, LIBRARY = "04A1B2C3D4E580", "044E18B36D9280"
HOUR = 60 * MINUTE


def kept(book: Book, id_: str, *visits: Visit, ends_ms: int = NOON) -> None:
    with book.writing() as session:
        session.add(
            RoundRow(
                id=id_,
                round=id_.partition("@")[0],
                starts_ms=ends_ms - 2 * HOUR,
                ends_ms=ends_ms,
                grace_ms=0,
                state="in_progress",
                tags=msgspec.msgpack.encode((GATE,)),
                visited=msgspec.msgpack.encode(()),
                visits=msgspec.msgpack.encode(visits),
            )
        )


def visit(at_ms: int, tag: str, person: str = "li-qiang") -> Visit:
    return Visit(at_ms, f"tap:{at_ms}", tag, person, "", f"phone:{person}", Trust.UID, at_ms)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(f"sqlite:///{tmp_path / 'book.sqlite'}")


def test_the_newest_tap_of_that_person_in_any_round_counts(book: Book) -> None:
    kept(book, "night@1", visit(NOON - HOUR, GATE), visit(NOON - 20 * MINUTE, LIBRARY))
    kept(book, "other@1", visit(NOON - 5 * MINUTE, GATE, "zhang-wei"), visit(NOON - 30 * MINUTE, GATE))
    with book.reading() as session:
        assert last_seen(session, "li-qiang", NOON) == Seen(LIBRARY, NOON - 20 * MINUTE)
        assert last_seen(session, "liu-yang", NOON) is None
    book.close()


def test_what_is_days_old_or_ahead_is_no_help(book: Book) -> None:
    old = NOON - 48 * HOUR
    kept(book, "night@1", visit(old, GATE), ends_ms=old)
    kept(book, "night@2", visit(NOON + MINUTE, GATE))
    with book.reading() as session:
        assert last_seen(session, "li-qiang", NOON) is None
    book.close()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            Language.ZH,
            ("李强 · 单独巡查人员未报平安", "已 36 分钟没有消息", "最后一次打卡：图书馆入口，11:40"),
        ),
        (
            Language.EN,
            ("李强 · A guard alone", "nothing heard for 36 min", "Last tap: Library entrance, 11:40"),
        ),
    ],
)
def test_the_message_says_who_for_how_long_and_where_last(
    tmp_path: Path, language: Language, words: tuple[str, ...]
) -> None:
    campus = campus_of(tmp_path)
    matter = Matter("patrol.lone-worker", "phone:li-qiang", Severity.CRITICAL, NOON, NOON, 36.2)
    notice = Notice("a1b2c3d4e5f6", 12, 1, Kind.RAISED, 0, 0, "role:head", "group", NOON, matter)
    entry = Entry(1, notice, State.QUEUED, NOON, 0, NOON, None, "", "", None)

    def seen(person: str) -> Seen | None:
        return Seen(LIBRARY, NOON - 20 * MINUTE) if person == "li-qiang" else None

    message = Composer(campus, load_texts()[language], lambda: NOON, seen).one(entry.notice)

    for each in words:
        assert each in message.text
