"""What the work order of a checklist's line is called: its number with unit and limits, and the note."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.config.model import Campus, Check, Language
from hub.patrol.reports import Item, Kind, Report, orders_of
from rules.model import Text
from tests.hub.alerts.campus import MORNING, demo_campus

_WATER = Text("水压", "Water pressure")


def title_of(campus: Campus, check: Check, item: Item, language: Language = Language.ZH) -> str:
    place = replace(campus.checkpoints["boiler-room"], checks=(check,))
    own = replace(
        campus,
        checkpoints={**campus.checkpoints, place.id: place},
        site=replace(campus.site, language=language),
    )
    report = Report("1", Kind.CHECKLIST, "zhang-wei", "", place.id, MORNING, MORNING, "", (item,), ())
    (order,) = orders_of(own, report)
    return order.title


@pytest.mark.parametrize(
    ("unit", "low", "high", "zh", "en"),
    [
        ("MPa", 0.1, 0.3, "水压 0.9 MPa（正常 0.1–0.3）", "Water pressure 0.9 MPa (normal 0.1–0.3)"),
        ("MPa", 0.1, None, "水压 0.9 MPa（正常 ≥ 0.1）", "Water pressure 0.9 MPa (normal ≥ 0.1)"),
        ("", None, 0.3, "水压 0.9（正常 ≤ 0.3）", "Water pressure 0.9 (normal ≤ 0.3)"),
        ("MPa", None, None, "水压 0.9 MPa", "Water pressure 0.9 MPa"),
    ],
)
def test_a_number_stands_with_its_unit_and_its_limits(
    tmp_path: Path, unit: str, low: float | None, high: float | None, zh: str, en: str
) -> None:
    campus, check = demo_campus(tmp_path), Check("pressure", _WATER, unit, low, high)
    item = Item("pressure", ok=False, value=0.9)
    assert title_of(campus, check, item) == zh
    assert title_of(campus, check, item, Language.EN) == en
    assert title_of(campus, check, Item("pressure", ok=False, value=0.9, note="表坏了\n")) == f"{zh}：表坏了"


def test_a_line_without_a_number_says_what_was_written(tmp_path: Path) -> None:
    campus, check = demo_campus(tmp_path), Check("smell", Text("无异味", "No smell"))
    assert title_of(campus, check, Item("smell", ok=False)) == "无异味"
    assert title_of(campus, check, Item("smell", ok=False, note="有煤气味")) == "无异味：有煤气味"
    assert len(title_of(campus, check, Item("smell", ok=False, note="味" * 200))) == 80
