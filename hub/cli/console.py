"""How commands speak: results on standard output, everything else on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from hub.cli.exits import Exit
from hub.config.faults import ConfigurationError, Fault
from hub.config.load import load
from hub.config.model import Campus
from hub.config.report import explain, lines_of

out = Console()
err = Console(stderr=True)


def fail(message: str, code: Exit) -> NoReturn:
    """Says what is wrong and ends the program."""
    err.print(message, style="bold red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def load_or_fail(path: Path, environment: Mapping[str, str]) -> Campus:
    """The campus; every fault of its configuration is printed at once otherwise. Of its warnings nothing:
    only what checks or runs it says them (`warn`)."""
    try:
        return load(path, environment)
    except ConfigurationError as error:
        refuse(error)


def refuse(error: ConfigurationError) -> NoReturn:
    """Says every fault of a configuration and ends the program."""
    err.print(explain(error), style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(Exit.CONFIGURATION) from error


def warn(warnings: Iterable[Fault]) -> None:
    """Says what is allowed in the configuration, and probably not meant."""
    for line in lines_of(warnings):
        err.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
