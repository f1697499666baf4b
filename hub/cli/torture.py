"""`campushub torture`: progress on standard error, the loss table or JSON on standard output."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Final

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.cli.console import err, fail, out
from hub.cli.exits import Exit
from hub.config.model import HistoryKind
from hub.processes import TrialError
from hub.torture import disk
from hub.torture.plan import BrokerKind, Fault, FaultKind, Mix, draw
from hub.torture.report import Report
from hub.torture.run import Step, torture
from hub.torture.world import Wanted

_NO_DISK: Final = "this computer lets nobody mount a file system of his own (unshare --user --mount)"


def run(
    *,
    messages: int,
    kills: int,
    session_losses: int,
    full_disks: int,
    seed: int,
    broker: str,
    history: str,
    devices: int,
    rate: float,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Tortures, prints, and ends with 1 if anything was lost, doubled or judged otherwise."""
    try:
        kind, store = BrokerKind(broker), HistoryKind(history)
    except ValueError as error:
        fail(f"{error}: --broker is mosquitto or embedded, --history duckdb or influxdb1", Exit.USAGE)
    if store is HistoryKind.INFLUXDB2:
        fail("--history is duckdb or influxdb1", Exit.USAGE)
    can_fill = disk.is_possible()
    if full_disks and not can_fill:
        fail(f"--full-disks cannot be done here: {_NO_DISK}", Exit.UNAVAILABLE)
    mix = Mix(kills, session_losses, full_disks, kind, store is HistoryKind.INFLUXDB1, can_fill)
    faults = draw(mix, messages, seed)
    folder = keep or Path(tempfile.mkdtemp(prefix="campushub-torture-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        left_out = "" if can_fill else f"{FaultKind.DISK_FULL.value}: {_NO_DISK}"
        report = _tortured(Wanted(folder, messages, devices, rate, seed, kind, store, faults, left_out))
    except (TrialError, FileExistsError) as error:
        fail(f"{error} (seed {seed}, files in {folder})", Exit.UNAVAILABLE)
    _print(report, as_json=as_json)
    if not report.holds:
        fail(f"The promise is broken; the files are in {folder}", Exit.FAILED)
    if keep is None:
        shutil.rmtree(folder, ignore_errors=True)


def _tortured(wanted: Wanted) -> Report:
    err.print(
        f"seed {wanted.seed}: {wanted.messages} messages, {len(wanted.faults)} faults, {wanted.broker.value}",
        highlight=False,
    )
    if wanted.left_out:
        err.print(f"left out: {wanted.left_out}", style="yellow", highlight=False)
    for fault in wanted.faults:
        err.print(f"  {_told(fault)}", style="dim", highlight=False)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        console=err,
    )
    with bar:
        task = bar.add_task("starting", total=wanted.messages, counts="")

        def show(step: Step) -> None:
            counts = f"{step.published} published, {step.in_log} seen in the log, {step.faults} faults"
            bar.update(task, completed=step.published, description=step.doing, counts=counts)

        return torture(wanted, show)


def _told(fault: Fault) -> str:
    return f"after {fault.after}: {fault.kind.value} ({fault.delay_s} s, {fault.lasts_s} s, {fault.times})"


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
        return
    done = ", ".join(f"{count} × {kind}" for kind, count in sorted(report.faults_done().items()))
    table = Table("loss table", "", title=f"{report.broker.value}, seed {report.seed}, {report.seconds} s")
    table.columns[1].justify = "right"
    for name, figure in report.rows():
        table.add_row(name, figure)
    out.print(table)
    out.print(f"Done to it: {done or 'nothing'}.", highlight=False)
    if report.left_out:
        out.print(f"Left out: {report.left_out}.", highlight=False)
    for line in report.faults_found():
        out.print(line, style="bold red", markup=False, highlight=False)
    if report.holds:
        out.print(_kept(report))


def _kept(report: Report) -> str:
    """What a report that holds comes to; what the hub never got is no loss of its, and is said."""
    alone = len(report.losses.lost_by_broker)
    if not alone:
        return "Every acknowledged message is there once, and was judged as if nothing had happened."
    return (
        f"{alone:,} messages ended with the broker that had acknowledged them (docs/brokers.md)."
        " Every other one is there once, and was judged as if nothing had happened."
    )
