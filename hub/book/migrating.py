"""Bringing the book's tables up to date. Imported only by a start that has to: it takes 10 MB and a while."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

SCRIPTS: Final = Path(__file__).parent / "migrations"


class NewerBookError(Exception):
    """The book was written by a newer program."""


def upgrade(connection: Connection) -> None:
    """Migrates to the newest tables; the caller commits. Raises NewerBookError."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise NewerBookError(str(error)) from error
