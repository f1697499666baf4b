"""The wall dashboard, looked at as Grafana would: where panels stand, what they ask, how values look."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import pytest
from msgspec.structs import replace

from dashboards import queries
from dashboards.generate import COMMAND, WALL_FILE, render
from dashboards.limits import HIGH, LOW, OK, TOO_HIGH, UNLIMITED, Band, shipped_rules, temperature_bands
from dashboards.queries import Storing
from dashboards.shipped import shipped, with_devices
from dashboards.values import colour_steps
from dashboards.wall import UID
from rules.model import Severity

COLUMNS = 24
ROWS_ON_A_SCREEN = 28  # of 38 pixels each, on 1080


@pytest.fixture(scope="module")
def wall() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(render())
    return body


def panels_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return list(body["panels"])


def squares(panel: dict[str, Any]) -> set[tuple[int, int]]:
    at = panel["gridPos"]
    return {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}


def test_the_committed_dashboard_is_the_one_that_the_code_makes() -> None:
    assert WALL_FILE.read_text(encoding="utf-8") == render(), f"run `{COMMAND}` and commit what it writes"


def test_making_it_twice_makes_the_same_text() -> None:
    assert render() == render()
    assert render().endswith("}\n")


def test_panels_keep_their_ids(wall: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in panels_of(wall)]
    assert sorted(ids) == list(range(1, len(ids) + 1))
    assert wall["uid"] == UID


def test_no_two_panels_overlap_and_none_stands_outside(wall: dict[str, Any]) -> None:
    for one, other in combinations(panels_of(wall), 2):
        assert not squares(one) & squares(other), (one["title"], other["title"])
    for panel in panels_of(wall):
        assert all(0 <= x < COLUMNS and 0 <= y < ROWS_ON_A_SCREEN for x, y in squares(panel)), panel["title"]


def test_the_wall_has_no_hole(wall: dict[str, Any]) -> None:
    covered = set().union(*(squares(panel) for panel in panels_of(wall)))
    assert len(covered) == COLUMNS * ROWS_ON_A_SCREEN


def test_every_title_is_in_both_languages(wall: dict[str, Any]) -> None:
    for title in [wall["title"], *(panel["title"] for panel in panels_of(wall))]:
        assert re.fullmatch(r".*[\u4e00-\u9fff].* · [A-Z][\x20-\x7e]+", title), title


def test_every_query_is_on_the_wall_and_goes_to_the_chosen_source(wall: dict[str, Any]) -> None:
    targets = [target for panel in panels_of(wall) for target in panel["targets"]]
    assert {target["query"] for target in targets} == {query.text for query in queries.WALL}
    assert {target["datasource"]["uid"] for target in targets} == {"${datasource}"}
    (source,) = [variable for variable in wall["templating"]["list"] if variable["name"] == "datasource"]
    assert (source["type"], source["query"]) == ("datasource", "influxdb")


def test_queries_of_one_panel_have_names_of_their_own(wall: dict[str, Any]) -> None:
    for panel in panels_of(wall):
        names = [target["refId"] for target in panel["targets"]]
        assert len(set(names)) == len(names)


def test_every_variable_in_a_query_is_one_of_the_dashboards_or_grafanas(wall: dict[str, Any]) -> None:
    ours = {variable["name"] for variable in wall["templating"]["list"]}
    for query in queries.WALL:
        asked = set(re.findall(r"\$\{(\w+)", query.text)) | set(re.findall(r"\$(\w+)", query.text))
        assert asked <= ours | {"timeFilter", "__interval", "__to"}


def test_it_refreshes_itself_and_shows_a_day(wall: dict[str, Any]) -> None:
    assert wall["refresh"] == "10s"
    assert wall["time"] == {"from": "now-24h", "to": "now"}


def test_every_colour_of_a_state_comes_with_a_word(wall: dict[str, Any]) -> None:
    by_id = {panel["id"]: panel for panel in panels_of(wall)}
    numbers, words = by_id[4]["fieldConfig"], by_id[5]["fieldConfig"]
    coloured = {one["matcher"]["options"] for one in numbers["overrides"]}
    worded = {
        one["matcher"]["options"]
        for one in words["overrides"]
        if any(setting["id"] == "mappings" for setting in one["properties"])
    }
    assert coloured == worded == {way.value for way in Storing}


def test_the_two_rows_of_cold_units_line_up(wall: dict[str, Any]) -> None:
    by_id = {panel["id"]: panel for panel in panels_of(wall)}
    assert by_id[4]["targets"] == by_id[5]["targets"]
    assert by_id[4]["gridPos"]["w"] == by_id[5]["gridPos"]["w"]
    assert by_id[4]["options"]["orientation"] == by_id[5]["options"]["orientation"]


@pytest.mark.parametrize("panel_id", [4, 5, 9])
def test_a_silent_device_is_said_to_be_silent(wall: dict[str, Any], panel_id: int) -> None:
    (panel,) = [panel for panel in panels_of(wall) if panel["id"] == panel_id]
    assert panel["options"]["reduceOptions"]["calcs"] == ["last"]  # not the last one that is there
    special = [one for one in panel["fieldConfig"]["defaults"]["mappings"] if one["type"] == "special"]
    assert [one["options"]["result"]["text"] for one in special] == ["无数据 NO DATA"]


def test_the_limits_are_the_catalogues() -> None:
    rules = shipped_rules()
    assert [(band.lowest, band.highest, band.word) for band in temperature_bands(rules, Storing.CHILLED)] == [
        (0.0, 8.0, OK),
        (8.0, None, HIGH),
        (None, 0.0, LOW),
    ]
    frozen = temperature_bands(rules, Storing.FROZEN)
    assert [(band.lowest, band.highest, band.word) for band in frozen] == [
        (None, -12.0, OK),
        (-12.0, None, HIGH),
    ]


def test_without_a_rule_there_is_no_verdict() -> None:
    assert temperature_bands((), Storing.CHILLED) == UNLIMITED


def test_a_second_limit_further_out_has_a_graver_word() -> None:
    (warm,) = [rule for rule in shipped_rules() if rule.id == "cold.frozen.warm"]
    early = replace(warm, severity=Severity.WARNING, parameters=replace(warm.parameters, limit=-15.0))
    assert temperature_bands((warm, early), Storing.FROZEN) == (
        Band(None, -15.0, OK, "green"),
        Band(-15.0, -12.0, HIGH, "orange"),
        Band(-12.0, None, TOO_HIGH, "red"),
    )


def test_exactly_at_a_limit_is_not_beyond_it() -> None:
    bands = (Band(0.0, 8.0, OK, "green"), Band(8.0, None, HIGH, "red"), Band(None, 0.0, LOW, "blue"))
    assert colour_steps(bands) == [(None, "blue"), (0.0, "green"), (8.01, "red")]


def test_a_campus_tells_the_wall_how_its_units_store() -> None:
    (board,) = shipped()
    told = with_devices(board, {Storing.CHILLED: ["cold-2", "a/b.c"], Storing.FROZEN: []})
    values = {one["name"]: one["query"] for one in json.loads(told.text)["templating"]["list"]}
    assert values["chilled"] == r"a\/b\.c|cold\-2"
    assert (values["frozen"], values["sample"]) == ("-", "-")
    assert (told.uid, told.title) == (board.uid, board.title)
