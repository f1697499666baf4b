"""The API's questions to the history: bounded, and refused where they make no sense."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.facts import Kind
from hub.history.port import Cursors, Point
from hub.web import history
from hub.web.errors import Problem
from tests.hub.web.world import NOW_MS, World, code_of
from tests.hub.web_pages.school import School

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    school = School(tmp_path)
    yield school
    school.deps.history.close()
    school.close()


def _asked(**changes: Any) -> dict[str, Any]:
    asked = {"device": "cold-1", "field": "temperature_c", "start_ms": NOW_MS - _DAY_MS, "end_ms": NOW_MS}
    return {**asked, "high": 8, **changes}


def _energy(**changes: Any) -> dict[str, Any]:
    return {"start_ms": NOW_MS - _DAY_MS, "end_ms": NOW_MS, "step_ms": _HOUR_MS, **changes}


def test_the_newest_values_of_a_kind_are_those_of_configured_devices(world: World) -> None:
    answer = world.browser("wall").get(
        "/api/v1/history/latest", params={"kind": "fridge", "field": "temperature_c"}
    )
    assert answer.json() == {
        "measurement": "fridge",
        "field": "temperature_c",
        "devices": [{"device": "cold-1", "at_ms": 1_000, "value": 4.0}],
    }


@pytest.mark.parametrize(
    "params",
    [{}, {"kind": "fridge"}, {"kind": "toaster", "field": "x"}, {"kind": "fridge", "field": "energy_kwh"}],
)
def test_newest_values_of_what_does_not_exist_are_invalid(world: World, params: dict[str, str]) -> None:
    answer = world.browser("head").get("/api/v1/history/latest", params=params)
    assert (answer.status_code, code_of(answer)) == (422, "invalid")
    assert world.history.asked == []


def test_excursions_say_by_which_limits(world: World) -> None:
    answer = world.browser("canteen").get("/api/v1/history/excursions", params=_asked()).json()
    assert (answer["low"], answer["high"]) == (None, 8.0)
    assert answer["excursions"] == [
        {
            "start_ms": NOW_MS - _DAY_MS,
            "end_ms": NOW_MS,
            "lowest": 9.0,
            "highest": 12.0,
            "mean": 10.0,
            "minutes": 30.0,
            "is_over": False,
        }
    ]
    assert world.history.asked == [("fridge", "temperature_c", "cold-1", None, 8.0)]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"device": "none"}, 404, "not_found"),
        ({"field": "door_open"}, 422, "invalid"),
        ({"field": "power_w"}, 422, "invalid"),
        ({"start_ms": NOW_MS}, 422, "invalid"),
        ({"start_ms": NOW_MS - 93 * _DAY_MS}, 422, "too_long"),
        ({"low": "nan"}, 422, "invalid"),
        ({"high": "inf"}, 422, "invalid"),
        ({"high": "1e400"}, 422, "invalid"),
        ({"low": 9}, 422, "invalid"),
        ({"high": None}, 422, "invalid"),  # this campus has no rules
        ({"end_ms": 10**30}, 422, "invalid"),
    ],
)
def test_excursions_that_make_no_sense_are_refused(
    world: World, changes: dict[str, Any], status: int, code: str
) -> None:
    params = {key: value for key, value in _asked(**changes).items() if value is not None}
    answer = world.browser("head").get("/api/v1/history/excursions", params=params)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert world.history.asked == []


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"device": "none"}, 404, "not_found"),
        ({"device": "cold-1"}, 422, "invalid"),
        ({"device": ["x"] * 201}, 422, "invalid"),
        ({"step_ms": 59_999}, 422, "invalid"),
        ({"end_ms": 0}, 422, "invalid"),
        ({"start_ms": NOW_MS - 401 * _DAY_MS}, 422, "too_long"),
        ({"start_ms": NOW_MS - 400 * _DAY_MS, "step_ms": 60_000}, 422, "too_many_steps"),
    ],
)
def test_energy_that_makes_no_sense_is_refused(
    world: World, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = world.browser("head").get("/api/v1/history/energy", params=_energy(**changes))
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert world.history.asked == []


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("latest", {"kind": "fridge", "field": "temperature_c"}),
        ("excursions", _asked()),
        ("energy", _energy()),
    ],
)
def test_a_history_that_does_not_answer_is_unavailable_and_says_no_address(
    world: World, path: str, params: dict[str, Any]
) -> None:
    world.history.down = True
    answer = world.browser("head").get(f"/api/v1/history/{path}", params=params)
    assert (answer.status_code, code_of(answer)) == (503, "history_unavailable")
    assert "address" not in answer.text


def test_energy_of_every_meter_or_of_those_asked_for(school: School) -> None:
    start_ms = NOW_MS - NOW_MS % _HOUR_MS
    for meter in ("meter-canteen", "meter-building-a"):
        points = [
            Point("meter", "shiyan", "", meter, start_ms + n * _MINUTE_MS, (("energy_kwh", 100 + n / 10),))
            for n in range(61)
        ]
        school.deps.history.write(points, Cursors())
    asked = {"start_ms": start_ms, "end_ms": start_ms + _HOUR_MS, "step_ms": _HOUR_MS}
    every = history.energy(school.deps, history.EnergyQuestion.model_validate(asked))
    assert [used.device for used in every.intervals] == ["meter-building-a", "meter-canteen"]
    one = history.energy(
        school.deps, history.EnergyQuestion.model_validate({**asked, "device": ["meter-canteen"] * 2})
    )
    assert [(used.device, used.resets) for used in one.intervals] == [("meter-canteen", 0)]
    assert one.intervals[0].energy_kwh == pytest.approx(5.9)


def test_excursions_without_limits_take_those_of_the_rules(school: School) -> None:
    values = [4.0, 4.0, 9.5, 11.0, 9.0, 4.0]
    points = [
        Point("fridge", "shiyan", "", "cold-1", NOW_MS + n * _MINUTE_MS, (("temperature_c", value),))
        for n, value in enumerate(values)
    ]
    school.deps.history.write(points, Cursors())
    asked = {"device": "cold-1", "field": "temperature_c", "start_ms": NOW_MS, "end_ms": NOW_MS + _DAY_MS}
    found = history.excursions(school.deps, history.ExcursionsQuestion.model_validate(asked))
    assert found.high == school.campus.rules["cold.chilled.warm"].parameters.limit
    (excursion,) = found.excursions
    assert (excursion.lowest, excursion.highest, excursion.minutes, excursion.is_over) == (
        9.0,
        11.0,
        3.0,
        True,
    )
    with pytest.raises(Problem, match="invalid") as refused:
        history.excursions(
            school.deps, history.ExcursionsQuestion.model_validate({**asked, "field": "humidity_pct"})
        )
    assert "give one of them" in refused.value.details[0]


def test_the_newest_values_come_from_the_store(school: School) -> None:
    school.deps.history.write(
        [Point("fridge", "shiyan", "", "cold-2", NOW_MS, (("door_open", True),))], Cursors()
    )
    asked = history.LatestQuestion(kind=Kind.FRIDGE, field="door_open")
    assert [(one.device, one.value) for one in history.latest(school.deps, asked).devices] == [
        ("cold-2", 1.0)
    ]
