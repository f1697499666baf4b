"""Line protocol: golden lines, hostile strings, and what a real InfluxDB makes of it."""

from __future__ import annotations

import re
import uuid

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.series import FIELDS
from hub.config.model import HistoryKind
from hub.history import influxql
from hub.history.influx import InfluxHistory
from hub.history.influx_http import InfluxHttp
from hub.history.line_protocol import encode, line
from hub.history.port import Cursors, FieldValue, Point
from hub.history.typed import UnencodableError
from tests.hub.history.samples import NOON, config, point
from tests.real.influxd import InfluxdHandle

GOLDEN = [
    (
        Point("fridge", "main", "kitchen", "cold-1", 1_790_000_000_123, (("temperature_c", 4.25),)),
        b"fridge,site=main,area=kitchen,device=cold-1 temperature_c=4.25 1790000000123000000",
    ),
    (
        Point("fridge", "main", "", "cold-1", 0, (("temperature_c", -4), ("door_open", True))),
        b"fridge,site=main,device=cold-1 temperature_c=-4.0,door_open=true 0000000",
    ),
    (
        Point("round", "", "", "", 1, (("visited", 3), ("required", 2**63 - 1), ("state", "open"))),
        b'round visited=3i,required=9223372036854775807i,state="open" 1000000',
    ),
    (Point("x", "", "", "", 1, (("a", 1e-300), ("b", 1e300)), 42), b"x a=1e-300,b=1e+300 1000042"),
    (Point("x", "", "", "", 1, (("n", False), ("m", 1))), b"x n=false,m=1i 1000000"),
    (
        Point("a b,c=d", "e f", "g,h", "i=j", 1, (("k l,m=n", 1.0),)),
        rb"a\ b\,c=d,site=e\ f,area=g\,h,device=i\=j k\ l\,m\=n=1.0 1000000",
    ),
    (
        Point("m\\n", "", "", "a\\b", 1, (("t", 'say "a\\b"\n'),)),
        b'm\\n,device=a\\b t="say \\"a\\\\b\\"\n" 1000000',
    ),
    (Point("冷库", "", "", "一号", 1, (("值", "好"),)), '冷库,device=一号 值="好" 1000000'.encode()),
]


@pytest.mark.parametrize(("given_point", "golden"), GOLDEN)
def test_a_point_is_written_as_its_golden_line(given_point: Point, golden: bytes) -> None:
    assert line(given_point) == golden


def test_points_are_joined_by_line_ends() -> None:
    assert encode([]) == b""
    assert encode([golden_point for golden_point, _ in GOLDEN[:2]]) == GOLDEN[0][1] + b"\n" + GOLDEN[1][1]


def test_encoding_stops_at_a_point_that_cannot_be_written() -> None:
    with pytest.raises(UnencodableError, match="temperature_c: not a finite number") as raised:
        encode([point(1.0), point(float("nan"))])
    assert raised.value.reason == "temperature_c: not a finite number"


NAMES = st.text(max_size=12) | st.text(alphabet="ab ,=\"\\'#\n_", max_size=6)
VALUES = (
    st.floats() | st.booleans() | st.integers(-(2**64), 2**64) | st.text() | st.text(alphabet='a"\\\n\r\0')
)
POINTS = st.builds(
    Point,
    measurement=NAMES,
    site=NAMES,
    area=NAMES,
    device=NAMES,
    at_ms=st.integers(-1, 9_223_372_036_855),
    fields=st.lists(st.tuples(NAMES, VALUES), max_size=3).map(tuple),
    sub_ns=st.integers(0, 999_999),
)


MISREAD = re.compile(r'\\(?=[,= "]|\Z)')
PLAIN = st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("ab ,=\"\\'#_")
CARRIED_NAMES = st.text(PLAIN, min_size=1, max_size=12).filter(lambda name: not MISREAD.search(name))
TAKEN = {"time", "_field", "_measurement", "site", "area", "device"}
CARRIED_TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from('a"\\\n\r,= '), max_size=20)
CARRIED_VALUES = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | CARRIED_TEXTS
)
CARRIED = st.builds(
    Point,
    measurement=CARRIED_NAMES.filter(lambda name: not name.startswith("#") and name not in FIELDS),
    site=st.just("") | CARRIED_NAMES,
    area=st.just("") | CARRIED_NAMES,
    device=st.just("") | CARRIED_NAMES,
    at_ms=st.integers(0, 9_223_372_036_853),
    fields=st.dictionaries(
        CARRIED_NAMES.filter(lambda name: name not in TAKEN),
        CARRIED_VALUES,
        min_size=1,
        max_size=3,
    ).map(lambda fields: tuple(fields.items())),
    sub_ns=st.integers(0, 999_999),
)


@given(POINTS)
def test_any_point_is_one_line_or_refused(any_point: Point) -> None:
    try:
        written = line(any_point)
    except UnencodableError:
        return
    texts = sum(value.count("\n") for _, value in any_point.fields if isinstance(value, str))
    assert written.count(b"\n") == texts
    assert written.endswith(f" {any_point.at_ms}{any_point.sub_ns:06d}".encode())


@pytest.mark.real("influxd")
@settings(max_examples=40, deadline=None)
@given(any_point=CARRIED)
def test_what_is_written_comes_back_from_influxdb_exactly(server: InfluxdHandle, any_point: Point) -> None:
    database = uuid.uuid4().hex  # one for each example: a field's type is fixed inside a database
    settings_ = config(HistoryKind.INFLUXDB1, server.url, database)
    http = InfluxHttp(settings_)
    history = InfluxHistory(settings_, http)
    history.open()
    assert history.write([any_point], Cursors()) == ()
    name = influxql.identifier(any_point.measurement)
    query = {"db": database, "epoch": "ns", "q": f"SELECT * FROM {name} GROUP BY *"}
    answer = msgspec.json.decode(http.get("/query", query))
    http.post_form("/query", {"q": f"DROP DATABASE {influxql.identifier(database)}"})
    history.close()
    [series] = answer["results"][0]["series"]
    assert series["name"] == any_point.measurement
    tags = {"site": any_point.site, "area": any_point.area, "device": any_point.device}
    assert series.get("tags", {}) == {tag: value for tag, value in tags.items() if value}
    [row] = series["values"]
    kept = dict(zip(series["columns"], row, strict=True))
    assert kept.pop("time") == any_point.at_ms * 1_000_000 + any_point.sub_ns
    for field, value in any_point.fields:  # JSON writes a whole float like an integer
        assert (float(kept[field]) if isinstance(value, float) else kept[field]) == value
    assert len(kept) == len(any_point.fields)


@pytest.mark.parametrize("value", [5e-324, 1.7976931348623157e308, -0.0, 0.1, 2.0**60])
def test_floats_keep_every_digit(value: FieldValue) -> None:
    text = line(point(value)).split(b"temperature_c=")[1].split(b" ")[0]
    assert float(text) == value


def test_the_time_of_a_point_is_exact_to_the_nanosecond() -> None:
    assert line(point(1.0, NOON + 7, sub_ns=9)).endswith(f" {NOON + 7}000009".encode())
