"""A book of which every statement and every commit may be the last thing that the process does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import event
from sqlalchemy.orm import Session

from hub.book.store import Book


class KilledError(BaseException):
    """The process is gone."""


@dataclass
class Fuse:
    """Burns with everything that is done to the book or to the outside; at its end it kills, once."""

    left: int | None = None
    burnt: int = 0

    def burn(self) -> None:
        """Something is about to be done, or has just been done."""
        self.burnt += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise KilledError


class FragileBook(Book):
    """Each statement of a writer, and the moments before and after each commit, may be the end."""

    def __init__(self, url: str, fuse: Fuse) -> None:
        super().__init__(url)
        self._fuse = fuse
        event.listen(self._writers, "before_cursor_execute", lambda *_: fuse.burn())

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """The same, with the fuse right before and right after the commit."""
        with super().writing() as session:
            yield session
            session.flush()
            self._fuse.burn()
        self._fuse.burn()
