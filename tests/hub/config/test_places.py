"""What the file says of places beyond their tags: checklists, floors, pictures."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from hub.config import views
from hub.config.checklists import SHIPPED
from hub.config.model import Check
from rules.model import Text
from tests.hub.config.writing import VALID, changed, faults_in, loaded

LIST = """
[[checklist]]
id = "boiler"
name = { zh = "锅炉房", en = "Boiler room" }
items = [
  "extinguisher",
  { id = "smell", name = "No smell" },
  { id = "pressure", name = "Pressure", kind = "number", unit = "MPa", min = 0.1, max = 0.3 },
]
"""


def at_gate(more: str) -> str:
    return changed('area = "canteen"\ntag_uid', f'area = "canteen"\n{more}\ntag_uid')


def test_a_list_has_shipped_points_points_of_its_own_and_numbers(tmp_path: Path) -> None:
    campus = loaded(tmp_path, at_gate('checklist = "boiler"') + LIST)

    assert campus.checkpoints["gate"].checks == (
        SHIPPED["extinguisher"],
        Check("smell", Text("No smell", "No smell")),
        Check("pressure", Text("Pressure", "Pressure"), "MPa", 0.1, 0.3),
    )


def test_a_list_that_no_place_has_is_doubted(tmp_path: Path) -> None:
    (doubt,) = loaded(tmp_path, VALID + LIST).warnings
    assert (doubt.key, doubt.problem) == ("checklist.boiler.id", "no checkpoint has it")


def test_points_that_every_campus_has_need_no_list(tmp_path: Path) -> None:
    campus = loaded(tmp_path, at_gate('checklist = ["lights-off", "meter-seal"]'))
    assert [check.id for check in campus.checkpoints["gate"].checks] == ["lights-off", "meter-seal"]
    assert all(check.name.zh != check.name.en for check in SHIPPED.values())
    assert set(SHIPPED) == {
        "extinguisher",
        "door-locked",
        "lights-off",
        "meter-seal",
        "cleanliness",
        "playground-equipment",
    }


def test_a_place_without_all_that_is_as_before(tmp_path: Path) -> None:
    gate = loaded(tmp_path, VALID).checkpoints["gate"]
    assert (gate.checks, gate.floor, gate.view) == ((), None, None)


def test_a_floor_is_a_text_in_one_language_or_two(tmp_path: Path) -> None:
    assert loaded(tmp_path, at_gate('floor = "B1"')).checkpoints["gate"].floor == Text("B1", "B1")
    both = loaded(tmp_path, at_gate('floor = { zh = "一层", en = "Ground floor" }'))
    assert both.checkpoints["gate"].floor == Text("一层", "Ground floor")


def test_a_picture_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    path = tmp_path / "pictures" / "gate.png"
    Image.new("RGB", (20, 10)).save(path)

    view = loaded(tmp_path, at_gate('picture = "pictures/gate.png"')).checkpoints["gate"].view

    assert view is not None
    assert (view.path, view.sha256) == (path, sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(("limit", "words"), [("MOST_BYTES", "larger than"), ("MOST_PIXELS", "megapixels")])
def test_a_picture_that_is_too_large_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    Image.new("RGB", (20, 10)).save(tmp_path / "gate.png")
    monkeypatch.setattr(views, limit, 50)

    (fault,) = faults_in(tmp_path, at_gate('picture = "gate.png"'))

    assert (fault.key, words in fault.problem) == ("checkpoint.gate.picture", True)


def test_a_round_says_how_often_a_guard_alone_reports(tmp_path: Path) -> None:
    campus = loaded(tmp_path, changed('guard = "zhang"\n', 'guard = "zhang"\nalone = "20m"\n'))
    assert campus.rounds["morning"].alone_ms == 20 * 60_000
