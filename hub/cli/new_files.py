"""Files that commands make: never over one that is there, and what is said when they cannot be made."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from hub.cli.console import fail
from hub.cli.exits import Exit
from hub.words.texts import Texts


def write_new(texts: Texts, file: Path, content: bytes, option: str) -> None:
    """Writes a new file; ends the program if it cannot. `option`: the one that names another file."""
    try:
        with file.open("xb") as stream:
            stream.write(content)
    except OSError as error:
        not_written(texts, file, error, option)


def not_written(texts: Texts, file: Path, error: OSError, option: str) -> NoReturn:
    """Says why there is no such new file, in the language of `texts`, and ends the program."""
    told = {
        FileExistsError: "file.exists",
        FileNotFoundError: "file.no_folder",
        PermissionError: "file.forbidden",
    }.get(type(error), "file.other")
    fail(texts(told, file=file, option=option, folder=file.parent, why=error.strerror), Exit.USAGE)
