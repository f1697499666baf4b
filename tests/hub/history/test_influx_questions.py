"""Questions to InfluxDB and its opening: what is asked, and what each answer means to the hub."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.history.influx import InfluxHistory
from hub.history.influx_http import InfluxHttp
from hub.history.port import Aggregate, HistoryUnavailableError, Link
from tests.hub.history.samples import MINUTE, NOON, config
from tests.hub.history.stub_influx import V1, V2, Reply, StubInflux, history, words
from tests.real import free_port


def test_a_server_that_is_not_there_is_unreachable() -> None:
    sink = InfluxHistory(config(V1, f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(HistoryUnavailableError, match="refused") as raised:
        sink.open()
    assert raised.value.link is Link.UNREACHABLE


def test_a_plain_server_behind_an_https_address_is_reported(stub: StubInflux) -> None:
    sink = InfluxHistory(config(V1, stub.url.replace("http:", "https:")))
    with pytest.raises(HistoryUnavailableError, match="SSL"):
        sink.open()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b'{"results":[{"series":', claimed=4000),
        Reply(200, b'{"results":[{"series":'),
        Reply(200, b"<html>a router's sign-in page</html>"),
        Reply(200, b"\xff\xfe"),
        Reply(200, b'{"status":"fine"}'),
    ],
    ids=["cut off", "half", "html", "no text", "another program"],
)
def test_an_answer_that_cannot_be_read_is_no_answer(stub: StubInflux, reply: Reply) -> None:
    stub.answer = lambda _: replace(reply, headers={"Connection": "close"})
    settings = config(V1, stub.url)
    sink = InfluxHistory(settings, InfluxHttp(settings, read_ms=2_000))
    with pytest.raises(HistoryUnavailableError) as raised:
        sink.range("fridge", "temperature_c", "cold-1", 0, NOON, MINUTE, Aggregate.MEAN)
    assert raised.value.link is Link.UNREACHABLE


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b'{"results":[{"error":"bucket not found"}]}'),
        Reply(400, b'{"error":"bucket not found"}'),
        Reply(404, b'{"code":"not found","message":"bucket not found"}'),
    ],
)
def test_an_error_in_an_answer_needs_a_person(stub: StubInflux, reply: Reply) -> None:
    stub.answer = lambda _: reply
    with pytest.raises(HistoryUnavailableError, match="bucket not found") as raised:
        history(stub, V2, "secret").open()
    assert raised.value.link is Link.REFUSED
    with pytest.raises(HistoryUnavailableError, match="bucket not found"):
        history(stub, V2).range("fridge", "temperature_c", "x", 0, NOON, MINUTE, Aggregate.MEAN)


def test_a_question_to_2x_goes_to_the_compatible_address_with_the_token(stub: StubInflux) -> None:
    stub.always(200, b'{"results":[{"series":[{"values":[[60000,4.5],[120000,null]]}]}]}')
    found = history(stub, V2, "secret").range("fridge", "door", "it's", 0, NOON, MINUTE, Aggregate.MAX)
    assert [(sample.at_ms, sample.value) for sample in found] == [(60_000, 4.5)]
    [asked] = stub.asked
    assert (asked.method, asked.path) == ("GET", "/query")
    assert asked.headers["Authorization"] == "Token secret"
    assert asked.query["db"] == "campus"
    assert asked.query["epoch"] == "ms"
    assert asked.query["q"] == (
        f'SELECT max("door") FROM "fridge" WHERE "device" = \'it\\\'s\' AND time >= 0ms'
        f" AND time < {NOON}ms GROUP BY time(60000ms) fill(none)"
    )


def test_a_database_that_exists_is_not_made_again(stub: StubInflux) -> None:
    stub.always(200, b'{"results":[{"series":[{"values":[["_internal"],["campus"]]}]}]}')
    history(stub).open()
    assert [asked.query["q"] for asked in stub.asked] == ["SHOW DATABASES"]


def test_a_database_that_is_missing_is_made(stub: StubInflux) -> None:
    stub.always(200, b'{"results":[{"series":[{"values":[["_internal"]]}]}]}')
    history(stub).open()
    assert (stub.asked[1].method, stub.asked[1].body) == ("POST", b"q=CREATE+DATABASE+%22campus%22")


def test_a_database_that_may_not_be_made_needs_a_person(stub: StubInflux) -> None:
    stub.answer = lambda asked: (
        Reply(200, b'{"results":[{}]}') if asked.method == "GET" else Reply(403, words(V1, "requires admin"))
    )
    with pytest.raises(HistoryUnavailableError, match="requires admin") as raised:
        history(stub).open()
    assert raised.value.link is Link.REFUSED
