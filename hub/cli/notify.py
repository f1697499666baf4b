"""`campushub notify`: whether a channel works, and who was told what."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

notify_app = typer.Typer(help="Telling people: prove a channel, read the ledger.", no_args_is_help=True)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration.", envvar="CAMPUSHUB_CONFIG")
]
_CONFIG = Path("campus.toml")


@notify_app.command("test")
def prove(
    channel: Annotated[str, typer.Argument(help="The channel's id in campus.toml.")],
    config: ConfigOption = _CONFIG,
) -> None:
    """Send a harmless message over a channel, and say what became of it. The hub may run meanwhile."""
    from hub.cli import notifying

    notifying.prove(config, os.environ, channel)


@notify_app.command()
def ledger(
    config: ConfigOption = _CONFIG,
    alert: Annotated[int | None, typer.Option(min=1, help="Of this alert only, oldest first.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many of the newest.")] = 100,
) -> None:
    """Print who was told what, when, by what, with what result, and who took it on."""
    from hub.cli import notifying

    notifying.ledger(config, os.environ, alert, limit)
