"""The shipped rules' cases, `rules/cases/<rule id>.toml`, as `campushub rules test` reads them."""

from __future__ import annotations

from pathlib import Path

import rules
from rules.trial import CaseFile, parse

FOLDER = Path(rules.__file__).with_name("cases")


def load(rule_id: str) -> CaseFile:
    return parse((FOLDER / f"{rule_id}.toml").read_text(encoding="utf-8"), rule_id)
