"""`campushub check`: looks at the configuration and at nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hub.cli.certificates import validity
from hub.cli.console import fail, load_or_fail, out, warn
from hub.cli.exits import Exit
from hub.clock import system_now_ms
from hub.config.calendar import reminders
from hub.config.document import read
from hub.config.report import understood
from rules.local_time import day_at


def check(config: Path, environment: Mapping[str, str]) -> None:
    """Prints what the configuration means, what will soon be missing, or all that is wrong with it."""
    campus = load_or_fail(config, environment)
    today = day_at(campus.site.zone, system_now_ms())
    missing = tuple(reminders(read(config), campus.calendar, today))
    warn((*campus.warnings, *missing))
    out.print(understood(replace(campus, warnings=(*campus.warnings, *missing))))
    line, is_usable = validity(campus)
    if not is_usable:
        fail(line, Exit.CONFIGURATION)
    if line:
        out.print(line, highlight=False)
