"""`campushub rules`: what the rules are, whether they do what they should, what they would have done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

rules_app = typer.Typer(
    help="The rules: listed, tested, tried on the past, explained. Nothing here changes anything.",
    no_args_is_help=True,
)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration.", envvar="CAMPUSHUB_CONFIG")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        exists=True,
        file_okay=False,
        help="The data folder, if it is not the configuration's.",
        show_default=False,
    ),
]
RuleOption = Annotated[
    list[str] | None,
    typer.Option("--rule", "-r", help="Only these, with patterns such as 'cold.*'; may be repeated."),
]
_CONFIG: Final = Path("campus.toml")


@rules_app.command("list")
def list_(config: ConfigOption = _CONFIG, rule: RuleOption = None, as_json: JsonOption = False) -> None:
    """List the rules in force here, and how many devices each of them watches."""
    from hub.cli import rule_listing

    rule_listing.show(config, os.environ, rule or [], as_json=as_json)


@rules_app.command("backtest")
def backtest(
    config: ConfigOption = _CONFIG,
    since: Annotated[
        str, typer.Option("--from", help="From this time on: 2026-09-01 or 2026-09-01T08:00, in UTC.")
    ] = "",
    until: Annotated[str, typer.Option("--to", help="Before this time.")] = "",
    rule: RuleOption = None,
    data: DataOption = None,
    warm_up: Annotated[
        str, typer.Option(help="So long before --from judging begins, to know what went before.")
    ] = "1d",
    history: Annotated[
        bool, typer.Option("--history", help="Take the facts from the embedded history, not from the log.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what the rules would have raised, beside what was raised.

    Change numbers in a copy of campus.toml and give it as --config, with --data for the hub's data folder:
    the same facts are judged by the changed rules, by the same code as in the hub. The hub may run meanwhile.

    Example: campushub rules backtest --config tried.toml --data data --from 2026-09-01 --rule 'cold.*'
    """
    from hub.cli import backtesting

    asked = backtesting.Asked(since, until, tuple(rule or ()), data, warm_up, history)
    backtesting.run(config, os.environ, asked, as_json=as_json)


@rules_app.command("test")
def run_tests(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Case files, or folders of them; none: the shipped ones.", show_default=False),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="Test this configuration's rules, by its school calendar.",
            show_default=False,
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name the cases that hold as well.")
    ] = False,
) -> None:
    """Run rule tests: data files that say what a device does, and what its rule has to say about it.

    Exit code 1 if a case does not hold, 3 if a file makes no sense. docs/rules.md shows the format.
    """
    from hub.cli import rule_testing

    rule_testing.run(paths or [], config, os.environ, verbose=verbose)


@rules_app.command("explain")
def explain(
    alert: Annotated[int, typer.Argument(min=1, help="The alert's number, as its page shows it.")],
    config: ConfigOption = _CONFIG,
    data: DataOption = None,
) -> None:
    """Say why an alert was raised: the rule in words, the facts, each transition, and who did what."""
    from hub.cli import explaining

    explaining.run(config, os.environ, alert, data)
