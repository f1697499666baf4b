"""The embedded broker with users: each speaks as itself; what it cannot hold is refused before it starts."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bcrypt
import pytest

from devices.formats import Format
from hub.broker.embedded import BrokerFaultError, EmbeddedBroker
from hub.broker.rights import (
    Filters,
    User,
    base_filters,
    device_filters,
    hub_user,
    is_loopback,
    subject_of,
)
from tests.hub.broker.people import PASSWORD, Client, client
from tests.hub.ingest.campus import wait_until
from tests.real import free_port


def native(device: str) -> Filters:
    return device_filters(Format.NATIVE, device, "", "shiyan")


def user(name: str, filters: Filters, password: str = PASSWORD) -> User:
    return User(name, password, filters.publishes, filters.reads)


USERS = (
    hub_user(PASSWORD),
    user("cold-1", native("cold-1")),
    user("reader-1", native("reader-1")),
    user("zigbee2mqtt", base_filters("zigbee2mqtt")),
    user("probes", device_filters(Format.TASMOTA, "cold-6", "canteen-probes", "shiyan")),
    user("meters", native("meter-1") + native("meter-2")),
)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    broker = EmbeddedBroker(tmp_path / "broker", "127.0.0.1", port, USERS)
    broker.start()
    yield port
    broker.stop()


def test_a_device_speaks_as_itself_and_never_as_another(port: int) -> None:
    with client(port, "campushub") as hub, client(port, "cold-1") as device:
        hub.subscribe("campus/shiyan/#")
        device.say("campus/shiyan/fridge/cold-2/reading")
        device.say("campus/shiyan/fridge/cold-1/>")  # a wildcard to the server, no topic of ours
        device.say("campus/shiyan/fridge/cold-1/reply")
        device.say("campus/shiyan/hub/marker")
        device.say("campus/shiyan/fridge/cold-1/reading")
        wait_until(lambda: bool(hub.heard))
    assert [topic for topic, _ in hub.heard] == ["campus/shiyan/fridge/cold-1/reading"]


def test_a_last_will_cannot_speak_for_another_device(port: int) -> None:
    with client(port, "campushub") as hub:
        hub.subscribe("campus/shiyan/#")
        Client(port, "cold-1", will="campus/shiyan/fridge/cold-2/status").connect().vanish()
        Client(port, "cold-1", will="campus/shiyan/fridge/cold-1/status").connect().vanish()
        wait_until(lambda: bool(hub.heard))
    assert [topic for topic, _ in hub.heard] == ["campus/shiyan/fridge/cold-1/status"]


def test_the_hub_hears_everybody_and_its_reply_reaches_one_reader_only(port: int) -> None:
    with (
        client(port, "campushub", session="campushub") as hub,
        client(port, "reader-1") as reader,
        client(port, "zigbee2mqtt") as gateway,
    ):
        hub.subscribe("campus/shiyan/#", "zigbee2mqtt/#")
        reader.subscribe("campus/shiyan/checkpoint/reader-1/reply")
        gateway.subscribe("campus/shiyan/checkpoint/reader-1/reply", "#")
        assert all(code.is_failure for code in gateway.granted)
        gateway.say("zigbee2mqtt/cold-4")
        reader.say("campus/shiyan/checkpoint/reader-1/tap")
        hub.say("campus/shiyan/checkpoint/reader-1/reply")
        wait_until(lambda: len(hub.heard) == 3 and bool(reader.heard))
        assert gateway.heard == []
        gateway.subscribe("zigbee2mqtt/#")
        assert not any(code.is_failure for code in gateway.granted)
        hub.say("zigbee2mqtt/cold-4/set")
        wait_until(lambda: bool(gateway.heard))
        assert gateway.heard[-1][0] == "zigbee2mqtt/cold-4/set"


def test_nobody_hears_the_replies_to_another_reader(port: int) -> None:
    with (
        client(port, "campushub") as hub,
        client(port, "reader-1") as reader,
        client(port, "cold-1") as other,
    ):
        for somebody, filter_ in (
            (reader, "campus/shiyan/checkpoint/+/reply"),
            (reader, "campus/shiyan/checkpoint/reader-2/reply"),
            (other, "campus/+/+/+/reply"),
            (other, "campus/shiyan/checkpoint/reader-1/reply"),
        ):
            somebody.subscribe(filter_)
            assert all(code.is_failure for code in somebody.granted), filter_
        reader.subscribe("campus/shiyan/checkpoint/reader-1/reply")
        hub.say("campus/shiyan/checkpoint/reader-2/reply")
        hub.say("campus/shiyan/checkpoint/reader-1/reply")
        wait_until(lambda: bool(reader.heard))
    assert [topic for topic, _ in reader.heard] == ["campus/shiyan/checkpoint/reader-1/reply"]
    assert other.heard == []


def test_tasmota_and_a_gateway_of_native_devices_speak_for_their_own(port: int) -> None:
    with (
        client(port, "campushub") as hub,
        client(port, "probes") as tasmota,
        client(port, "meters") as meters,
    ):
        hub.subscribe("tele/#", "campus/shiyan/#")
        tasmota.subscribe("cmnd/canteen-probes/#")
        assert not any(code.is_failure for code in tasmota.granted)
        tasmota.say("tele/other-probes/SENSOR")
        tasmota.say("cmnd/canteen-probes/POWER")
        tasmota.say("tele/canteen-probes/SENSOR")
        meters.say("campus/shiyan/meter/meter-3/reading")
        meters.say("campus/shiyan/meter/meter-1/reading")
        meters.say("campus/shiyan/meter/meter-2/reading")
        hub.say("cmnd/canteen-probes/Power")
        wait_until(lambda: len(hub.heard) == 3 and bool(tasmota.heard))
    assert sorted(topic for topic, _ in hub.heard) == [
        "campus/shiyan/meter/meter-1/reading",
        "campus/shiyan/meter/meter-2/reading",
        "tele/canteen-probes/SENSOR",
    ]
    assert [topic for topic, _ in tasmota.heard] == ["cmnd/canteen-probes/Power"]


def test_whoever_takes_the_hub_s_client_id_hears_nothing_and_what_waits_still_reaches_the_hub(
    port: int,
) -> None:
    with client(port, "campushub", session="campushub") as hub:
        hub.subscribe("campus/shiyan/#")
    thief = Client(port, "cold-1", session="campushub").connect()
    with client(port, "reader-1") as reader:
        for _ in range(3):
            reader.say("campus/shiyan/checkpoint/reader-1/tap")
    thief.subscribe("campus/shiyan/fridge/cold-1/reply")
    assert thief.heard == []
    thief.leave()
    with client(port, "campushub", session="campushub") as hub:
        hub.subscribe("campus/shiyan/#")
        wait_until(lambda: len(hub.heard) >= 3)


def test_a_hash_signs_in_and_a_storm_of_devices_is_let_in(tmp_path: Path) -> None:
    """Thirty slow hashes at once take longer than the server's own patience of two seconds."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12)).decode()
    names = [f"cold-{n}" for n in range(30)]
    port = free_port()
    users = [hub_user(PASSWORD), *(user(name, native(name), hashed) for name in names)]
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", port, users)
    broker.start()
    try:
        with ThreadPoolExecutor(len(names)) as pool:
            connected = list(pool.map(lambda name: Client(port, name).connect(), names))
        assert [one.refused for one in connected] == [None] * len(names)
        for one in connected:
            one.leave()
        guesser = Client(port, "cold-1", password=hashed).connect()
        assert guesser.refused is not None, "the hash is no password"
        guesser.leave()
    finally:
        broker.stop()


def test_without_a_name_or_with_a_wrong_password_nobody_comes_in(port: int) -> None:
    stranger = Client(port, None).connect()
    guesser = Client(port, "cold-1", password="guessed").connect()
    assert stranger.refused is not None
    assert guesser.refused is not None
    stranger.leave()
    guesser.leave()


def test_users_and_queues_outlive_kill_9(tmp_path: Path) -> None:
    port = free_port()
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", port, USERS)
    broker.start()
    try:
        with client(port, "campushub", session="campushub") as hub:
            hub.subscribe("campus/shiyan/#")
        with client(port, "cold-1") as device:
            for _ in range(20):
                device.say("campus/shiyan/fridge/cold-1/reading")
        os.kill(int((tmp_path / "nats.pid").read_text()), signal.SIGKILL)
        wait_until(lambda: broker.turn() > 0 and broker.restarts == 1)
        with client(port, "campushub", session="campushub") as hub:
            wait_until(lambda: len(hub.heard) == 20, within_s=30)
    finally:
        broker.stop()


def test_only_the_owner_can_read_the_passwords(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", free_port(), USERS)
    broker.start()
    broker.stop()
    assert (tmp_path / "nats.conf").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("filter_", "subject"),
    [
        ("campus/shiyan/+/cold-1/reading", "campus.shiyan.*.cold-1.reading"),
        ("zigbee2mqtt/#", "zigbee2mqtt.>"),
        ("#", ">"),
    ],
)
def test_a_filter_becomes_a_subject(filter_: str, subject: str) -> None:
    assert subject_of(filter_) == subject


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("hub.school.example", False),
    ],
)
def test_what_only_this_computer_reaches(host: str, is_own: bool) -> None:
    assert is_loopback(host) is is_own


@pytest.mark.parametrize("filter_", ["campus/a.b", "campus/>", "campus/*", "zigbee2mqtt/cold 4", "a//b", ""])
def test_a_level_that_the_server_would_take_for_something_else_is_refused(filter_: str) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        subject_of(filter_)


def test_a_user_that_cannot_be_configured_is_named_before_anything_starts(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", free_port(), [User('cold"1', PASSWORD)])
    with pytest.raises(BrokerFaultError, match="cannot be a user"):
        broker.start()


def test_a_password_with_quotes_and_backslashes_signs_in(tmp_path: Path) -> None:
    port, odd = free_port(), 'a"b\\c$d}{'
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", port, [hub_user(odd)])
    broker.start()
    try:
        signed_in = Client(port, "campushub", password=odd).connect()
        assert signed_in.refused is None
        signed_in.leave()
    finally:
        broker.stop()
