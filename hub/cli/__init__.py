"""The command line `campushub`. Commands import what they need when they run, so that `--help` is quick."""

from __future__ import annotations


def main() -> None:
    """The entry point of the program `campushub`."""
    from hub.cli.app import app

    app(prog_name="campushub")
