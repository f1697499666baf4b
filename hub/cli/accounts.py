"""`campushub people`: secrets given out on the computer that the hub runs on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hub.book.store import Book, BookFaultError
from hub.cli.console import fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.cli.tag_planning import person_of
from hub.clock import system_now_ms
from hub.web.accounts import make_one_time


def one_time(config: Path, environment: Mapping[str, str], person: str) -> None:
    """Prints a new one-time PIN for a person."""
    campus = load_or_fail(config, environment)
    person_of(campus, person)
    campus.storage.folder.mkdir(parents=True, exist_ok=True)
    try:
        book = Book(campus.storage.book_url)
    except BookFaultError as error:
        fail(str(error), Exit.UNAVAILABLE)
    out.print(f"{person}: {make_one_time(book, person, system_now_ms())}", highlight=False)
    book.close()
