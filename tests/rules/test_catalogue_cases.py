"""Every shipped rule, judged on data files by the real `bind` and `step`."""

from __future__ import annotations

from pathlib import Path

import pytest

import rules
from rules import trial
from rules.catalogue import parse
from rules.model import Raised, Rule
from rules.trial import is_as_expected
from tests.rules.case_files import FOLDER, load
from tests.rules.facts import run_with_restarts

CATALOGUE = Path(rules.__file__).with_name("catalogue.toml").read_text(encoding="utf-8")
RULES = {rule.id: rule for rule in parse(CATALOGUE)}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_rule_says_what_its_cases_expect(rule: Rule) -> None:
    file = load(rule.id)
    assert file.rule == rule.id
    watch = trial.watch_of(rule, file)
    assert watch is not None, "the rule does not select the target of its cases"
    for case in file.cases:
        verdict = trial.run(watch, case)
        described = f"{case.name}: {', '.join(map(trial.as_written, verdict.said))}"
        assert verdict.holds, described
        assert run_with_restarts(watch, case.facts)[1] == list(verdict.said), described


@pytest.mark.parametrize("rule_id", RULES)
def test_the_cases_show_the_rule_raising_and_keeping_quiet(rule_id: str) -> None:
    outcomes = [case.expect for case in load(rule_id).cases]
    assert any("raised" in expected for outcome in outcomes for expected in outcome)
    assert any(all("raised" not in expected for expected in outcome) for outcome in outcomes)


def test_every_rule_of_the_catalogue_has_a_case_file_and_every_file_a_rule() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(RULES)


def test_every_shipped_rule_tells_people_why_and_what_to_do_in_both_languages() -> None:
    for rule in RULES.values():
        assert len(rule.playbook) >= 3, rule.id
        for text in (rule.title, rule.basis, *rule.playbook):
            assert any("一" <= character <= "鿿" for character in text.zh), rule.id
            assert text.en.isprintable(), rule.id
            assert not any("一" <= character <= "鿿" for character in text.en), rule.id
            assert "{" not in text.zh + text.en, rule.id


def test_at_least_thirty_entries_ship() -> None:
    entries = {rule_id.removesuffix(".l1").removesuffix(".l2").removesuffix(".l3") for rule_id in RULES}
    assert len(entries) >= 30


def test_a_case_that_does_not_hold_is_noticed() -> None:
    assert is_as_expected(Raised(1000, 0, 9.0), {"raised": "1s", "since": "0s", "value": 9.0})
    assert not is_as_expected(Raised(1000, 0, 9.0), {"raised": "1s", "since": "1s"})
    assert not is_as_expected(Raised(1000, 0, 9.0), {"cleared": "1s"})
