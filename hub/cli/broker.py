"""`campushub broker`: accounts of the embedded broker."""

from __future__ import annotations

from typing import Annotated

import typer

broker_app = typer.Typer(help="Accounts of the embedded broker.", no_args_is_help=True)


@broker_app.command()
def user(
    name: Annotated[str, typer.Argument(help="Its name: a device's id, or a gateway's name.")],
    devices: Annotated[
        list[str] | None,
        typer.Option(
            "--device", help="A device that it speaks for; may be repeated. None: the one of its name."
        ),
    ] = None,
    topics: Annotated[
        list[str] | None,
        typer.Option("--topic", help="A gateway's base topic, as in zigbee2mqtt; may be repeated."),
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for the password instead of making a random one.")
    ] = False,
) -> None:
    """Make a device's account: print the lines for campus.toml, and the password for the device, once.

    Example: campushub broker user cold-1 >> campus.toml (the password is not part of that output)
    """
    from hub.cli import accounts_of_broker

    accounts_of_broker.user(name, devices or [], topics or [], ask=ask)
