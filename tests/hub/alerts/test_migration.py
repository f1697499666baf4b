"""A book that an older campushub wrote is taken over with all that its watches remember."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.alerts import keeping
from hub.alerts.judging import Remembered
from hub.book import store
from hub.book.store import Book, BookFaultError, newest_version
from hub.book.tables import Base
from rules.model import State

FIRST = "0001"


def migrate(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        if revision == FIRST and sa.inspect(connection).has_table("watches"):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)
        connection.commit()
    engine.dispose()


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_states_of_the_first_book_are_as_of_its_cursor(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'book.sqlite'}"
    migrate(url, FIRST)
    execute(
        url,
        "INSERT INTO cursors VALUES ('alerts', 42), ('live', 77)",
        "INSERT INTO watches VALUES ('rule', 'cold-1', x'80')",
    )
    book = Book(url)
    with book.reading() as session:
        assert keeping.load_states(session) == {("rule", "cold-1"): Remembered(State(), as_of=42)}
        assert keeping.load_overheard(session) == []
    book.close()


def test_the_way_back_keeps_the_states_and_the_way_forth_makes_the_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'book.sqlite'}"
    book = Book(url)
    with book.writing() as session:
        keeping.save_states(session, {("rule", "cold-1"): State(newest_ms=5)}, as_of=9)
    book.close()
    migrate(url, FIRST)
    book = Book(url)
    with book.reading() as session:
        assert keeping.load_states(session)[("rule", "cold-1")].state == State(newest_ms=5)
        connection = session.connection()
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
    book.close()


def test_the_newest_version_is_the_one_that_alembic_upgrades_to() -> None:
    scripts = ScriptDirectory(str(Path(store.__file__).parent / "migrations"))
    assert scripts.get_current_head() == newest_version()


def test_a_book_that_is_up_to_date_is_opened_without_what_migrates(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'book.sqlite'}"
    open_it = (
        "import sys; from hub.book.store import Book; "
        "Book(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", open_it, url], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["True", "False"]


def test_a_book_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'book.sqlite'}"
    Book(url).close()
    execute(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BookFaultError, match="newer campushub"):
        Book(url)
