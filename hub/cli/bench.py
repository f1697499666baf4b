"""`campushub bench`: progress on standard error, the table or JSON on standard output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from hub.bench import report
from hub.bench.machine import machine
from hub.bench.progress import Progress
from hub.cli.console import err, fail, out
from hub.cli.exits import Exit
from hub.processes import TrialError

Asked = TypeVar("Asked", bound=msgspec.Struct)


def measure(
    kind: str,
    asked: Asked,
    work: Callable[[Asked, Progress], tuple[report.Row, ...]],
    *,
    as_json: bool,
    compare: Path | None,
) -> None:
    """Measures and prints; `compare` is an earlier result's JSON of the same kind."""
    try:
        earlier = report.load(compare, kind) if compare else None
    except (OSError, msgspec.MsgspecError, report.OtherKindError) as error:
        fail(f"{compare}: {error}", Exit.CONFIGURATION)
    with Bar(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn(), console=err
    ) as bar:
        task = bar.add_task("…", total=1.0)
        try:
            rows = work(asked, lambda doing, done: bar.update(task, description=doing, completed=done))
        except TrialError as error:
            fail(str(error), Exit.UNAVAILABLE)
    result = report.Result(kind, machine(), report.settings_of(asked), rows)
    if as_json:
        out.print_json(msgspec.json.encode(result).decode())
    else:
        out.print(report.table(result, earlier))
