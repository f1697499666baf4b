"""`campushub log`: the log of a hub, running or not, for people. Nothing here writes to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from hub.cli.forms import Form, What

log_app = typer.Typer(
    help="What the log holds. Safe while the hub runs: these commands read one moment and change nothing.",
    no_args_is_help=True,
)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration.", envvar="CAMPUSHUB_CONFIG")
]
FileOption = Annotated[
    Path | None,
    typer.Option("--file", help="A log's file, instead of the configuration's.", show_default=False),
]
FromOption = Annotated[
    str, typer.Option("--from", help="Received from this time on: 2026-09-01 or 2026-09-01T08:00, in UTC.")
]
ToOption = Annotated[str, typer.Option("--to", help="Received before this time.")]
_CONFIG: Final = Path("campus.toml")


@log_app.command()
def tail(
    config: ConfigOption = _CONFIG,
    file: FileOption = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many facts.")] = 10,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new facts until Ctrl-C.")
    ] = False,
) -> None:
    """Print the newest facts, one a line. Example: campushub log tail -n 50 --follow"""
    from hub.cli import log_reading

    log_reading.tail(log_reading.path_of(config, file), lines, follow=follow)


@log_app.command()
def stats(config: ConfigOption = _CONFIG, file: FileOption = None) -> None:
    """Count facts by day of arrival (UTC) and kind, bytes, and dead letters by reason. Reads every fact."""
    from hub.cli import log_reading

    log_reading.stats(log_reading.path_of(config, file))


@log_app.command()
def export(
    what: Annotated[What, typer.Argument(help="Facts or dead letters.")] = What.FACTS,
    config: ConfigOption = _CONFIG,
    file: FileOption = None,
    form: Annotated[Form, typer.Option("--format", help="csv or jsonl.")] = Form.CSV,
    since: FromOption = "",
    until: ToOption = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A new file; else standard output.", show_default=False),
    ] = None,
) -> None:
    """Write facts or dead letters as CSV or JSON lines. Cells that a spreadsheet would run are made harmless.

    Example: campushub log export letters --format jsonl --from 2026-09-01 -o letters.jsonl
    """
    from hub.cli import log_reading

    log_reading.export(log_reading.path_of(config, file), what, form, since, until, output)


@log_app.command()
def verify(config: ConfigOption = _CONFIG, file: FileOption = None) -> None:
    """Read the whole log and compare it with itself. Exit code 3 if anything is damaged."""
    from hub.cli import log_reading

    log_reading.verify(log_reading.path_of(config, file))
