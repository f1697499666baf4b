"""Results as a table and as JSON, and beside an earlier result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from hub.bench.ingest import Flow
from hub.bench.machine import Machine


class Result(msgspec.Struct, frozen=True):
    """One measurement: what was asked, on what machine, and the medians."""

    machine: Machine
    devices: int
    publishers: int
    rate_hz: float
    seconds: float
    runs: int
    flows: tuple[Flow, ...]


def table(result: Result, earlier: Result | None) -> Table:
    """The flows, each as a share of the first, which is the floor; and of itself earlier."""
    machine = result.machine
    offered = f"{result.rate_hz:g}/s" if result.rate_hz else "as fast as it goes"
    made = Table(
        title=(
            f"{offered}, QoS 1, {result.publishers} publishers, {result.devices} devices, "
            f"{result.seconds:g} s, median of {result.runs}"
        ),
        caption=f"{machine.processor}, {machine.cores} cores, Python {machine.python}, {machine.system}",
        title_justify="left",
        caption_justify="left",
    )
    for heading in ("", "messages/s", "of the floor", "µs of CPU each", "MB resident", "most waiting"):
        made.add_column(heading, justify="right" if heading else "left")
    if earlier is not None:
        made.add_column("messages/s before", justify="right")
        made.add_column("µs before", justify="right")
    floor = result.flows[0].received_hz
    for flow in result.flows:
        row = [
            flow.name,
            f"{flow.received_hz:,.0f}",
            f"{flow.received_hz / floor:.0%}" if floor else "",
            f"{flow.cpu_us:.1f}",
            f"{flow.resident_mb:.0f}",
            f"{flow.most_waiting:,.0f}",
        ]
        if earlier is not None:
            row += _before(flow, earlier.flows)
        made.add_row(*row)
    return made


def load(path: Path) -> Result:
    """An earlier result. Raises OSError or msgspec.ValidationError."""
    return msgspec.json.decode(path.read_bytes(), type=Result)


def _before(flow: Flow, earlier: Sequence[Flow]) -> list[str]:
    found = next((old for old in earlier if old.name == flow.name), None)
    return ["", ""] if found is None else [f"{found.received_hz:,.0f}", f"{found.cpu_us:.1f}"]
