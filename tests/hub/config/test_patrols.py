"""Whoever plans too few rounds for five patrols a day hears it before an inspector asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.faults import Fault
from tests.hub.config.writing import VALID, loaded

ROUND = """
[[round]]
id = "r{number}"
name = "Round {number}"
starts = "{hour:02}:00"
ends = "{hour:02}:30"
guard = "zhang"
checkpoints = ["gate"]
{days}
"""
NO_KEY = VALID.replace("key = true\n", "")


def with_rounds(count: int, days: str = "") -> str:
    """As many as that, besides the one of every morning."""
    return NO_KEY + "".join(ROUND.format(number=n, hour=10 + n, days=days) for n in range(count))


def warned(folder: Path, text: str) -> list[Fault]:
    return [one for one in loaded(folder, text).warnings if "patrols a day" in one.problem]


def test_too_few_rounds_without_a_key_checkpoint_are_said(tmp_path: Path) -> None:
    (warning,) = warned(tmp_path, with_rounds(3))
    assert warning.key == "round"
    assert (
        "patrol.too-few wants 5 patrols a day, and on any day there are at most 4 rounds" in warning.problem
    )
    assert "key = true" in warning.remedy


@pytest.mark.parametrize(
    "days",
    [
        'weekdays = ["mon", "tue", "wed", "thu", "fri"]',
        'weekdays = ["mon", "tue", "wed", "thu", "fri", "sun"]',
    ],
)
def test_the_days_on_which_they_are_too_few_are_named(tmp_path: Path, days: str) -> None:
    (warning,) = warned(tmp_path, with_rounds(4, days))
    assert ("sat, sun" if "sun" not in days else "on sat there") in warning.problem


def test_enough_rounds_or_a_key_checkpoint_or_no_such_rule_need_no_words(tmp_path: Path) -> None:
    assert warned(tmp_path, with_rounds(4)) == []
    assert warned(tmp_path, VALID) == []
    assert warned(tmp_path, NO_KEY + '\n[rules."patrol.too-few"]\nenabled = false\n') == []
    assert warned(tmp_path, NO_KEY + '\n[rules."patrol.too-few"]\ntimes = 1\n') == []


def test_a_recurrence_may_fall_on_any_day(tmp_path: Path) -> None:
    assert warned(tmp_path, with_rounds(4, 'rrule = "FREQ=MONTHLY;BYDAY=1MO"')) == []
