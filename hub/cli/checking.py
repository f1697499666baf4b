"""`campushub check`: looks at the configuration and at nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hub.cli.console import load_or_fail, out
from hub.config.report import understood


def check(config: Path, environment: Mapping[str, str]) -> None:
    """Prints what the configuration means, or all that is wrong with it."""
    out.print(understood(load_or_fail(config, environment)))
