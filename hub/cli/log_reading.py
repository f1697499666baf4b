"""What the commands of `campushub log` do. Nothing here writes to the log."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer
from rich.progress import Progress
from rich.table import Table

from devices.wire import escaped
from hub.cli.console import err, fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.cli.exporting import FACT_COLUMNS, LETTER_COLUMNS, Row, fact_row, letter_row, write_rows
from hub.cli.forms import Form, What
from hub.cli.instants import instant
from hub.log import verify as verifying
from hub.log.model import LogFaultError, Logged
from hub.log.overview import LogScan
from hub.log.reader import LogReader

FILE_NAME: Final = "log.sqlite"
_FOLLOW_S: Final = 0.5


def tail(path: Path, lines: int, *, follow: bool) -> None:
    """Prints the newest facts, and new ones until Ctrl-C."""
    with _faults_told():
        log = LogReader(path)
        cursor = max(0, log.newest_seq() - lines)
        for logged in log.after(cursor, lines) if lines else ():
            typer.echo(_line(logged))
            cursor = logged.seq
        try:
            while follow:
                for logged in (newest := log.after(cursor, 1_000)):
                    typer.echo(_line(logged))
                    cursor = logged.seq
                if not newest:
                    time.sleep(_FOLLOW_S)
        except KeyboardInterrupt:
            pass
        finally:
            log.close()


def stats(path: Path) -> None:
    """Prints the log in figures."""
    with _faults_told():
        scan = LogScan(path)
        found = scan.overview()
        scan.close()
        table = Table("day", "facts", "kinds", "oldest", "newest")
        for day in found.days:
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(day.kinds.items()))
            table.add_row(day.day, str(day.facts), kinds, _told(day.oldest_ms), _told(day.newest_ms))
        out.print(table)
        mean = f"{found.bytes_used / found.facts:.1f} bytes a fact, " if found.facts else ""
        typer.echo(f"{found.facts} facts; {mean}{found.bytes_used} bytes with all indexes")
        typer.echo("dead letters: " + (_counted(found.letters) or "none"))
        if found.dropped_unread:
            typer.echo(f"dropped by the byte limit before every reader had read them: {found.dropped_unread}")


def export(path: Path, what: What, form: Form, since: str, until: str, output: Path | None) -> None:
    """Writes rows to a new file, or to standard output."""
    from_ms, to_ms = instant("--from", since), instant("--to", until)
    with _faults_told():
        scan = LogScan(path)
        rows: Iterator[Row]
        if what is What.FACTS:
            rows = map(fact_row, scan.facts(from_ms, to_ms))
        else:
            rows = map(letter_row, scan.letters(from_ms, to_ms))
        columns = FACT_COLUMNS if what is What.FACTS else LETTER_COLUMNS
        try:
            if output is None:
                count = write_rows(sys.stdout, columns, rows, form)
            else:
                with output.open("x", encoding="utf-8", newline="") as stream:
                    count = write_rows(stream, columns, rows, form)
        except BrokenPipeError:  # the reader of our output, such as `head`, has had enough
            raise typer.Exit(Exit.OK) from None
        except OSError as error:
            fail(f"{output}: {error.strerror}", Exit.USAGE)
        finally:
            scan.close()
        err.print(f"{count} {what.value} written", highlight=False)


def verify(path: Path) -> None:
    """Compares the log with itself."""
    with _faults_told(), Progress(console=err) as bar:
        task = bar.add_task("file", total=None)

        def progress(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        verdict = verifying.verify(path, progress)
    for fault in verdict.faults:
        typer.echo(fault)
    if verdict.faults:
        fail(
            f"{path} is damaged: keep it aside with its -wal file, and restore the newest backup",
            Exit.CONFIGURATION,
        )
    typer.echo(f"{path} is sound: {verdict.facts} facts of {verdict.days} days")


def path_of(config: Path, file: Path | None) -> Path:
    """The file that is meant."""
    return file if file is not None else load_or_fail(config, os.environ).storage.folder / FILE_NAME


@contextmanager
def _faults_told() -> Iterator[None]:
    try:
        yield
    except LogFaultError as fault:
        fail(fault.problem, Exit.CONFIGURATION)


def _line(logged: Logged) -> str:
    row = dict(zip(FACT_COLUMNS, map(str, fact_row(logged)), strict=True))
    line = f"{row['seq']} {row['received_at']} {row['kind']} {row['device'] or '-'} {row['content']}"
    # What a device said may hold escape codes, which a terminal would obey.
    return line if line.isprintable() else escaped(line, 10 * len(line))


def _counted(letters: dict[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in letters.items())


def _told(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
