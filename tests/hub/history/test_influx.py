"""InfluxDB over HTTP: what is sent, and what each of its answers means to the hub."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from hub.config.model import HistoryKind
from hub.history.influx import InfluxHistory
from hub.history.influx_http import InfluxHttp
from hub.history.port import Aggregate, Cursors, HistoryUnavailableError, Link, Point
from tests.hub.history.samples import MINUTE, NOON, config, point
from tests.hub.history.stub_influx import V1, V2, Asked, Reply, StubInflux, history, words
from tests.real.influxd import influxd

BATCH = [point(float(n), NOON + n * MINUTE) for n in range(100)]


def fault_of_write(stub: StubInflux, kind: HistoryKind = V1) -> HistoryUnavailableError:
    with pytest.raises(HistoryUnavailableError) as raised:
        history(stub, kind).write(BATCH, Cursors(1))
    return raised.value


def test_a_write_to_2x_goes_to_the_bucket_with_token_and_precision(stub: StubInflux) -> None:
    assert history(stub, V2, "secret").write(BATCH[:1], Cursors()) == ()
    [asked] = stub.asked
    assert (asked.method, asked.path) == ("POST", "/api/v2/write")
    assert asked.query == {"org": "school", "bucket": "campus", "precision": "ns"}
    assert asked.headers["Authorization"] == "Token secret"
    assert asked.body == (
        f"fridge,site=main,area=kitchen,device=cold-1 temperature_c=0.0 {NOON}000000".encode()
    )


def test_a_write_to_1x_goes_to_the_database_with_basic_credentials(stub: StubInflux) -> None:
    settings = replace(config(V1, stub.url), username="hub", password="päss:word")
    assert InfluxHistory(settings).write(BATCH[:1], Cursors()) == ()
    [asked] = stub.asked
    assert (asked.method, asked.path) == ("POST", "/write")
    assert asked.query == {"db": "campus", "precision": "ns"}
    secret = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic "))
    assert secret.decode() == "hub:päss:word"


def test_nothing_is_sent_for_no_points(stub: StubInflux) -> None:
    assert history(stub).write([], Cursors(5)) == ()
    assert stub.asked == []
    assert history(stub).cursors() is None  # type: ignore[func-returns-value] # that is the contract


def test_small_bodies_are_plain_and_large_ones_packed(stub: StubInflux) -> None:
    sink = history(stub)
    sink.write(BATCH[:1], Cursors())
    sink.write(BATCH, Cursors())
    assert [asked.headers["Content-Encoding"] for asked in stub.asked] == ["identity", "gzip"]
    assert stub.asked[1].body.count(b"\n") == len(BATCH) - 1


def test_a_server_that_takes_no_gzip_gets_plain_bodies_from_then_on(stub: StubInflux) -> None:
    def no_gzip(asked: Asked) -> Reply:
        return Reply(415 if asked.headers["Content-Encoding"] == "gzip" else 204)

    stub.answer = no_gzip
    sink = history(stub)
    assert sink.write(BATCH, Cursors()) == ()
    assert sink.write(BATCH, Cursors()) == ()
    assert [asked.headers["Content-Encoding"] for asked in stub.asked] == ["gzip", "identity", "identity"]


def test_a_server_that_takes_no_body_at_all_refuses_the_hub_and_not_the_points(stub: StubInflux) -> None:
    stub.always(415)
    assert fault_of_write(stub).link is Link.REFUSED


@pytest.mark.parametrize("kind", [V1, V2])
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_unreachable_for_now(stub: StubInflux, kind: HistoryKind, status: int) -> None:
    stub.always(status, words(kind, "too busy"))
    fault = fault_of_write(stub, kind)
    assert fault.link is Link.UNREACHABLE
    assert "too busy" in fault.detail
    assert len(stub.asked) == 1, "the log retries, not the client"


@pytest.mark.parametrize("kind", [V1, V2])
@pytest.mark.parametrize("status", [301, 401, 403, 404, 405, 418])
def test_wrong_credentials_and_addresses_need_a_person(
    stub: StubInflux, kind: HistoryKind, status: int
) -> None:
    stub.always(status, words(kind, "go away"), Location="/elsewhere")
    fault = fault_of_write(stub, kind)
    assert fault.link is Link.REFUSED
    assert "go away" in fault.detail
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    ("given", "pause_ms"),
    [
        ("7", 7_000),
        ("0", 0),
        ("99999999999", 3_600_000),
        ("Fri, 31 Dec 1999 23:59:59 GMT", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_the_pause_that_the_server_asks_for_is_passed_on(
    stub: StubInflux, given: str, pause_ms: int | None
) -> None:
    stub.always(429, Retry_After=given)
    assert fault_of_write(stub).retry_after_ms == pause_ms


def test_no_pause_is_passed_on_where_none_is_asked_for(stub: StubInflux) -> None:
    stub.always(503)
    assert fault_of_write(stub).retry_after_ms is None


@pytest.mark.parametrize("kind", [V1, V2])
@pytest.mark.parametrize("status", [400, 422])
def test_refused_points_are_found_one_by_one_and_the_others_are_kept(
    stub: StubInflux, kind: HistoryKind, status: int
) -> None:
    kept: set[bytes] = set()
    bad = {BATCH[0], BATCH[33], BATCH[34], BATCH[99]}
    bad_times = {f" {one.at_ms}000000".encode() for one in bad}

    def answer(asked: Asked) -> Reply:
        lines = asked.body.split(b"\n")
        if any(one.endswith(tuple(bad_times)) for one in lines):
            return Reply(status, words(kind, "field type conflict"))
        kept.update(lines)
        return Reply()

    stub.answer = answer
    refused = history(stub, kind).write(BATCH, Cursors())
    assert {refusal.point for refusal in refused} == bad
    assert {refusal.reason for refusal in refused} == {"field type conflict"}
    assert len(kept) == len(BATCH) - len(bad)
    assert len(stub.asked) < 2 * len(bad) * 8


def test_a_body_that_is_too_large_is_sent_in_smaller_ones(stub: StubInflux) -> None:
    stub.answer = lambda asked: Reply(413 if asked.body.count(b"\n") >= 30 else 204)
    assert history(stub).write(BATCH, Cursors()) == ()
    written = [asked.body for asked in stub.asked if asked.body.count(b"\n") < 30]
    assert b"\n".join(written).count(b"\n") == len(BATCH) - 1


def test_a_single_point_that_is_too_large_is_refused(stub: StubInflux) -> None:
    huge = Point("alert", "", "", "", NOON, (("change", "x" * 5000),))
    stub.answer = lambda asked: Reply(413 if len(asked.body) > 4000 else 204, b"<html>too large</html>")
    [refusal] = history(stub).write([BATCH[0], huge, BATCH[1]], Cursors())
    assert refusal.point == huge
    assert "413" in refusal.reason


@pytest.mark.parametrize(
    "body", [b"", b"<html>400 Bad Request</html>", b"\xff\xfe", b"[]", b"{}", b'{"error": 1}']
)
def test_a_400_that_is_not_in_influxdbs_words_blames_no_point(stub: StubInflux, body: bytes) -> None:
    stub.always(400, body)
    assert fault_of_write(stub).link is Link.REFUSED
    assert len(stub.asked) == 1


def test_a_server_that_breaks_down_while_points_are_narrowed_down_makes_the_batch_come_again(
    stub: StubInflux,
) -> None:
    stub.answer = lambda _: Reply(400, words(V1, "bad")) if len(stub.asked) < 4 else Reply(503)
    assert fault_of_write(stub).link is Link.UNREACHABLE


def test_points_that_cannot_be_encoded_are_not_sent(stub: StubInflux) -> None:
    [refusal] = history(stub).write([point(float("nan"))], Cursors())
    assert "finite" in refusal.reason
    assert stub.asked == []


def test_a_server_that_hangs_is_given_up(stub: StubInflux) -> None:
    stub.answer = lambda _: Reply(hang=True)
    settings = config(V1, stub.url)
    sink = InfluxHistory(settings, InfluxHttp(settings, read_ms=50))
    for call in (lambda: sink.write(BATCH, Cursors()), sink.open):
        with pytest.raises(HistoryUnavailableError) as raised:
            call()
        assert raised.value.link is Link.UNREACHABLE


@pytest.mark.real("influxd")
def test_a_real_server_that_was_killed_has_every_batch_that_it_acknowledged(tmp_path: Path) -> None:
    with influxd(tmp_path / "influxd") as server:
        sink = InfluxHistory(config(V1, server.url))
        sink.open()
        sink.write(BATCH[:50], Cursors())
        server.kill()
        with pytest.raises(HistoryUnavailableError):
            sink.write(BATCH[50:], Cursors())
        server.start()
        sink.write(BATCH[50:], Cursors())
        end = NOON + 100 * MINUTE
        found = sink.range("fridge", "temperature_c", "cold-1", NOON, end, MINUTE, Aggregate.LAST)
        assert [sample.value for sample in found] == [float(n) for n in range(100)]
        sink.close()
