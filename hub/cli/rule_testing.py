"""What `campushub rules test` does: case files, each judged by the rule that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path

import typer

from hub.cli.case_calendar import calendar_for
from hub.cli.console import fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.config.rulebook import shipped
from rules import trial
from rules.calendar import Calendar
from rules.model import Rule

_CASES = "cases"


def run(paths: Sequence[Path], config: Path | None, environment: Mapping[str, str], *, verbose: bool) -> None:
    """Runs every case; what does not hold is told with what was expected and what came."""
    campus = None if config is None else load_or_fail(config, environment)
    rules = {rule.id: rule for rule in shipped()} if campus is None else dict(campus.rules)
    texts = list(_of_paths(paths)) if paths else list(shipped_cases())
    if not texts:
        fail("there are no case files (*.toml) here", Exit.USAGE)
    held = failed = 0
    for where, name, text in texts:
        try:
            file = trial.parse(text, name)
            calendar = calendar_for(file, text, campus)
        except trial.CaseFaultError as error:
            fail(f"{where}: {error}", Exit.CONFIGURATION)
        if file.rule not in rules:
            fail(f"{where}: no rule is called {file.rule}: see `campushub rules list`", Exit.CONFIGURATION)
        for told, holds in _told(rules[file.rule], file, calendar):
            held, failed = held + holds, failed + (not holds)
            if verbose or not holds:
                out.print(told, markup=False, highlight=False, soft_wrap=True)
    out.print(f"{held} cases hold, {failed} do not; {len(texts)} files", highlight=False)
    if failed:
        raise typer.Exit(Exit.FAILED)


def shipped_cases() -> Iterator[tuple[str, str, str]]:
    """Where each shipped case file is, its name, and its text."""
    folder = resources.files("rules").joinpath(_CASES)
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml"):
            yield file.name, file.name.removesuffix(".toml"), file.read_text(encoding="utf-8")


def _of_paths(paths: Sequence[Path]) -> Iterator[tuple[str, str, str]]:
    for path in paths:
        for file in sorted(path.glob("*.toml")) if path.is_dir() else (path,):
            try:
                yield str(file), file.stem, file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                fail(f"{file}: {getattr(error, 'strerror', None) or error}", Exit.USAGE)


def _told(rule: Rule, file: trial.CaseFile, calendar: Calendar | None) -> Iterator[tuple[str, bool]]:
    if file.title is not None and file.title != rule.title:
        is_called = f"{rule.title.zh} / {rule.title.en}"
        yield f"{rule.id}: title: expected {file.title.zh} / {file.title.en}, is {is_called}", False
    watch = trial.watch_of(rule, file, calendar)
    if watch is None:
        yield f"{rule.id}: the rule does not select the target of its cases", False
        return
    for case in file.cases:
        verdict = trial.run(watch, case)
        lines = [f"{'holds' if verdict.holds else 'DOES NOT HOLD'}: {rule.id}: {case.name}"]
        if not verdict.holds:
            lines += ["  expected:", *(f"    {trial.expected_as_written(one)}" for one in case.expect)]
            lines += ["  said:", *(f"    {trial.as_written(one)}" for one in verdict.said)]
        yield "\n".join(lines), verdict.holds
