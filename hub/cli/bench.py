"""`campushub bench`."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from hub.bench import report
from hub.bench.ingest import measure
from hub.bench.machine import machine
from hub.cli.console import err, fail, out
from hub.cli.exits import Exit
from hub.processes import TrialError


def ingest(
    *,
    rate: float,
    seconds: float,
    runs: int,
    devices: int,
    publishers: int,
    as_json: bool,
    compare: Path | None,
) -> None:
    """Measures and prints; `compare` is an earlier result's JSON."""
    try:
        earlier = report.load(compare) if compare else None
    except (OSError, msgspec.MsgspecError) as error:
        fail(f"{compare}: {error}", Exit.CONFIGURATION)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err
    ) as progress:
        task = progress.add_task("…")

        def say(words: str) -> None:
            progress.update(task, description=words)

        try:
            flows = measure(devices, publishers, rate, seconds, runs, say)
        except TrialError as error:
            fail(str(error), Exit.UNAVAILABLE)
    result = report.Result(machine(), devices, publishers, rate, seconds, runs, flows)
    if as_json:
        out.print_json(msgspec.json.encode(result).decode())
    else:
        out.print(report.table(result, earlier))
