"""`campushub simulate`: the configured devices, simulated against any broker, with progress."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from firmware_sim import scenario as scenarios
from firmware_sim.beeps import Beep
from firmware_sim.plan import BrokerAddress, SimulationError
from firmware_sim.run import Progress as Step
from firmware_sim.run import Summary, simulate
from hub.cli.console import err, fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.cli.planning import broker_address, plan_of


def run(
    config: Path,
    environment: Mapping[str, str],
    broker: str,
    scenario: str,
    speed: float,
    seed: int,
    minutes: float,
) -> None:
    """Simulates until the time is over or Ctrl-C; then says what was sent."""
    campus = load_or_fail(config, environment)
    address = _address(broker, broker_address(campus.broker))
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    duration_s = minutes * 60 or None
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        console=err,
    )
    with bar:
        task = bar.add_task("…", total=duration_s, counts="")

        def show(step: Step) -> None:
            happening = f"{step.happening.zh} · {step.happening.en}"
            counts = step.counts
            for beep in step.beeps:
                err.print(_beeped(beep), highlight=False)
            text = f"{counts.acknowledged}/{counts.made} sent, {counts.queued} waiting"
            bar.update(task, completed=step.simulated_s, description=step.trouble or happening, counts=text)

        try:
            summary = simulate(
                plan_of(campus),
                address,
                scenarios.load(scenario),
                speed=speed,
                seed=seed,
                duration_s=duration_s,
                clock=time.time,
                progress=show,
                stop=stop,
            )
        except SimulationError as error:
            fail("\n".join(error.faults), Exit.CONFIGURATION)
    _report(summary)


def _beeped(beep: Beep) -> Text:
    took = "" if beep.took_s is None else f" {beep.took_s * 1000:.0f} ms"
    words = f"● {beep.device} {beep.words.zh} · {beep.words.en}{took}"
    return Text(words, style="green" if beep.green else "bold red")


def _report(summary: Summary) -> None:
    counts = summary.counts
    out.print(
        f"{counts.devices} devices, {summary.simulated_s:.0f} s simulated: {counts.made} facts made, "
        f"{counts.acknowledged} acknowledged, {counts.queued} waiting, {counts.dropped} dropped, "
        f"{counts.reconnects} reconnects, {counts.replies} replies",
        highlight=False,
    )
    if times := summary.reply_times_s:
        middle, most = (times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.95))
        out.print(
            f"{summary.green} green, {summary.red} red; from tap to reply "
            f"{middle * 1000:.0f} ms (half of them), {most * 1000:.0f} ms (95 of 100)",
            highlight=False,
        )
    if counts.made and not counts.acknowledged:
        fail("the broker took nothing: is it running, and is the address right?", Exit.UNAVAILABLE)


def _address(text: str, configured: BrokerAddress) -> BrokerAddress:
    if not text:
        return configured
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        fail(f"--broker {text}: give host:port, such as 127.0.0.1:1883", Exit.USAGE)
    return replace(configured, host=host.strip("[]"), port=int(port))
