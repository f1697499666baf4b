"""The commands and what their help teaches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.broker import broker_app
from hub.cli.exits import MEANINGS
from hub.cli.history import history_app
from hub.cli.logs import log_app
from hub.cli.notify import notify_app
from hub.cli.rules import rules_app
from hub.cli.tags import tags_app
from hub.cli.tls import tls_app

app = typer.Typer(
    name="campushub",
    help=(
        "The hub of a school's logistics office: patrol rounds, cold chain and electricity come in over "
        "MQTT, rules raise alerts, people act on them, everything is on record.\n\n"
        "Begin with [bold]campushub demo[/bold]. For your own school, copy the commented configuration "
        "([bold]campushub example > campus.toml[/bold]), put your devices in, "
        "run [bold]campushub check[/bold] until it is content, then [bold]campushub run[/bold]."
    ),
    epilog=MEANINGS,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
dashboards_app = typer.Typer(help="Grafana dashboards as code.", no_args_is_help=True)
bench_app = typer.Typer(help="Measures this program on this computer.", no_args_is_help=True)
people_app = typer.Typer(help="PINs and passwords of the people in campus.toml.", no_args_is_help=True)
app.add_typer(dashboards_app, name="dashboards")
app.add_typer(people_app, name="people")
app.add_typer(bench_app, name="bench")
app.add_typer(log_app, name="log")
app.add_typer(history_app, name="history")
app.add_typer(broker_app, name="broker")
app.add_typer(notify_app, name="notify")
app.add_typer(rules_app, name="rules")
app.add_typer(tls_app, name="tls")
app.add_typer(tags_app, name="tags")

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration.", envvar="CAMPUSHUB_CONFIG")
]
_CONFIG = Path("campus.toml")
RunsOption = Annotated[int, typer.Option(min=1, max=20, help="Medians of so many runs.")]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        exists=True, file_okay=False, help="Where to write meanwhile; else where temporary files go."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
CompareOption = Annotated[Path | None, typer.Option(help="An earlier result's JSON, shown beside.")]


@app.command()
def run(config: ConfigOption = _CONFIG) -> None:
    """Run the hub until Ctrl-C. Nothing starts while the configuration has a fault."""
    from hub.cli import running

    running.run(config, os.environ)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("demo-data"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The page's port; 0: any free one.")] = 8360,
    broker_port: Annotated[int, typer.Option(min=0, max=65535, help="MQTT's port; 0: any free one.")] = 18830,
    scenario: Annotated[str, typer.Option(help="What happens on the simulated campus.")] = "demo",
    seed: Annotated[int, typer.Option(help="The same seed gives the same campus.")] = 1,
) -> None:
    """Run everything on this computer: broker, hub and a simulated primary school. Ctrl-C ends it all.

    After about a minute a fridge begins to warm; sign in as wang-fang and deal with it.
    """
    from hub.cli import demonstration

    demonstration.demo(folder, port, broker_port, scenario, seed)


@app.command()
def check(config: ConfigOption = _CONFIG) -> None:
    """Check the configuration and say what was understood. Nothing is started or changed."""
    from hub.cli import checking

    checking.check(config, os.environ)


@app.command()
def calendar(
    config: ConfigOption = _CONFIG,
    month: Annotated[str, typer.Option(help="Which month, as in 2026-10; else this one.")] = "",
    language: Annotated[str, typer.Option(help="zh-CN or en; else the site's.")] = "",
) -> None:
    """Print a month of the school calendar: what each day is, why, and when school is in."""
    from hub.cli import calendar_month

    calendar_month.show(config, os.environ, month, language)


@app.command()
def example() -> None:
    """Print the commented example configuration, to be copied and changed."""
    from hub.cli import demonstration

    typer.echo(demonstration.example(), nl=False)


@app.command()
def simulate(
    config: ConfigOption = _CONFIG,
    broker: Annotated[str, typer.Option(help="host:port of any MQTT broker; else the configuration's.")] = "",
    scenario: Annotated[
        str, typer.Option(help="normal-day, fridge-fails, power-cut, demo, or one of docs/patrol.md.")
    ] = ("normal-day"),
    speed: Annotated[float, typer.Option(min=0.1, max=10_000, help="How much faster than real time.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same campus.")] = 1,
    minutes: Annotated[float, typer.Option(min=0, help="Simulated minutes; 0: until Ctrl-C.")] = 0,
) -> None:
    """Simulate the configuration's devices against a broker: each is a real MQTT client with a last will.

    Example: campushub simulate --config campus.toml --broker 127.0.0.1:1883 --scenario fridge-fails
    """
    from hub.cli import simulation

    simulation.run(config, os.environ, broker, scenario, speed, seed, minutes)


@app.command()
def gateway(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="Its configuration.", envvar="CAMPUSHUB_GATEWAY_CONFIG")
    ] = Path("gateway.toml"),
    as_example: Annotated[
        bool, typer.Option("--example", help="Print a commented configuration, to be copied and changed.")
    ] = False,
    only_check: Annotated[
        bool, typer.Option("--check", help="Check the configuration, list the serial ports, open nothing.")
    ] = False,
) -> None:
    """Read PN532 readers on serial ports and hand their taps to the hub, until Ctrl-C.

    Needs no hub beside it: taps are kept on disk until the broker has them. docs/readers.md.
    """
    from hub.cli import gateway as of_readers

    if as_example:
        typer.echo(of_readers.example(), nl=False)
    elif only_check:
        of_readers.check(config, os.environ)
    else:
        of_readers.run(config, os.environ)


@app.command("simulate-reader")
def simulate_reader(
    config: ConfigOption = _CONFIG,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its TCP port; 0: any free one.")] = 5320,
) -> None:
    """Simulate a PN532 for `campushub gateway`, without hardware: type what is laid on it.

    With a configuration it knows its checkpoints and people by their ids.
    """
    from hub.cli import simulated_reader

    simulated_reader.run(config, os.environ, port)


@app.command()
def torture(
    messages: Annotated[int, typer.Option(min=100, help="How many QoS 1 messages.")] = 20_000,
    kills: Annotated[int, typer.Option(min=0, help="How many faults, of every kind.")] = 10,
    session_losses: Annotated[
        int, typer.Option(min=0, help="How often the broker also loses its store; what it had is then gone.")
    ] = 0,
    full_disks: Annotated[
        int, typer.Option(min=0, help="How often more the hub's disk is full for some seconds.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="The same seed does the same at the same messages.")] = 1,
    broker: Annotated[str, typer.Option(help="mosquitto (from PATH) or embedded.")] = "mosquitto",
    history: Annotated[str, typer.Option(help="duckdb, or influxdb1 (influxd from PATH).")] = "duckdb",
    devices: Annotated[int, typer.Option(min=5, max=5_000, help="How many devices send them.")] = 40,
    rate: Annotated[float, typer.Option(min=1, help="At most so many messages a second.")] = 5_000,
    keep: Annotated[Path | None, typer.Option(help="An empty folder to work in and to keep.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Kill, stop and cut off a real hub and broker under load, then look for what was lost or doubled.

    It ends with 1 if an acknowledged message is not in log and history exactly once, or if the rules said
    anything else than in an undisturbed run. It needs nothing but this computer, and disturbs no other hub.
    """
    from hub.cli import torture

    torture.run(
        messages=messages,
        kills=kills,
        session_losses=session_losses,
        full_disks=full_disks,
        seed=seed,
        broker=broker,
        history=history,
        devices=devices,
        rate=rate,
        keep=keep,
        as_json=as_json,
    )


@bench_app.command("ingest")
def bench_ingest(
    rate: Annotated[float, typer.Option(min=0, help="Messages a second of all; 0: as fast as it goes.")] = 0,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long each run is.")] = 15,
    runs: RunsOption = 3,
    devices: Annotated[int, typer.Option(min=1, max=50_000, help="How many devices speak.")] = 500,
    publishers: Annotated[int, typer.Option(min=1, max=1_000, help="Over how many connections.")] = 200,
    folder: FolderOption = None,
    as_json: JsonOption = False,
    compare: CompareOption = None,
) -> None:
    """Messages a second and what each costs: the whole hub beside a plain C subscriber and bare paho.

    It starts a mosquitto of its own; all on this computer, everything on: decoding, the log with an fsync
    for each batch, rules, the embedded history.
    """
    from hub.bench import ingest
    from hub.cli import bench

    asked = ingest.Asked(rate, seconds, runs, devices, publishers, folder)
    bench.measure("ingest", asked, ingest.measure, as_json=as_json, compare=compare)


@bench_app.command("stages")
def bench_stages(
    messages: Annotated[
        int, typer.Option(min=1_000, help="How many messages count in each run.")
    ] = 1_600_000,
    devices: Annotated[
        int, typer.Option(min=1, max=500, help="Of how many devices; then of 100 times as many.")
    ] = 500,
    rate: Annotated[float, typer.Option(min=50, help="The pace that the stages are driven at.")] = 20_000,
    runs: Annotated[int, typer.Option(min=1, max=20, help="Medians of so many runs.")] = 1,
    folder: FolderOption = None,
    as_json: JsonOption = False,
    compare: CompareOption = None,
) -> None:
    """What the microseconds are spent on: the processor time of a message in each stage, without a broker."""
    from hub.bench import stages
    from hub.cli import bench

    asked = stages.Asked(messages, devices, rate, runs, folder)
    bench.measure("stages", asked, stages.measure, as_json=as_json, compare=compare)


@bench_app.command("latency")
def bench_latency(
    rate: Annotated[float, typer.Option(min=1, max=20_000, help="Messages a second of all.")] = 1_000,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long each run is.")] = 20,
    runs: RunsOption = 3,
    devices: Annotated[int, typer.Option(min=1, max=50_000, help="How many devices speak.")] = 500,
    folder: FolderOption = None,
    as_json: JsonOption = False,
    compare: CompareOption = None,
) -> None:
    """How long from a device's message until it is acknowledged, an alert on a page, a tap answered.

    It starts a mosquitto and a hub of its own, with a tap between them that sees the hub's own
    acknowledgements; the floor is a plain C subscriber behind the same tap.
    """
    from hub.bench import latency
    from hub.cli import bench

    asked = latency.Asked(rate, seconds, runs, devices, folder)
    bench.measure("latency", asked, latency.measure, as_json=as_json, compare=compare)


@bench_app.command("phones")
def bench_phones(
    phones: Annotated[int, typer.Option(min=1, max=200, help="How many come back at once.")] = 50,
    taps: Annotated[int, typer.Option(min=1, max=2_000, help="How many taps each of them has kept.")] = 200,
    kills: Annotated[int, typer.Option(min=0, max=20, help="How often the hub dies meanwhile.")] = 1,
    folder: FolderOption = None,
    as_json: JsonOption = False,
    compare: CompareOption = None,
) -> None:
    """Guards' phones that were off line all post their taps at once: is each kept, and once?

    It starts a hub of its own, kills it while they post, and lets some phones lose the answer.
    """
    from hub.bench import phones as of_phones
    from hub.cli import bench

    asked = of_phones.Asked(phones, taps, kills, folder)
    bench.measure("phones", asked, of_phones.measure, as_json=as_json, compare=compare)


@bench_app.command("history")
def bench_history(
    points: Annotated[int, typer.Option(min=1_000, help="How many values to fill it with.")] = 20_000_000,
    series: Annotated[int, typer.Option(min=5, help="Of how many series, each with one a minute.")] = 500,
    folder: FolderOption = None,
    as_json: JsonOption = False,
    compare: CompareOption = None,
) -> None:
    """Size and answers of the embedded history, beside bare SQL on a plain table of the same values.

    A quick look: --points 1000000.
    """
    from hub.bench import history
    from hub.cli import bench

    asked = history.Asked(points, series, folder)
    bench.measure("history", asked, history.measure, as_json=as_json, compare=compare)


@bench_app.command("storage")
def bench_storage(
    facts: Annotated[int, typer.Option(min=1_000, help="How many facts to append.")] = 2_000_000,
    devices: Annotated[
        int, typer.Option(min=1, max=10_000, help="Of how many; then of 100 times as many.")
    ] = 500,
    folder: FolderOption = None,
    as_json: JsonOption = False,
    compare: CompareOption = None,
) -> None:
    """What the log costs: durable appends, bytes, many devices, reading and verifying; beside bare SQLite.

    The disk counts: say with --folder which one.
    """
    from hub.bench import storage
    from hub.cli import bench

    asked = storage.Asked(facts, devices, folder)
    bench.measure("storage", asked, storage.measure, as_json=as_json, compare=compare)


@bench_app.command("rules")
def bench_rules(
    series: Annotated[
        int, typer.Option(min=100, max=5_000, help="How many series; then 100 times as many.")
    ] = 500,
    turns: Annotated[int, typer.Option(min=1, help="Readings of each device that count.")] = 128,
    devices: Annotated[int, typer.Option(min=10, help="Of how many devices the log is.")] = 500,
    days: Annotated[float, typer.Option(min=0.01, max=90, help="Of how many days.")] = 1.0,
    folder: FolderOption = None,
    as_json: JsonOption = False,
    compare: CompareOption = None,
) -> None:
    """Facts a second through the whole catalogue, on few and on many series; and a backtest over a log.

    The backtest at full size: --days 30.
    """
    from hub.bench import rules
    from hub.cli import bench

    asked = rules.Asked(series, turns, devices, days, folder)
    bench.measure("rules", asked, rules.measure, as_json=as_json, compare=compare)


@app.command()
def version() -> None:
    """Print the versions of campushub and of what it stands on."""
    from hub.cli import versions

    typer.echo("\n".join(versions.lines()))


@dashboards_app.command("publish")
def dashboards_publish(
    url: Annotated[str, typer.Option(help="Grafana's address.", envvar="CAMPUSHUB_GRAFANA_URL")],
    config: ConfigOption = _CONFIG,
    token_env: Annotated[
        str, typer.Option(help="The environment variable with a service account's token.")
    ] = "CAMPUSHUB_GRAFANA_TOKEN",  # noqa: S107 - a variable's name, no secret
    folder: Annotated[str, typer.Option(help="Grafana's folder.")] = "campushub",
    source: Annotated[
        bool, typer.Option(help="Also create the data source from the configuration's InfluxDB.")
    ] = True,
) -> None:
    """Put the dashboards into Grafana. Safe to repeat: what is as it should be is left alone."""
    from hub.cli import publishing

    publishing.publish(config, os.environ, url, token_env, folder, with_source=source)


@people_app.command("pin")
def people_pin(
    person: Annotated[str, typer.Argument(help="The person's id in campus.toml.")],
    config: ConfigOption = _CONFIG,
) -> None:
    """Give a person a new one-time PIN, to be changed at the first sign-in. Ends the person's sessions."""
    from hub.cli import accounts

    accounts.one_time(config, os.environ, person)


@people_app.command("badges")
def people_badges(
    people: Annotated[
        list[str] | None, typer.Argument(help="Whose; else of all who have one.", show_default=False)
    ] = None,
    config: ConfigOption = _CONFIG,
    output: Annotated[Path, typer.Option("--output", "-o", help="A new PDF file.")] = Path("badges.pdf"),
) -> None:
    """Make badges with QR codes, ten on a sheet of A4, for who has no card that a phone can read.

    A badge signs in on a phone that its person has signed in on, and on no other (docs/guard.md).
    """
    from hub.cli import badge_printing

    badge_printing.make(config, os.environ, people or [], output)
