"""Results of every kind as a table and as JSON, and beside an earlier result."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from statistics import median

import msgspec
from rich.table import Table

from hub.bench.machine import Machine


class Setting(msgspec.Struct, frozen=True):
    """One option of the command as it was given."""

    name: str
    value: float


class Row(msgspec.Struct, frozen=True):
    """One figure. `runs`: what each run gave, where there were several; `value` is made of them.

    `floor`: the same figure of something that does the least, in the same unit, from the same run.
    `at_most`: what it is meant to stay within, where that is promised."""

    name: str
    value: float
    unit: str
    runs: tuple[float, ...] = ()
    floor: float | None = None
    at_most: float | None = None


class Result(msgspec.Struct, frozen=True):
    """One measurement: of what kind, with what settings, on what machine, and its figures."""

    kind: str
    machine: Machine
    settings: tuple[Setting, ...]
    rows: tuple[Row, ...]


class OtherKindError(Exception):
    """The earlier result is of another kind of measurement."""


def of_runs(
    name: str, unit: str, runs: Iterable[float], *, floor: float | None = None, at_most: float | None = None
) -> Row:
    """The median of several runs."""
    kept = tuple(runs)
    return Row(name, median(kept), unit, kept, floor, at_most)


def settings_of(asked: msgspec.Struct) -> tuple[Setting, ...]:
    """The numbers among the fields of what was asked for."""
    fields = msgspec.structs.asdict(asked).items()
    return tuple(Setting(name, float(value)) for name, value in fields if isinstance(value, int | float))


def load(path: Path, kind: str) -> Result:
    """An earlier result. Raises OSError, msgspec.MsgspecError or OtherKindError."""
    result = msgspec.json.decode(path.read_bytes(), type=Result)
    if result.kind != kind:
        raise OtherKindError(f"it is a result of `bench {result.kind}`, not of `bench {kind}`")
    return result


def table(result: Result, earlier: Result | None) -> Table:
    """The figures beside their floors and targets; and beside themselves earlier."""
    made = Table(
        title=f"bench {result.kind}: {_told(result.settings)}",
        caption=_caption(result, earlier),
        title_justify="left",
        caption_justify="left",
    )
    headings = ["", "", "unit", "floor", "of the floor", "target"]
    if earlier is not None:
        headings += ["before", "of before"]
    for heading in headings:
        made.add_column(heading, justify="left" if heading == "unit" else "right")
    made.columns[0].justify = "left"
    before = {row.name: row.value for row in earlier.rows} if earlier is not None else {}
    for row in result.rows:
        cells = [row.name, _number(row.value), row.unit, *_beside(row.value, row.floor), _target(row)]
        if earlier is not None:
            cells += _beside(row.value, before.get(row.name))
        made.add_row(*cells)
    return made


def _told(settings: tuple[Setting, ...]) -> str:
    return ", ".join(f"{setting.name.replace('_', ' ')} {setting.value:,g}" for setting in settings)


def _caption(result: Result, earlier: Result | None) -> str:
    machine = result.machine
    lines = [f"{machine.processor}, {machine.cores} cores, Python {machine.python}, {machine.system}"]
    if earlier is not None and earlier.settings != result.settings:
        lines.append(f"before, with other settings: {_told(earlier.settings)}")
    if earlier is not None and earlier.machine != machine:
        lines.append(
            f"before, elsewhere: {earlier.machine.processor}, {earlier.machine.cores} cores,"
            f" campushub {earlier.machine.campushub}, Python {earlier.machine.python}"
        )
    return "\n".join(lines)


def _beside(value: float, other: float | None) -> list[str]:
    if other is None:
        return ["", ""]
    return [_number(other), f"{_times(value / other)} ×" if other else ""]


def _target(row: Row) -> str:
    if row.at_most is None:
        return ""
    return f"≤ {row.at_most:g}, {'met' if row.value <= row.at_most else 'missed'}"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 or not ratio else f"{ratio:.2g}"


def _number(value: float) -> str:
    """Three digits or more that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10 or value == int(value):
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
