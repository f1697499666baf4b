"""What the program's exit codes mean; printed by `campushub --help`."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """0 is success; typer itself uses 2 for a command line that it does not understand."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    UNAVAILABLE = 4
    REFUSED = 5


MEANINGS = (
    "Exit codes: 0 done; 1 an unexpected failure; 2 a command line that makes no sense; 3 a faulty "
    "configuration, scenario or file; 4 something needed is not there (a port is taken, a broker or Grafana "
    "is not reached); 5 somebody else refuses (wrong token, no rights)."
)
