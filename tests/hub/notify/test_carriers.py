"""Channels against a real HTTP server: what arrives, and what is made of its answers."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from hub.config.model import Channel, Language
from hub.notify import carriers
from hub.notify.addresses import Maker, Robot
from hub.notify.carriers import RobotCarrier, carrier_of
from hub.notify.channels import Message
from hub.notify.services import Service
from tests.hub.notify.receiver import Receiver

MESSAGE = Message("【严重】1号冷藏柜", "现在 11.5 °C\n先做：关门")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def _service(receiver: Receiver, path: str = "hook", options: str = "") -> Service:
    return Service(f"json://127.0.0.1:{receiver.port}/{path}{options}")


def _robot(receiver: Receiver, maker: Maker = Maker.WECOM, secret: str = "") -> RobotCarrier:
    url = f"http://127.0.0.1:{receiver.port}/send?key=very-secret-key"
    return RobotCarrier(Robot(maker, url, secret), lambda: 1_795_320_000.0)


def test_a_webhook_gets_title_and_text(receiver: Receiver) -> None:
    service = _service(receiver)
    assert service.send(MESSAGE).delivered
    assert service.send(MESSAGE).delivered  # the same once more: apprise keeps nothing back
    assert [path for path, _ in receiver.got] == ["/hook", "/hook"]
    assert receiver.got[0][1]["title"] == MESSAGE.title
    assert receiver.got[0][1]["message"] == MESSAGE.body


@pytest.mark.parametrize(("status", "refusal"), [(500, False), (503, False), (429, False), (403, True)])
def test_an_error_of_a_webhook_is_a_reason(receiver: Receiver, status: int, refusal: bool) -> None:
    receiver.status = status
    outcome = _service(receiver).send(MESSAGE)
    assert f"error={status}" in outcome.reason
    assert outcome.is_refusal is refusal
    assert outcome.retry_after_s == (60.0 if status == 429 else None)


def test_a_webhook_that_is_slow_or_away_is_not_waited_for(receiver: Receiver) -> None:
    receiver.delay_s = 5.0
    began_s = time.monotonic()
    outcome = _service(receiver, options="?rto=0.2").send(MESSAGE)
    assert time.monotonic() - began_s < 4
    assert not outcome.delivered
    nowhere = Service("json://127.0.0.1:9/hook?cto=1").send(MESSAGE)
    assert "onnection" in nowhere.reason


def test_redirections_are_not_followed(receiver: Receiver) -> None:
    receiver.status = 302
    receiver.headers = {"location": "http://169.254.169.254/latest"}
    assert not _service(receiver).send(MESSAGE).delivered
    assert not _robot(receiver).send(MESSAGE).delivered
    assert len(receiver.got) == 2


def test_what_apprise_says_tells_no_secret(receiver: Receiver) -> None:
    receiver.status = 500
    url = f"json://somebody:hunter2secret@127.0.0.1:{receiver.port}/t0ken-in-path"
    outcome = Service(url).send(MESSAGE)
    assert not outcome.delivered
    broken = Service("dingtalk://hunter2secret!@bad token").send(MESSAGE)
    assert not broken.delivered
    for text in (outcome.reason, broken.reason, repr(Service(url))):
        assert "hunter2secret" not in text
        assert "t0ken-in-path" not in text
    assert not logging.getLogger("apprise").propagate  # its own log does


@pytest.mark.parametrize("maker", list(Maker))
def test_a_robot_gets_one_text(receiver: Receiver, maker: Maker) -> None:
    receiver.body = b'{"code":0}' if maker is Maker.FEISHU else b'{"errcode":0}'
    assert _robot(receiver, maker, "s3cret").send(MESSAGE).delivered
    ((path, said),) = receiver.got
    assert path.startswith("/send?key=very-secret-key")
    assert MESSAGE.text in (said["content"]["text"] if maker is Maker.FEISHU else said["text"]["content"])
    assert ("sign" in said) is (maker is Maker.FEISHU)
    assert ("sign=" in path) is (maker is Maker.DINGTALK)


def test_a_robot_s_error_in_an_http_success_is_an_error(receiver: Receiver) -> None:
    receiver.body = b'{"errcode":45009,"errmsg":"reach max api daily quota limit"}'
    outcome = _robot(receiver).send(MESSAGE)
    assert outcome.reason == "45009: reach max api daily quota limit"
    assert outcome.retry_after_s == 60.0


def test_a_robot_s_retry_after_is_taken(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 503, {"retry-after": "42"}
    assert _robot(receiver).send(MESSAGE).retry_after_s == 42.0


def test_a_robot_that_is_slow_hangs_up_or_is_away_is_a_reason_without_its_address(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carriers, "_TIMEOUTS_S", (0.5, 0.2))
    receiver.delay_s = 2.0
    slow = _robot(receiver).send(MESSAGE)
    receiver.delay_s, receiver.drops = 0.0, True
    dropped = _robot(receiver).send(MESSAGE)
    away = RobotCarrier(Robot(Maker.WECOM, "http://127.0.0.1:9/send?key=very-secret-key")).send(MESSAGE)
    assert slow.reason == "no answer in time"
    for outcome in (slow, dropped, away):
        assert not outcome.delivered
        assert not outcome.is_refusal
        assert "secret" not in outcome.reason


def test_an_address_decides_who_carries() -> None:
    robot = Channel("a", "wecombot://key", Language.ZH)
    other = Channel("b", "ntfy://ntfy.sh/topic", Language.ZH)
    assert isinstance(carrier_of(robot), RobotCarrier)
    assert isinstance(carrier_of(other), Service)
    assert "key" not in repr(robot).replace("wecombot", "")


def test_a_service_that_hangs_holds_up_neither_others_nor_the_end(receiver: Receiver) -> None:
    receiver.delay_s = 60.0
    code = f"""
import threading
from hub.notify.channels import Message
from hub.notify.services import Service
slow = Service("json://127.0.0.1:{receiver.port}/slow?rto=60")
for _ in range(8):
    threading.Thread(target=lambda: slow.send(Message("a", "b")), daemon=True).start()
other = Service("json://127.0.0.1:9/other?cto=1").send(Message("a", "b"))
print("other:", other.reason)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=15, capture_output=True, text=True
    )
    assert "other: A Connection error" in done.stdout


def test_apprise_is_not_loaded_unless_a_channel_needs_it() -> None:
    code = (
        "import sys, hub.main, hub.cli.app, hub.config.load; from hub.notify.addresses import problem_of;"
        " problem_of('wecombot://k'); sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
