"""What `campushub broker` does: a password is shown once, and only its hash goes into the configuration."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Final

import bcrypt
import typer

from hub.cli.console import err, fail
from hub.cli.exits import Exit

# What is drawn from 144 random bits needs no slow hash, and a small computer checks it in milliseconds when
# every device signs in at once; what a person thinks up does need one.
_COST_OF_RANDOM: Final = 6
_COST_OF_CHOSEN: Final = 10
_SHORTEST: Final = 8
_LONGEST_BYTES: Final = 72  # bcrypt reads no further
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f\x7f]+')


def user(name: str, devices: Sequence[str], topics: Sequence[str], *, ask: bool) -> None:
    """Prints a [[broker.user]] on standard output, and a random password on standard error."""
    if _NAME.fullmatch(name) is None:
        fail('a name has up to 64 letters, digits, "-" and "_", as in cold-1', Exit.USAGE)
    if not all(map(_PLAIN.fullmatch, (*devices, *topics))):
        fail("devices and topics have no quotes, backslashes or control characters", Exit.USAGE)
    password = _asked() if ask else secrets.token_urlsafe(18)
    cost = _COST_OF_CHOSEN if ask else _COST_OF_RANDOM
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()
    lines = ["[[broker.user]]", f'name = "{name}"', f'password_hash = "{hashed}"']
    for key, values in (("devices", devices), ("topics", topics)):
        if values:
            listed = ", ".join(f'"{value}"' for value in values)
            lines.append(f"{key} = [{listed}]")
    typer.echo("\n" + "\n".join(lines))
    if not ask:
        err.print(f"{name} signs in with the password {password} - it is not shown again", highlight=False)
    err.print("Put the lines into campus.toml and start the hub again.", highlight=False)


def _asked() -> str:
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if len(password) < _SHORTEST or len(password.encode()) > _LONGEST_BYTES or not password.isprintable():
        fail(f"a password has {_SHORTEST} to {_LONGEST_BYTES} printable characters", Exit.USAGE)
    return password
