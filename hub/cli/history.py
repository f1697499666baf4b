"""`campushub history`: the stores of time series."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

history_app = typer.Typer(help="The history: the stores of time series.", no_args_is_help=True)

_CONFIG: Final = Path("campus.toml")


@history_app.command()
def backfill(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="The configuration.", envvar="CAMPUSHUB_CONFIG")
    ] = _CONFIG,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help="The embedded history's file, if it is not in the data folder.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        str,
        typer.Option("--from", help="Measured from this time on: 2026-09-01 or 2026-09-01T08:00, in UTC."),
    ] = "",
    until: Annotated[
        str,
        typer.Option(
            "--to",
            help="Measured before this time; else what the hub does not fill in itself.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Copy the embedded history into the InfluxDB of campus.toml, after a change from one to the other.

    What the log still holds, the hub itself fills in; this copies what is older. Safe to repeat and to
    interrupt: the same value is the same point. The hub may run, once it has been started with InfluxDB.
    Exit code 5 if InfluxDB refused any point.
    """
    from hub.cli import moving_history

    moving_history.backfill(config, os.environ, file, since, until)
