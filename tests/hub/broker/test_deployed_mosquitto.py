"""mosquitto with the files of deploy/, its ports and paths changed: who may say what, and what is kept."""

from __future__ import annotations

import getpass
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.broker.people import PASSWORD, Client, client
from tests.hub.ingest.campus import wait_until
from tests.real import free_port, require

DEPLOY = Path(__file__).parents[3] / "deploy" / "mosquitto"
USERS = ("campushub", "cold-1", "cold-2", "reader-1", "canteen-probes", "zigbee2mqtt")


class Deployed:
    """mosquitto as deployed, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = folder / "server.crt"
        self._config = folder / "campushub.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "mosquitto.log"
        _make_certificate(folder)
        _make_passwords(folder / "campushub.passwd")
        (folder / "campushub.acl").write_bytes((DEPLOY / "acl").read_bytes())
        text = (DEPLOY / "campushub.conf").read_text(encoding="utf-8")
        changes = {
            "/etc/mosquitto/certs/": f"{folder}/",
            "/etc/mosquitto/": f"{folder}/",
            "/var/lib/mosquitto/": f"{folder}/",
            "listener 1883 127.0.0.1": f"listener {self.port} 127.0.0.1",
            "listener 8883": f"listener {self.tls_port} 127.0.0.1",
        }
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        self._config.write_text(f"user {getpass.getuser()}\n{text}", encoding="utf-8")

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [require("mosquitto"), "-c", str(self._config)], stdout=log, stderr=subprocess.STDOUT
            )
        for port in (self.port, self.tls_port):
            wait_until(lambda port=port: _answers(port) or self._ended())  # type: ignore[misc]
        assert not self._ended(), self.said()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)

    def saved_at(self) -> float:
        """When it last finished writing its store (it renames the finished file into place)."""
        store = self.certificate.parent / "mosquitto.db"
        return store.stat().st_mtime if store.exists() else 0.0

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Deployed]:
    require("mosquitto")
    require("openssl")
    deployed = Deployed(tmp_path)
    deployed.start()
    yield deployed
    deployed.stop()


def test_a_device_speaks_as_itself_and_never_as_another(broker: Deployed) -> None:
    with client(broker.port, "campushub") as hub, client(broker.port, "cold-1") as device:
        hub.subscribe("campus/shiyan/#")
        device.say("campus/shiyan/fridge/cold-2/reading", '{"temperature_c":99}')
        device.say("campus/shiyan/fridge/cold-1/reply")
        device.say("campus/shiyan/hub/marker")
        device.say("campus/shiyan/fridge/cold-1/other/reading")
        device.say("campus/shiyan/fridge/cold-1/reading", '{"temperature_c":4}')
        device.say("campus/shiyan/fridge/cold-1/status", '{"online":true}')
        wait_until(lambda: len(hub.heard) >= 2)
    assert [topic for topic, _ in hub.heard] == [
        "campus/shiyan/fridge/cold-1/reading",
        "campus/shiyan/fridge/cold-1/status",
    ]


def test_a_last_will_cannot_speak_for_another_device(broker: Deployed) -> None:
    with client(broker.port, "campushub") as hub:
        hub.subscribe("campus/shiyan/#")
        Client(broker.port, "cold-1", will="campus/shiyan/fridge/cold-2/status").connect().vanish()
        Client(broker.port, "cold-1", will="campus/shiyan/fridge/cold-1/status").connect().vanish()
        wait_until(lambda: bool(hub.heard))
    assert [topic for topic, _ in hub.heard] == ["campus/shiyan/fridge/cold-1/status"]


def test_the_hub_hears_every_format_and_its_reply_reaches_one_reader_only(broker: Deployed) -> None:
    with (
        client(broker.port, "campushub") as hub,
        client(broker.port, "reader-1") as reader,
        client(broker.port, "cold-1") as other,
        client(broker.port, "zigbee2mqtt") as gateway,
        client(broker.port, "canteen-probes") as tasmota,
    ):
        hub.subscribe("campus/shiyan/#", "zigbee2mqtt/#", "tele/+/SENSOR", "tele/+/LWT")
        reader.subscribe("campus/shiyan/checkpoint/reader-1/reply")
        other.subscribe("campus/shiyan/checkpoint/reader-1/reply", "#")
        gateway.say("zigbee2mqtt/cold 4 (牛奶)")
        tasmota.say("tele/canteen-probes/SENSOR")
        tasmota.say("tele/other-probes/SENSOR")
        reader.say("campus/shiyan/checkpoint/reader-1/tap")
        wait_until(lambda: len(hub.heard) == 3)
        hub.say("campus/shiyan/checkpoint/reader-1/reply")
        hub.say("campus/shiyan/hub/marker")
        wait_until(lambda: len(hub.heard) == 5 and bool(reader.heard))
    topics = sorted(topic for topic, _ in hub.heard)
    assert topics == [
        "campus/shiyan/checkpoint/reader-1/reply",
        "campus/shiyan/checkpoint/reader-1/tap",
        "campus/shiyan/hub/marker",
        "tele/canteen-probes/SENSOR",
        "zigbee2mqtt/cold 4 (牛奶)",
    ]
    assert other.heard == []


def test_nobody_hears_the_replies_to_another_reader(broker: Deployed) -> None:
    with (
        client(broker.port, "campushub") as hub,
        client(broker.port, "reader-1") as reader,
        client(broker.port, "cold-1") as other,
    ):
        reader.subscribe("campus/shiyan/checkpoint/+/reply")  # granted, and filtered at each message
        other.subscribe("campus/+/+/+/reply", "campus/shiyan/checkpoint/reader-1/reply")
        hub.say("campus/shiyan/checkpoint/reader-2/reply")
        hub.say("campus/shiyan/fridge/cold-1/reply")  # cold-1 has no replies, and may read them
        hub.say("campus/shiyan/checkpoint/reader-1/reply")
        wait_until(lambda: bool(reader.heard) and bool(other.heard))
    assert [topic for topic, _ in reader.heard] == ["campus/shiyan/checkpoint/reader-1/reply"]
    assert [topic for topic, _ in other.heard] == ["campus/shiyan/fridge/cold-1/reply"]


def test_without_a_name_or_with_a_wrong_password_nobody_comes_in(broker: Deployed) -> None:
    stranger = Client(broker.port, None).connect()
    assert stranger.refused is not None
    guesser = Client(broker.port, "cold-1", password="guessed").connect()
    assert guesser.refused is not None
    stranger.leave()
    guesser.leave()


def test_the_listener_with_tls_knows_the_same_people_and_rights(broker: Deployed) -> None:
    with client(broker.port, "campushub") as hub:
        hub.subscribe("campus/shiyan/#")
        device = Client(broker.tls_port, "cold-1").connect(tls=broker.certificate)
        device.say("campus/shiyan/fridge/cold-2/reading")
        device.say("campus/shiyan/fridge/cold-1/reading")
        device.leave()
        wait_until(lambda: bool(hub.heard))
    assert [topic for topic, _ in hub.heard] == ["campus/shiyan/fridge/cold-1/reading"]


@pytest.mark.parametrize("killed", [False, True], ids=["restarted", "killed after the save"])
def test_what_waits_for_the_hub_survives_the_broker_and_more_is_kept_afterwards(
    broker: Deployed, killed: bool
) -> None:
    with client(broker.port, "campushub", session="campushub") as hub:
        hub.subscribe("campus/shiyan/#")
    count = 3_000  # three times what mosquitto's own default would keep
    with client(broker.port, "cold-1") as device:
        for number in range(count):
            device.client.publish("campus/shiyan/fridge/cold-1/reading", str(number), qos=1)
        device.say("campus/shiyan/fridge/cold-1/status")
    if killed:
        written = time.time()
        wait_until(lambda: broker.saved_at() > written)
        broker.kill()
    else:
        broker.stop()
    broker.start()
    with client(broker.port, "cold-1") as device:  # the hub is still away, and its session has no listener
        device.say("campus/shiyan/fridge/cold-1/reading", str(count))
    with client(broker.port, "campushub", session="campushub") as hub:
        wait_until(lambda: len(hub.heard) >= count + 2)
    numbers = [int(payload) for topic, payload in hub.heard if topic.endswith("/reading")]
    assert numbers == list(range(count + 1))


def test_a_packet_that_is_too_large_ends_the_connection_instead_of_vanishing(broker: Deployed) -> None:
    device = Client(broker.port, "cold-1").connect()
    gone: list[object] = []
    device.client.on_disconnect = lambda *arguments: gone.append(arguments[3])
    device.client.publish("campus/shiyan/fridge/cold-1/reading", b" " * 1_100_000, qos=1)
    wait_until(lambda: bool(gone))
    device.leave()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _make_passwords(path: Path) -> None:
    path.touch(mode=0o600)
    for user in USERS:
        subprocess.run([require("mosquitto_passwd"), "-b", path, user, PASSWORD], check=True, timeout=20)


def _make_certificate(folder: Path) -> None:
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(folder / "server.key")]
    wanted = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    subprocess.run(
        [require("openssl"), "req", "-x509", *key, *wanted, "-out", folder / "server.crt"],
        check=True,
        capture_output=True,
        timeout=30,
    )


def test_every_topic_of_the_acl_begins_with_a_base_that_the_hub_knows() -> None:
    bases = re.findall(
        r"^(?:topic|pattern) \w+ ([^/\s]+)", (DEPLOY / "acl").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(bases) == {"campus", "tele", "stat", "cmnd", "zigbee2mqtt", "#"}
