"""Whoever is on duty is told: those of the shift that is worked at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.config.faults import ConfigurationError
from hub.config.load import load
from hub.config.model import Audience
from hub.config.telling_report import audience_text
from hub.notify.model import Kind
from rules.model import Role
from tests.hub.notify.bureau import HOUR, MINUTE, NOON, Bureau, campus_of

DUTY = """
[[channel]]
id = "group"
url = "json://127.0.0.1:9/group"

[[policy]]
name = "duty"
repeat = "1h"
steps = [
  { to = ["on-duty:guard"], via = ["group", "pages"] },
  { after = "15m", to = ["on-duty:head"] },
]
"""


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    bureau = Bureau(tmp_path, DUTY)
    yield bureau
    bureau.book.close()


def test_the_shift_of_that_hour_is_told_and_the_next_one_reminded(bureau: Bureau) -> None:
    bureau.now_ms = NOON + 5 * HOUR + 30 * MINUTE
    bureau.raises()
    bureau.passes(2 * MINUTE)
    assert [(kind, whom) for kind, whom, _ in bureau.told()] == [
        (Kind.RAISED, "person:zhang-wei"),
        (Kind.RAISED, "zhang-wei"),
    ]
    bureau.passes(35 * MINUTE)
    bureau.restart()
    bureau.passes(50 * MINUTE)
    reminded = {whom for kind, whom, _ in bureau.told() if kind is Kind.REPEATED}
    assert "li-qiang" in reminded
    assert "zhang-wei" not in reminded
    assert [whom for kind, whom, _ in bureau.told("group") if kind is Kind.RAISED] == ["person:zhang-wei"]


def test_where_nobody_of_a_role_is_on_duty_the_whole_role_is_told(bureau: Bureau) -> None:
    bureau.raises()
    bureau.passes(16 * MINUTE)
    assert (Kind.ESCALATED, "liu-yang") in [(kind, whom) for kind, whom, _ in bureau.told("pages")]


def test_the_configuration_takes_it_only_where_there_are_shifts(tmp_path: Path) -> None:
    campus = campus_of(tmp_path, DUTY)
    assert campus.policies[0].steps[0].to == (Audience(role=Role.GUARD, on_duty=True),)
    for to in (Audience(role=Role.GUARD, on_duty=True), Audience(on_duty=True)):
        assert audience_text(to) == ("on-duty:guard" if to.role else "on-duty")
    text = (tmp_path / "campus.toml").read_text(encoding="utf-8")
    without = "\n".join(part for part in text.split("\n\n") if "[[shift]]" not in part)
    assert "[[shift]]" not in without
    (tmp_path / "without.toml").write_text(without, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "without.toml", {})
    assert "there is no [[shift]]" in str(caught.value.faults)
