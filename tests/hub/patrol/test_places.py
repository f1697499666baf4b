"""What a phone learns of places: what is looked at there, where it is, what it looks like."""

from __future__ import annotations

import io
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from PIL import Image

from hub.config.model import Check, PlaceView
from hub.patrol.plan import plan_of
from rules.model import Text
from tests.hub.patrol.posting import GATE
from tests.hub.patrol.test_plan import planned
from tests.hub.web.world import NOW_MS, World, code_of

PICTURES = "/api/v1/patrol/pictures"
CHECKS = (
    Check("door-locked", Text("门已锁好", "Door locked")),
    Check("pressure", Text("水压", "Water pressure"), "MPa", 0.1, 0.3),
)


def furnish(world: World, **more: Any) -> None:
    """The gate gets these."""
    gate = replace(world.campus.checkpoints["gate"], **more)
    object.__setattr__(world.campus, "checkpoints", {"gate": gate})


def picture(path: Path, kind: str = "JPEG", size: tuple[int, int] = (2400, 1800)) -> PlaceView:
    image = Image.effect_noise(size, 40).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif.get_ifd(0x8825)[1] = "N"
    image.save(path, kind, exif=exif)
    return PlaceView(path, sha256(path.read_bytes()).hexdigest())


def test_the_plan_says_what_is_looked_at_and_on_which_floor(world: World) -> None:
    furnish(world, checks=CHECKS, floor=Text("地下一层", "Basement 1"))
    planned(world)

    found = world.browser("guard").get("/api/v1/patrol/plan").json()

    (place,) = found["checkpoints"]
    (stop,) = found["rounds"][0]["checkpoints"]
    assert place["floor"] == {"zh-CN": "地下一层", "en": "Basement 1"}
    assert place["checklist"] == [
        {
            "item": "door-locked",
            "name": {"zh-CN": "门已锁好", "en": "Door locked"},
            "unit": None,
            "low": None,
            "high": None,
        },
        {
            "item": "pressure",
            "name": {"zh-CN": "水压", "en": "Water pressure"},
            "unit": "MPa",
            "low": 0.1,
            "high": 0.3,
        },
    ]
    assert {key: stop[key] for key in place} == place


def test_a_round_says_how_often_whoever_walks_it_alone_reports(world: World) -> None:
    night = replace(world.campus.rounds["night"], alone_ms=30 * 60_000)
    planned(world)
    campus = replace(world.campus, rounds={"night": night})
    (round_,) = plan_of(campus, world.board.rounds(), campus.people["guard"], NOW_MS).rounds
    assert round_.alone_s == 1_800


def test_a_picture_is_drawn_anew_without_what_is_written_beside_it(world: World, tmp_path: Path) -> None:
    view = picture(tmp_path / "gate.jpg")
    furnish(world, view=view)
    guard = world.browser("guard")
    address = guard.get("/api/v1/patrol/plan").json()["checkpoints"][0]["picture"]
    assert address == f"{PICTURES}/{view.sha256}"

    answer = guard.get(address)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert "immutable" in answer.headers["cache-control"]
    drawn = Image.open(io.BytesIO(answer.content))
    assert (drawn.size, dict(drawn.getexif())) == ((1280, 960), {})
    assert b"maker" not in answer.content


def test_other_formats_are_drawn_as_well(world: World, tmp_path: Path) -> None:
    for kind in ("PNG", "WEBP"):
        furnish(world, view=(view := picture(tmp_path / f"gate.{kind}", kind, (300, 200))))
        answer = world.browser("guard").get(f"{PICTURES}/{view.sha256}")
        assert Image.open(io.BytesIO(answer.content)).size == (300, 200)


def test_a_picture_is_for_those_who_get_the_plan(world: World, tmp_path: Path) -> None:
    view = picture(tmp_path / "gate.jpg", size=(30, 20))
    furnish(world, view=view)
    answers = {
        who: world.browser(who).get(f"{PICTURES}/{view.sha256}").status_code for who in ("guard", "head")
    }
    assert answers == {"guard": 200, "head": 200}
    assert world.browser("canteen").get(f"{PICTURES}/{view.sha256}").status_code == 403
    assert world.browser().get(f"{PICTURES}/{view.sha256}").status_code == 401


def test_what_the_plan_does_not_name_is_not_shown(world: World, tmp_path: Path) -> None:
    view = picture(tmp_path / "gate.jpg", size=(30, 20))
    furnish(world, view=view)
    guard = world.browser("guard")
    for name in ("ab" * 32, "..%2fgate.jpg", GATE):
        assert code_of(guard.get(f"{PICTURES}/{name}")) == "not_found"
    (tmp_path / "gate.jpg").write_bytes(b"another one by now")
    assert code_of(guard.get(f"{PICTURES}/{view.sha256}")) == "not_found"
