"""What `campushub rules list` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text as Cell

from hub.alerts.backtest import selected
from hub.cli.console import load_or_fail, out
from hub.config.binding import watches_of_devices
from hub.config.model import Campus
from rules.model import Rule, Subject, Text


def show(config: Path, environment: Mapping[str, str], asked: Sequence[str], *, as_json: bool) -> None:
    """Prints the rules in force, in the catalogue's order."""
    campus = load_or_fail(config, environment)
    wanted = selected(campus.rules, asked, fnmatchcase)
    watched = Counter(watch.rule for watch in watches_of_devices(campus))
    rules = [rule for rule in campus.rules.values() if rule.id in wanted]
    if as_json:
        rows = [
            {
                "id": rule.id,
                "severity": rule.severity.value,
                "kind": rule.kind.value,
                "title": {"zh": rule.title.zh, "en": rule.title.en},
                "watches": _watches(campus, rule, watched),
            }
            for rule in rules
        ]
        out.print_json(msgspec.json.encode(rows).decode())
        return
    table = Table("rule", "severity", "title", "watches")
    table.columns[3].justify = "right"
    for rule in rules:
        table.add_row(
            Cell(rule.id),
            rule.severity.value,
            Cell(in_language(campus, rule.title)),
            str(_watches(campus, rule, watched)),
        )
    out.print(table)
    if campus.rules_off:
        out.print(f"switched off: {', '.join(campus.rules_off)}", markup=False, highlight=False)


def in_language(campus: Campus, text: Text) -> str:
    """The text in the site's language."""
    return text.en if campus.site.language.value == "en" else text.zh


def _watches(campus: Campus, rule: Rule, watched: Mapping[str, int]) -> int:
    """How many devices, or rounds, a rule watches."""
    return len(campus.rounds) if rule.select.subject is Subject.ROUND else watched.get(rule.id, 0)
