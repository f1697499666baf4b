"""Every query, answered by a real InfluxDB."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboards import queries
from dashboards.queries import Query, Storing, field
from devices.series import ALERT, DEVICE, FRIDGE, METER, ROUND
from tests.dashboards.influx import DAY_MS, HOUR_MS, MINUTE_MS, Influx, line
from tests.real.influxd import InfluxdHandle, influxd

pytestmark = pytest.mark.real("influxd")

STORED = {Storing.CHILLED: "cold-1|cold-2", Storing.FROZEN: "freezer-1", Storing.SAMPLE: "sample-1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxdHandle]:
    with influxd(tmp_path_factory.mktemp("influxd")) as handle:
        yield handle


@pytest.fixture(scope="module")
def campus(server: InfluxdHandle) -> Influx:
    """A day of one small campus: cold-2 silent for an hour, the meter replaced at noon."""
    made = Influx(server.url, "campus")
    made.create()
    for device, degrees, silent_ms in (
        ("cold-1", 4.0, 0),
        ("cold-2", 5.0, HOUR_MS),
        ("freezer-1", -18.0, 0),
        ("sample-1", 3.0, 0),
        ("nameless", 20.0, 0),
    ):
        made.write(
            line(FRIDGE, device, ago, f"temperature_c={degrees + (ago <= MINUTE_MS)},door_open=false")
            for ago in range(max(MINUTE_MS, silent_ms), 23 * HOUR_MS, 5 * MINUTE_MS)
        )
    kilowatt_hours = (1000.0, 1001.0, 1003.5, 0.25, 0.75, 2.0)
    made.write(
        line(METER, "main", (len(kilowatt_hours) - hour) * HOUR_MS, f"energy_kwh={count},power_w=850", "")
        for hour, count in enumerate(kilowatt_hours)
    )
    made.write([line(METER, "main", MINUTE_MS, "power_w=900", "")])
    made.write(
        [
            line(ROUND, "night", 3 * HOUR_MS, 'visited=1i,required=8i,state="in_progress"', "area=east"),
            line(ROUND, "night", 2 * HOUR_MS, 'visited=6i,required=8i,state="incomplete"', "area=east"),
            line(ROUND, "noon", HOUR_MS, 'visited=4i,required=4i,state="completed"', ""),
            line(
                ALERT,
                "cold-1",
                2 * HOUR_MS,
                alert("a1", "raised", is_open=True),
                "area=canteen,rule=cold.chilled.warm",
            ),
            line(
                ALERT,
                "cold-1",
                HOUR_MS,
                alert("a1", "closed", is_open=False),
                "area=canteen,rule=cold.chilled.warm",
            ),
            line(
                ALERT,
                "cold-2",
                30 * DAY_MS,
                alert("a0", "raised", is_open=True),
                "area=canteen,rule=device.silent.cold",
            ),
            line(
                ALERT,
                "freezer-1",
                HOUR_MS,
                alert("a2", "raised", is_open=True),
                "area=canteen,rule=cold.frozen.warm",
            ),
            line(DEVICE, "reader-1", 3 * HOUR_MS, "online=true"),
            line(DEVICE, "reader-1", 2 * HOUR_MS, "online=false"),
            line(DEVICE, "reader-2", 3 * HOUR_MS, "online=false"),
            line(DEVICE, "reader-2", 2 * HOUR_MS, "online=true"),
        ]
    )
    return made


def alert(alert_id: str, change: str, *, is_open: bool) -> str:
    state = int(is_open)
    return f'alert_id="{alert_id}",severity="critical",change="{change}",open={state}i,active={state}i'


@pytest.mark.parametrize("query", queries.WALL, ids=lambda query: query.name)
def test_every_query_is_answered_with_the_columns_and_tags_it_promises(campus: Influx, query: Query) -> None:
    answer = campus.ask(query, STORED)
    assert answer
    for series in answer:
        assert series.columns == ("time", *query.columns)
        assert set(series.tags) == set(query.tags)
        assert series.rows


def test_no_two_queries_share_a_name() -> None:
    names = [query.name for query in queries.WALL]
    assert len(set(names)) == len(names)


def test_a_field_that_the_series_do_not_have_cannot_be_asked_for() -> None:
    with pytest.raises(KeyError, match="temperature_f"):
        field(FRIDGE, "temperature_f")


def test_the_newest_window_holds_the_latest_value(campus: Influx) -> None:
    answers = {
        series.tags["device"]: series for series in campus.ask(queries.COLD_NOW[Storing.CHILLED], STORED)
    }
    assert answers["cold-1"].rows[-1][1] == 5.0


def test_a_unit_that_went_silent_ends_without_a_value_instead_of_an_old_one(campus: Influx) -> None:
    answers = {
        series.tags["device"]: series for series in campus.ask(queries.COLD_NOW[Storing.CHILLED], STORED)
    }
    rows = answers["cold-2"].rows
    assert rows[-1][1] is None
    assert 5.0 in [value for _, value in rows]


def test_each_unit_is_asked_for_once_under_the_limits_that_are_its_own(campus: Influx) -> None:
    asked = [queries.COLD_NOW[way] for way in Storing] + [queries.COLD_OTHER_NOW]
    found = [[series.tags["device"] for series in campus.ask(query, STORED)] for query in asked]
    assert found == [["cold-1", "cold-2"], ["sample-1"], ["freezer-1"], ["nameless"]]


def test_a_unit_is_still_shown_when_nobody_said_how_anything_is_stored(campus: Influx) -> None:
    assert len(campus.ask(queries.COLD_OTHER_NOW)) == 5
    assert campus.ask(queries.COLD_NOW[Storing.CHILLED]) == ()


def test_a_counter_that_starts_anew_loses_one_interval_and_not_the_day(campus: Influx) -> None:
    (main,) = campus.ask(queries.ENERGY_TODAY)
    assert main.rows[0][1] == pytest.approx(1.0 + 2.5 + 0.5 + 1.25)


def test_a_round_stands_where_it_last_moved(campus: Influx) -> None:
    rounds = {series.tags["device"]: series.rows[0][1:] for series in campus.ask(queries.ROUNDS_LATEST)}
    assert rounds == {"night": ("incomplete", 6, 8), "noon": ("completed", 4, 4)}
    walked = {series.tags["device"]: series.rows[0][1] for series in campus.ask(queries.ROUNDS_PROGRESS)}
    assert walked == {"night": 75, "noon": 100}


def test_a_closed_alert_is_not_listed_and_an_old_open_one_is(campus: Influx) -> None:
    listed = campus.ask(queries.ALERTS_OPEN, since_ms=90 * DAY_MS)
    assert {series.tags["device"] for series in listed} == {"cold-2", "freezer-1"}
    (count,) = campus.ask(queries.ALERTS_OPEN_COUNT, since_ms=90 * DAY_MS)
    assert count.rows[0][1] == 2


def test_a_closed_alert_does_not_hide_another_open_one_of_the_same_device(server: InfluxdHandle) -> None:
    tagged = Influx(server.url, "tagged")
    tagged.create()
    state = 'severity="critical",alert_id="x",change="{}",open={}i,active={}i'
    tagged.write(
        [
            line(
                ALERT,
                "cold-1",
                2 * HOUR_MS,
                state.format("raised", 1, 1),
                "area=canteen,rule=cold.chilled.warm",
            ),
            line(
                ALERT,
                "cold-1",
                2 * HOUR_MS,
                state.format("raised", 1, 1),
                "area=canteen,rule=device.battery-low",
            ),
            line(
                ALERT, "cold-1", HOUR_MS, state.format("closed", 0, 0), "area=canteen,rule=device.battery-low"
            ),
        ]
    )
    (still_open,) = tagged.ask(queries.ALERTS_OPEN)
    assert still_open.tags["rule"] == "cold.chilled.warm"
    (count,) = tagged.ask(queries.ALERTS_OPEN_COUNT)
    assert count.rows[0][1] == 1


def test_a_device_counts_as_off_line_by_what_was_said_last(campus: Influx) -> None:
    (count,) = campus.ask(queries.DEVICES_OFFLINE)
    assert count.rows[0][1] == 1


def test_the_age_of_the_data_is_the_time_of_the_last_point(campus: Influx) -> None:
    (meter,) = campus.ask(queries.LAST_SEEN_METERS)
    (cold,) = [
        series for series in campus.ask(queries.LAST_SEEN_FRIDGES) if series.tags["device"] == "cold-2"
    ]
    newest = int(str(meter.rows[0][0]))
    assert newest - int(str(cold.rows[0][0])) == HOUR_MS - MINUTE_MS
