"""`campushub tls`: the certificate with which the pages are served."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

tls_app = typer.Typer(
    help="HTTPS on the school's own network: authority and certificate.", no_args_is_help=True
)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration.", envvar="CAMPUSHUB_CONFIG")
]
_CONFIG = Path("campus.toml")


@tls_app.command()
def make(
    config: ConfigOption = _CONFIG,
    new_authority: Annotated[
        bool, typer.Option("--new-authority", help="Another authority: every phone has to trust it anew.")
    ] = False,
) -> None:
    """Make the hub's own authority, if there is none, and a certificate for web.names.

    The hub does the same when it starts; nothing that is good is made again. Run it as the hub's user.
    """
    from hub.cli import certificates

    certificates.make(config, os.environ, new_authority=new_authority)


@tls_app.command()
def show(config: ConfigOption = _CONFIG) -> None:
    """Print the names, the validity and the fingerprint of the certificate and of its authority."""
    from hub.cli import certificates

    certificates.show(config, os.environ)


@tls_app.command()
def renew(config: ConfigOption = _CONFIG) -> None:
    """Make a new certificate of the hub now. Phones that trust its authority notice nothing.

    A running hub takes it in within five minutes and drops nobody.
    """
    from hub.cli import certificates

    certificates.renew(config, os.environ)
