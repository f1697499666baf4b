"""A channel refuses and works again, and the process dies between any two writes: nothing is lost."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from sqlalchemy import event

from hub.book.store import Book
from hub.config.model import Campus
from hub.notify.channels import Outcome
from hub.notify.model import Entry, State, short_id
from tests.hub.notify.bureau import MINUTE, NOON, Bureau, campus_of
from tests.hub.notify.fuse import FragileBook, Fuse, KilledError
from tests.hub.notify.test_refusals import THREE

REFUSED: Final = Outcome("93000: invalid webhook url", is_refusal=True)


class Story:
    """The group refuses an alert at noon, and works again when it is tried a quarter of an hour later."""

    def __init__(self, folder: Path, template: Path, campus: Campus, left: int | None) -> None:
        folder.mkdir()
        shutil.copy(template, folder / "book.sqlite")
        self.url = f"sqlite:///{folder / 'book.sqlite'}"
        self.fuse = Fuse()
        self.bureau = Bureau(folder, book=self._open(), campus=campus)
        self.bureau.raises()
        self.bureau.turn()
        self.fuse.burnt = 0
        self.fuse.left = left

    def tell(self) -> list[Entry]:
        """The whole ledger, once everything is told."""
        for minute, refuses in ((1, True), (2, True), (17, False), (18, False)):
            self.bureau.now_ms = NOON + minute * MINUTE
            self.bureau.channels["group"].answer = lambda _, no=refuses: REFUSED if no else Outcome()  # type: ignore[misc]
            try:
                self.bureau.turn()
            except KilledError:
                self.bureau.book.close()
                self.bureau.book = self._open()
                self.bureau.restart()
                self.bureau.turn()
        entries = self.bureau.entries()
        self.bureau.book.close()
        return entries

    def _open(self) -> FragileBook:
        book = FragileBook(self.url, self.fuse)
        for engine in (book._readers, book._writers):
            event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = off"))
        return book


def test_killed_at_any_point_whatever_a_channel_refused_is_told(tmp_path: Path) -> None:
    template = tmp_path / "template.sqlite"
    Book(f"sqlite:///{template}").close()
    campus = campus_of(tmp_path, THREE)
    whole = Story(tmp_path / "whole", template, campus, None)
    expected = {entry.notice.id: entry.state for entry in whole.tell()}
    assert set(expected.values()) == {State.SENT, State.DIVERTED}
    assert whole.fuse.burnt > 30
    for left in range(whole.fuse.burnt):
        one = Story(tmp_path / str(left), template, campus, left)
        entries = one.tell()
        assert one.fuse.left is None, left
        assert {entry.notice.id: entry.state for entry in entries} == expected, left
        for entry in entries:
            if entry.state is State.SENT and entry.notice.channel in one.bureau.channels:
                texts = [message.text for message in one.bureau.channels[entry.notice.channel].messages]
                arrived = sum(text.count(short_id(entry.notice.id)) for text in texts)
                assert 1 <= arrived <= 2, (left, entry)
