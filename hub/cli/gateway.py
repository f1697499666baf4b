"""`campushub gateway`: readers on serial ports, handed to the hub over MQTT."""

from __future__ import annotations

import io
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import typer
from rich.table import Table

from devices.gateway.model import GatewayPlan, ReaderPlan, Role
from devices.gateway.outbox import OutboxError
from devices.gateway.ports import found_ports
from devices.gateway.running import Gateway, texts_of
from devices.gateway.saying import time_of_day
from hub.cli.console import err, fail, out, refuse
from hub.cli.exits import Exit
from hub.cli.gateway_file import load_gateway
from hub.config.faults import ConfigurationError


def example() -> str:
    """The commented example of a `gateway.toml`."""
    return files("hub.cli").joinpath("gateway.toml").read_text(encoding="utf-8")


def check(config: Path, environment: Mapping[str, str]) -> None:
    """Says what was understood and which ports there are, or all that is wrong. Opens nothing."""
    plan = _plan(config, environment)
    out.print(_understood(plan))
    found = found_ports()
    out.print("Serial ports of this computer:" if found else "No serial port was found on this computer.")
    for device, what in found:
        out.print(f"  {device}  {what}", markup=False, highlight=False)


def run(config: Path, environment: Mapping[str, str]) -> None:
    """Works until SIGINT or SIGTERM."""
    plan = _plan(config, environment)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no ✓ shows something else
    rings = plan.bell and sys.stdout.isatty()

    def show(reader: str, line: str, bells: int) -> None:
        said = f"{time_of_day(time.time(), plan.zone)}  {reader}  {line}"
        with suppress(OSError):  # taps matter more than the lines about them: their disk may be full
            typer.echo(said + "\a" * (bells if rings else 0))
            sys.stdout.flush()

    try:
        gateway = Gateway(plan, show)
    except OutboxError as error:
        remedy = "does another gateway use it? If it is damaged, move it away: what it holds was not sent"
        fail(f"the outbox cannot be used: {error}; {remedy}", Exit.UNAVAILABLE)
    _end_when_told(gateway)
    gateway.run()
    err.print(texts_of(plan.language)("gateway.ended"), highlight=False)


def _plan(config: Path, environment: Mapping[str, str]) -> GatewayPlan:
    try:
        return load_gateway(config, environment)
    except ConfigurationError as error:
        refuse(error)


def _end_when_told(gateway: Gateway) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # only there may signals be caught
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, lambda *_: gateway.end())


def _understood(plan: GatewayPlan) -> Table:
    table = Table("", "", show_header=False, box=None)
    broker = plan.broker
    secured = " with TLS" if broker.tls else ""
    as_whom = f", as {broker.username}" if broker.username is not None else ", without a user name"
    zone = plan.zone.key if plan.zone is not None else "times as on this computer"
    table.add_row("site", f"{plan.site}, {plan.language.value}, {zone}")
    table.add_row("broker", f"{broker.host}:{broker.port}{secured}{as_whom}")
    table.add_row("outbox", f"{plan.outbox}, at most {plan.limit} taps")
    for guard in plan.guards:
        table.add_row("guard", f"{guard.name}, badge {guard.badge}")
    for reader in plan.readers:
        table.add_row("reader", f"{reader.id} on {reader.port}: {_use(reader)}")
    return table


def _use(reader: ReaderPlan) -> str:
    if reader.role is Role.FIXED:
        use = f"fixed at tag {reader.tag_uid}, reads badges"
    elif reader.guard is not None:
        use = f"handheld, {reader.guard.name}'s, reads tags"
    else:
        use = "handheld, of whoever laid a badge on it last, reads tags"
    lamp = reader.lamp
    return use if lamp is None else f"{use}; lamp: green {lamp.green.value}, red {lamp.red.value}"
