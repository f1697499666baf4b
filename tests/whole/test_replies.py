"""A reader hears of its tap while the guard stands there: the command's own hub, and both brokers."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from firmware_sim.plan import BrokerAddress
from firmware_sim.run import Summary, simulate
from firmware_sim.scenario import parse
from hub.broker.rights import device_filters
from hub.cli.planning import plan_of
from hub.config.load import load
from hub.config.model import Format
from tests.hub.broker.people import Client
from tests.real import free_port
from tests.real.mosquitto import mosquitto
from tests.whole.hub_process import HubProcess, hub, under_way, wait_until

PLACES: Final = 40
TAP: Final = "campus/school/checkpoint/{}/tap"
REPLY: Final = "campus/school/checkpoint/{}/reply"
# What a test can promise on any computer; `campushub bench latency` measures.
GENEROUS_S: Final = 2.0
AT_ONCE: Final = """\
title = { zh = "立即", en = "At once" }
walk_gap = "0.15s"
[[actions]]
at = "0s"
action = "start_late"
value = 1
"""
CAMPUS: Final = """\
[site]
id = "school"
name = "School"
zone = "Asia/Shanghai"
language = "en"
[broker]
embedded = {embedded}
host = "127.0.0.1"
port = {port}
protocol = "{protocol}"
[storage]
folder = "data"
[web]
port = {web_port}
[[area]]
id = "grounds"
name = "Grounds"
[[person]]
id = "guard"
name = "Guard"
role = "guard"
badge = "04B83A1C5E7280"
[[person]]
id = "admin"
name = "Admin"
role = "admin"
[[round]]
id = "all-day"
name = "All day"
{under_way}guard = "guard"
checkpoints = [{ids}]
{places}
"""
PLACE: Final = """\
[[checkpoint]]
id = "p{number}"
name = {{ zh = "点{number}", en = "Place {number}" }}
area = "grounds"
tag_uid = "04A1B2C3D4{number:02X}80"
"""
READER: Final = """\
[[device]]
id = "{id}"
name = "{id}"
kind = "checkpoint"
area = "grounds"
owner = "admin"
"""


@contextmanager
def school(folder: Path, broker: str) -> Iterator[HubProcess]:
    """A running hub; `broker`: `embedded`, or the version of MQTT that it speaks to a mosquitto."""
    with ExitStack() as stack:
        embedded = broker == "embedded"
        port = free_port() if embedded else stack.enter_context(mosquitto(folder / "broker")).port
        text = CAMPUS.format(
            embedded=str(embedded).lower(),
            port=port,
            protocol="3.1.1" if embedded else broker,
            web_port=free_port(),
            under_way=under_way(),
            ids=", ".join(f'"p{number}"' for number in range(PLACES)),
            places="".join(PLACE.format(number=number) for number in range(PLACES))
            + READER.format(id="reader-1")
            + READER.format(id="reader-2"),
        )
        config = folder / "campus.toml"
        config.write_text(text, encoding="utf-8")
        yield stack.enter_context(hub(config))


def walked(running: HubProcess, folder: Path) -> Summary:
    return simulate(
        plan_of(load(folder / "campus.toml", {})),
        BrokerAddress("127.0.0.1", running.broker_port),
        parse("at-once", AT_ONCE),
        speed=1,
        seed=3,
        duration_s=10,
        clock=time.time,
        progress=lambda _: None,
        stop=threading.Event(),
    )


def await_plan(running: HubProcess) -> None:
    """A hub that has never run plans its first rounds at the first tick, or tap."""
    asking = Client(running.broker_port, None).connect()
    asking.subscribe(REPLY.format("reader-2"))

    def has_round() -> bool:
        asked = len(asking.heard)
        asking.say(TAP.format("reader-2"), json.dumps({"tag_uid": "04A1B2C3D42780"}))
        wait_until(lambda: len(asking.heard) > asked)
        return json.loads(asking.heard[-1][1])["round"] is not None

    wait_until(has_round)
    asking.leave()


def metric(running: HubProcess, name: str) -> float:
    text = httpx.get(f"{running.address}/metrics", timeout=5).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


@pytest.mark.parametrize(
    "broker",
    ["embedded", *(pytest.param(one, marks=pytest.mark.real("mosquitto")) for one in ("3.1.1", "5"))],
)
def test_every_tap_of_a_walk_is_answered_at_once(
    tmp_path: Path, broker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with school(tmp_path, broker) as running:
        await_plan(running)
        before = metric(running, "campushub_replies_total")
        summary = walked(running, tmp_path)
        times = summary.reply_times_s
        assert summary.red == 0
        assert summary.green == len(times) >= PLACES
        middle, most = times[len(times) // 2], times[int(len(times) * 0.95)]
        with capsys.disabled():
            sys.stdout.write(
                f"\n{broker}: tap to reply {middle * 1000:.0f} ms, 95 of 100 {most * 1000:.0f} ms\n"
            )
        assert most < GENEROUS_S
        told = [happening.words.en for happening in summary.happenings if " green: " in happening.words.en]
        assert told[0] == "reader-1 green: p0, next: Place 1"
        assert told[-1] == f"reader-1 green: p{PLACES - 1}, the round is complete"
        answered = metric(running, "campushub_replies_total")
        assert answered == before + len(times)
        assert metric(running, "campushub_reply_seconds_count") == answered
        assert 0 < metric(running, "campushub_reply_seconds_sum") < GENEROUS_S * answered


@pytest.mark.parametrize("broker", ["embedded", pytest.param("5", marks=pytest.mark.real("mosquitto"))])
def test_replies_are_not_kept_reach_one_reader_and_come_again_for_who_asks_again(
    tmp_path: Path, broker: str
) -> None:
    tap = {
        "tap_id": "1b4e28ba-2fa1-4d2c-883f-0016d3cca427",
        "tag_uid": "04A1B2C3D40080",
        "badge": "04B83A1C5E7280",
    }
    with school(tmp_path, broker) as running:
        await_plan(running)
        port = running.broker_port
        one, other = Client(port, None).connect(), Client(port, None).connect()
        one.subscribe(REPLY.format("reader-1"))
        other.subscribe(REPLY.format("reader-2"))
        one.say(TAP.format("reader-1"), json.dumps(tap))
        wait_until(lambda: one.heard)
        time.sleep(0.6)  # a reader's own patience
        one.say(TAP.format("reader-1"), json.dumps(tap))
        wait_until(lambda: len(one.heard) == 2)
        assert one.heard[0] == one.heard[1]
        assert other.heard == []

        # Offline for long, a reader sends what it kept, then a tap of now: only that is answered.
        backlog = [
            {"tap_id": f"{number:08x}-2fa1-4d2c-883f-0016d3cca427", "tag_uid": tap["tag_uid"], "at": at}
            for number, at in enumerate(range(int(time.time()) - 7_200, int(time.time()) - 3_600, 10))
        ]
        other.say(TAP.format("reader-2"), json.dumps(backlog))
        other.say(TAP.format("reader-2"), json.dumps({"tag_uid": tap["tag_uid"], "tap_id": None}))
        other.say(TAP.format("reader-2"), json.dumps({"tag_uid": tap["tag_uid"]}))
        wait_until(lambda: other.heard)
        assert [json.loads(payload)["tap_id"] for _, payload in other.heard] == [None]

        late = Client(port, None).connect()
        late.subscribe("campus/school/checkpoint/+/reply")
        one.say(TAP.format("reader-1"), json.dumps(tap | {"tap_id": "2b4e28ba-2fa1-4d2c-883f-0016d3cca427"}))
        wait_until(lambda: late.heard)
        assert len(late.heard) == 1  # nothing was retained
        for each in (one, other, late):
            each.leave()


def test_a_reader_may_read_its_own_replies_and_no_others() -> None:
    filters = device_filters(Format.NATIVE, "reader-1", "", "school")
    assert filters.reads == ("campus/school/+/reader-1/reply",)
    assert not any(filter_.endswith(("/reply", "#")) for filter_ in filters.publishes)
