"""From a tag on a PN532 to a line that a guard reads: a simulated chip, the command's own gateway, a real
broker and the command's own hub."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from devices.facts import Presence, Tap, Trust
from firmware_sim.pn532_chip import Chip, Ntag424, PlainCard
from firmware_sim.pn532_port import Line, TcpPort
from hub.cli.planning import plan_of
from hub.config.load import load
from hub.log.reader import LogReader
from tests.hub.broker.people import PASSWORD, Client, client
from tests.hub.broker.test_deployed_mosquitto import Deployed
from tests.real import free_port
from tests.real.mosquitto import MosquittoHandle, mosquitto
from tests.whole.gateway_process import (
    BADGE,
    FIXED,
    GATEWAY,
    HANDHELD,
    GatewayProcess,
    gateway,
    plain_tag,
    plugged_in,
    signing_tag,
    touch,
)
from tests.whole.hub_process import HubProcess, under_way, wait_until
from tests.whole.patrol_hub import CHECKPOINTS
from tests.whole.test_replies import READER, REPLY, TAP

pytestmark = pytest.mark.real("mosquitto")
GATE, LIBRARY, BOILER = "04A1B2C3D4E580", "044E18B36D9280", "0469D41E8C5780"
STRANGE: Final = "04FFEEDDCCBB80"
URL: Final = "https://hub.school.example/t/library"
CAMPUS: Final = """\
[site]
id = "school"
name = "School"
zone = "Asia/Shanghai"
language = "en"
[broker]
embedded = false
host = "127.0.0.1"
port = {port}
[storage]
folder = "data"
[web]
port = {web_port}
[tags]
master_key_file = "tag-key"
[[area]]
id = "grounds"
name = "Grounds"
[[person]]
id = "zhang-wei"
name = "Zhang Wei"
role = "guard"
badge = "04B83A1C5E7280"
[[person]]
id = "admin"
name = "Admin"
role = "admin"
[[round]]
id = "all-day"
name = "All day"
{under_way}guard = "zhang-wei"
checkpoints = ["gate", "library", "boiler"]
{checkpoints}"""


class School:
    """A broker and a hub; either can be away."""

    def __init__(self, folder: Path, broker: MosquittoHandle) -> None:
        self.folder = folder
        self.broker = broker
        (folder / "tag-key").write_text(bytes(range(16)).hex() + "\n", encoding="ascii")
        (folder / "tag-key").chmod(0o600)
        text = CAMPUS.format(
            port=broker.port, web_port=free_port(), under_way=under_way(), checkpoints=CHECKPOINTS
        )
        config = folder / "campus.toml"
        config.write_text(
            text + READER.format(id="gate-1") + READER.format(id="walk-1") + READER.format(id="other"),
            encoding="utf-8",
        )
        self.campus = load(config, {})
        self.hub = HubProcess(config)

    def await_plan(self) -> None:
        """A hub that has never run plans its first rounds at the first tick, or tap."""
        asking = Client(self.broker.port, None).connect()
        asking.subscribe(REPLY.format("other"))

        def has_round() -> bool:
            asked = len(asking.heard)
            asking.say(TAP.format("other"), json.dumps({"tag_uid": BOILER}))
            wait_until(lambda: len(asking.heard) > asked)
            return json.loads(asking.heard[-1][1])["round"] is not None

        wait_until(has_round)
        asking.leave()

    def facts(self, device: str) -> list[Tap | Presence]:
        """What the log has of a reader, in order."""
        reader = LogReader(self.hub.data / "log.sqlite")
        found = [
            logged.fact
            for logged in reader.after(0, 10**6)
            if isinstance(logged.fact, Tap | Presence) and logged.fact.device == device
        ]
        reader.close()
        return found

    def taps(self, device: str) -> list[Tap]:
        """The taps among them."""
        return [fact for fact in self.facts(device) if isinstance(fact, Tap)]

    def presence(self, device: str) -> list[bool]:
        """Whether it was said to be on line, each time."""
        return [fact.online for fact in self.facts(device) if isinstance(fact, Presence)]

    def gateway_text(self, *readers: str, language: str = "en") -> str:
        return GATEWAY.format(port=self.broker.port, readers="\n".join(readers), language=language)


@contextmanager
def school(folder: Path) -> Iterator[School]:
    with ExitStack() as stack:
        found = School(folder, stack.enter_context(mosquitto(folder / "broker")))
        found.hub.start()
        stack.callback(found.hub.stop)
        found.await_plan()
        yield found


def test_a_guard_reads_on_the_terminal_what_the_hub_says_of_each_tap(tmp_path: Path) -> None:
    with school(tmp_path) as at, plugged_in() as (port, chip):
        library = next(one for one in plan_of(at.campus).checkpoints if one.id == "library")
        assert library.signing is not None
        text = at.gateway_text(HANDHELD.format(id="walk-1", port=port.path))
        with gateway(tmp_path, text) as running:
            running.await_said("walk-1  the reader is ready (PN532, firmware 1.6)")
            running.await_said("walk-1  connected to 127.0.0.1:")
            touch(chip, BADGE, lambda: running.said("Zhang Wei uses this reader now"))
            touch(chip, plain_tag(GATE), lambda: running.said("accepted ✓ gate, next: Library"))
            assert chip.is_high("p72")
            tag = signing_tag(LIBRARY, library.signing, URL)
            touch(chip, tag, lambda: running.said("accepted ✓ library, the round is complete"))
            touch(chip, plain_tag(STRANGE), lambda: running.said("refused ✗ no checkpoint has this tag"))
            assert (chip.is_high("p72"), chip.is_high("p71")) == (False, True)
            # Somebody copies what the tag signed onto a tag of their own.
            copied = Ntag424(bytes.fromhex(STRANGE), signing_tag(LIBRARY, library.signing, URL).url)
            touch(chip, copied, lambda: running.said("refused ✗ the signature is another tag's"))
            assert running.said("kept") == 0
            assert running.stop() == 0
            running.await_said("the gateway has ended")
        wait_until(
            lambda: [one.online for one in at.facts("walk-1") if isinstance(one, Presence)][-1:] == [False]
        )
        assert [(tap.tag_uid, tap.badge, tap.trust) for tap in at.taps("walk-1")[:3]] == [
            (GATE, "04B83A1C5E7280", Trust.READER),
            (LIBRARY, "04B83A1C5E7280", Trust.SUN),
            (STRANGE, "04B83A1C5E7280", Trust.READER),
        ]


def test_a_fixed_reader_reads_badges_and_speaks_chinese(tmp_path: Path) -> None:
    with school(tmp_path) as at, plugged_in() as (port, chip):
        text = at.gateway_text(FIXED.format(id="gate-1", port=port.path, tag=GATE), language="zh-CN")
        with gateway(tmp_path, text) as running:
            running.await_said("读卡器就绪")
            touch(chip, BADGE, lambda: running.said("有效 ✓ gate，下一个：图书馆"))
        assert [(tap.tag_uid, tap.badge) for tap in at.taps("gate-1")] == [(GATE, "04B83A1C5E7280")]


def test_taps_without_a_network_are_kept_and_counted_once_whatever_is_killed(tmp_path: Path) -> None:
    with school(tmp_path) as at, plugged_in() as (port, chip):
        text = at.gateway_text(HANDHELD.format(id="walk-1", port=port.path))
        with gateway(tmp_path, text) as running:
            running.await_said("connected to")
            at.broker.stop()
            running.await_said("taps are kept meanwhile")
            for number in range(3):
                touch(chip, plain_tag(GATE), partial(running.has_said, "kept; it is sent once", number + 1))
            running.kill()
            running.start()
            running.await_said("3 taps wait to be sent")
            touch(chip, plain_tag(LIBRARY), lambda: running.said("kept; it is sent once") == 4)
            at.broker.start()
            running.await_said("all sent that was kept: 4")
            # The hub itself tries the broker more rarely by now.
            wait_until(lambda: running.said("accepted ✓ library"), 90, running.output)
            wait_until(lambda: len(at.taps("walk-1")) == 4)
            touch(chip, plain_tag(GATE), lambda: len(at.taps("walk-1")) == 5)
            running.await_said("accepted ✓ gate")
        keys = [tap.key for tap in at.taps("walk-1")]
        assert [tap.tag_uid for tap in at.taps("walk-1")] == [GATE, GATE, GATE, LIBRARY, GATE]
        assert len(set(keys)) == 5
        kept = sqlite3.connect(tmp_path / "outbox.sqlite")
        assert kept.execute("SELECT count(*) FROM taps").fetchone() == (0,)
        kept.close()


def test_a_hub_that_is_away_is_said_so_and_its_answer_comes_late(tmp_path: Path) -> None:
    with school(tmp_path) as at, plugged_in() as (port, chip):
        text = at.gateway_text(HANDHELD.format(id="walk-1", port=port.path))
        with gateway(tmp_path, text) as running:
            running.await_said("connected to")
            touch(chip, plain_tag(BOILER), lambda: running.said("accepted ✓ boiler"))
            at.hub.kill()
            touch(chip, plain_tag(GATE), lambda: running.said("the hub has not answered yet"))
            at.hub.start()
            touch(chip, plain_tag(LIBRARY), lambda: running.said("accepted ✓ library"))
        assert [tap.tag_uid for tap in at.taps("walk-1")] == [BOILER, GATE, LIBRARY]


def test_a_reader_that_the_hub_does_not_know_sends_the_guard_to_the_phone_in_red(tmp_path: Path) -> None:
    with school(tmp_path) as at, plugged_in() as (port, chip):
        text = at.gateway_text(HANDHELD.format(id="wlak-1", port=port.path), language="zh-CN")
        with gateway(tmp_path, text) as running:
            running.await_said("已连上")
            said = "系统不认识这台读卡器，或系统没有运行：核对 gateway.toml 的 site.id 与"
            said += " campus.toml 的 [[device]] wlak-1"
            touch(
                chip, plain_tag(GATE), lambda: running.said(f"{said}；请改用手机打卡") and chip.is_high("p71")
            )
            assert running.said("不用再刷") == 0


def test_whoever_s_badge_the_gateway_does_not_know_walks_for_nobody_else(tmp_path: Path) -> None:
    with school(tmp_path) as at, plugged_in() as (port, chip):
        text = at.gateway_text(HANDHELD.format(id="walk-1", port=port.path))
        with gateway(tmp_path, text) as running:
            running.await_said("connected to")
            touch(chip, BADGE, lambda: running.said("Zhang Wei uses this reader now"))
            touch(chip, PlainCard(bytes.fromhex(STRANGE)), lambda: running.said("lay your own on again"))
            touch(chip, plain_tag(GATE), lambda: running.said("accepted ✓ gate"))
            touch(chip, BADGE, lambda: running.said("Zhang Wei uses this reader now") == 2)
            touch(chip, plain_tag(LIBRARY), lambda: running.said("accepted ✓ library"))
        assert [(tap.tag_uid, tap.badge) for tap in at.taps("walk-1")] == [
            (STRANGE, "04B83A1C5E7280"),
            (GATE, ""),
            (LIBRARY, "04B83A1C5E7280"),
        ]


def test_a_fixed_reader_whose_own_tag_is_not_configured_says_that(tmp_path: Path) -> None:
    with school(tmp_path) as at, plugged_in() as (port, chip):
        text = at.gateway_text(FIXED.format(id="gate-1", port=port.path, tag=STRANGE), language="zh-CN")
        text = text.replace('language = "zh-CN"', 'language = "zh-CN"\nzone = "Pacific/Kiritimati"')
        with gateway(tmp_path, text) as running:
            running.await_said("读卡器就绪")
            touch(chip, BADGE, lambda: running.said("无效 ✗ 这台读卡器的 tag_uid 不在 campus.toml 中"))
            hour = int(running.output()[:2])
        assert (datetime.now(ZoneInfo("Pacific/Kiritimati")).hour - hour) % 24 <= 1


def test_a_reader_that_is_pulled_out_is_said_to_be_gone_once_and_back_once(tmp_path: Path) -> None:
    chip, line = Chip(), Line(Chip())
    line.chip = chip
    with school(tmp_path) as at:
        with TcpPort(line) as port:
            number = port.port
            text = at.gateway_text(HANDHELD.format(id="walk-1", port=f"socket://127.0.0.1:{number}"))
            running = GatewayProcess(tmp_path, text)
            running.start()
            running.await_said("the reader is ready")
        running.await_said("is gone:")
        with TcpPort(line, number):
            running.await_said("is back")
            running.await_said("the reader is ready", 2)
            touch(chip, PlainCard(bytes.fromhex(GATE)), lambda: running.said("accepted ✓ gate"))
            assert running.said("is gone:") == running.said("is back") == 1
            wait_until(lambda: at.presence("walk-1")[-2:] == [False, True])
            running.stop()
        assert re.search(r"^\d\d:\d\d:\d\d  walk-1  ", running.output(), re.MULTILINE)


def test_it_signs_in_with_a_password_over_tls_and_may_say_no_more_than_its_own(tmp_path: Path) -> None:
    broker = Deployed(tmp_path)
    broker.start()
    (tmp_path / "password").write_text("not this one\n", encoding="ascii")
    account = 'username = "reader-1"\npassword_file = "password"\ntls = true\nca_file = "server.crt"\n'
    text = GATEWAY.format(port=broker.tls_port, language="en", readers="")
    text = text.replace('host = "127.0.0.1"\n', 'host = "localhost"\n' + account)
    try:
        with plugged_in() as (port, chip), client(broker.port, "campushub") as hub:
            hub.subscribe("campus/#")
            text += HANDHELD.format(id="reader-1", port=port.path)
            with gateway(tmp_path, text) as running:
                running.await_said("refuses to let us in")
            (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="ascii")
            with gateway(tmp_path, text) as running:
                running.await_said("connected to localhost:")

                def heard_tap() -> str | None:
                    taps = [json.loads(body) for topic, body in hub.heard if topic.endswith("/tap")]
                    return str(taps[0]["tap_id"]) if taps else None

                touch(chip, plain_tag(GATE), heard_tap)
                answer = {"tap_id": heard_tap(), "accepted": False, "reason": "unknown_tag"}
                hub.say(REPLY.format("reader-1"), json.dumps(answer))
                running.await_said("refused ✗ no checkpoint has this tag")
                running.kill()
            wait_until(lambda: [body for _, body in hub.heard][-1] == b'{"online":false}')
    finally:
        broker.stop()
