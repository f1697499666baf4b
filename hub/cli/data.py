"""The data folder as read-only commands see it: its log, and its book if there is one."""

from __future__ import annotations

from pathlib import Path

from hub.book.store import Book, BookFaultError
from hub.cli.console import fail
from hub.cli.exits import Exit
from hub.cli.log_reading import FILE_NAME
from hub.config.model import Campus
from hub.config.resolve import book_url_in

_FILE: str = "sqlite:///"


def log_path(campus: Campus, folder: Path | None) -> Path:
    """The log's file in the folder, or in the configuration's own."""
    return (campus.storage.folder if folder is None else folder) / FILE_NAME


def open_book(campus: Campus, folder: Path | None) -> Book | None:
    """The book of the folder, or the configuration's own; None: there is none yet."""
    url = campus.storage.book_url if folder is None else book_url_in(folder.absolute())
    if url.startswith(_FILE) and not Path(url.removeprefix(_FILE)).is_file():
        return None
    try:
        return Book(url)
    except BookFaultError as fault:
        fail(str(fault), Exit.CONFIGURATION)
