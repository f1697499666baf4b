"""One reader at work, with a real outbox and a simulated chip; connection and clock are stepped by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devices.gateway.broker import Identity, LinkEvents
from devices.gateway.model import BrokerPlan, GatewayPlan, Guard, Language, ReaderPlan, Role
from devices.gateway.outbox import Outbox
from devices.gateway.running import texts_of
from devices.gateway.sending import ANSWER_WITHIN_S
from devices.gateway.station import Around, Station
from devices.gateway.troubles import Trouble
from devices.pn532_lamp import Lamp, Pin
from firmware_sim.pn532_chip import Chip, Ntag21x, PlainCard
from firmware_sim.pn532_port import Line

ZHANG, LI = Guard("Zhang Wei", "04B83A1C5E7280"), Guard("Li Qiang", "04C94B2D6F8380")
TAG = Ntag21x(bytes.fromhex("04A1B2C3D4E580"), None)
NEVER_ANSWERED = (
    "the hub does not know this reader, or is not running: compare site.id in gateway.toml and"
    " [[device]] walk-1 in campus.toml; tap with a phone instead"
)
UNANSWERED = "delivered; the hub has not answered yet; it will count, there is no need to tap again"
TOPIC = "campus/school/checkpoint/walk-1/"
BROKER = BrokerPlan("hub", 1883, None, None, tls=False, ca_file=None)


@dataclass
class FakePort:
    """A serial port whose other end is a simulated chip."""

    bench: Bench
    started: bool = False
    stopped: bool = False

    def start(self) -> None:
        self.started = True

    def write(self, data: bytes) -> None:
        self.bench.line.write(data, self.bench.now_s)

    def stop(self) -> None:
        self.stopped = True


@dataclass
class FakeLink:
    """A connection that does what the test says."""

    identity: Identity
    events: LinkEvents
    published: list[tuple[str, dict[str, object], bool]] = field(default_factory=list)
    state: str = "new"

    def open(self) -> None:
        self.state = "opening"

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        self.published.append((topic, json.loads(payload), retain))
        return len(self.published)

    def close(self) -> None:
        self.state = "closed"

    def drop(self) -> None:
        self.state = "dropped"

    def presence(self) -> list[object]:
        """What was said of being on line."""
        return [
            body["online"] for topic, body, retain in self.published if topic.endswith("status") and retain
        ]

    def taps(self) -> list[dict[str, object]]:
        """The taps that were sent."""
        return [body for topic, body, _ in self.published if topic == f"{TOPIC}tap"]


class Bench:
    """A station with all that is around it."""

    def __init__(self, folder: Path, guard: Guard | None = None, limit: int = 100) -> None:
        self.now_s = 1000.0
        self.lines: list[tuple[str, int]] = []
        self.links: list[FakeLink] = []
        self.line = Line(Chip())
        self.outbox = Outbox(folder / "outbox.sqlite", limit)
        lamp = Lamp(Pin.P72, Pin.P71, low=False)
        reader = ReaderPlan("walk-1", "p", Role.HANDHELD, guard=guard, lamp=lamp)
        plan = GatewayPlan(
            site="school",
            language=Language.EN,
            bell=False,
            broker=BROKER,
            outbox=folder / "outbox.sqlite",
            limit=limit,
            guards=(ZHANG, LI),
            readers=(reader,),
        )
        self._ids = iter(f"00000000-0000-4000-8000-{number:012d}" for number in range(1, 10**6))
        around = Around(
            texts=texts_of(Language.EN),
            outbox=self.outbox,
            now=lambda: 1_795_300_000.0 + self.now_s,
            steady=lambda: self.now_s,
            draw=lambda: 1.0,
            new_id=lambda: next(self._ids),
            show=lambda _, line, bells: self.lines.append((line, bells)),
            connect=self._connect,
            hear=lambda events: events,
        )
        self.station = Station(plan, reader, around)
        self.port = FakePort(self)
        self.station.begin(self.port)

    @property
    def link(self) -> FakeLink:
        return self.links[-1]

    def passes(self, seconds: float) -> None:
        """Time passes, in steps of a hundredth of a second."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s += 0.01
            while piece := self.line.read(self.now_s):
                self.station.port_spoke(piece)
            self.station.turn()

    def comes_up(self) -> None:
        """The port is there, the chip answers, the broker too."""
        self.station.port_opened()
        self.passes(0.5)
        self.link.events.on_up()

    def touch(self, card: Ntag21x | PlainCard, away_s: float = 0.8) -> None:
        self.line.chip.lay_on(card)
        self.passes(0.3)
        self.line.chip.take_away()
        self.passes(away_s)

    def said(self) -> list[str]:
        """What was said since it was last asked."""
        said = [line for line, _ in self.lines]
        self.lines.clear()
        return said

    def _connect(self, broker: BrokerPlan, identity: Identity, events: LinkEvents) -> FakeLink:
        assert broker is BROKER
        self.links.append(FakeLink(identity, events))
        return self.links[-1]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.outbox.close()


def answer(tap: dict[str, object], **more: object) -> bytes:
    return json.dumps({"tap_id": tap["tap_id"], "accepted": True, "checkpoint": "gate", **more}).encode()


def test_it_connects_as_itself_and_says_how_it_is(bench: Bench) -> None:
    bench.comes_up()
    assert bench.link.identity == Identity(
        "campushub-walk-1", f"{TOPIC}status", b'{"online":false}', f"{TOPIC}reply"
    )
    assert bench.said() == ["the reader is ready (PN532, firmware 1.6)", "connected to hub:1883"]
    assert bench.link.presence() == [True]
    bench.station.port_gone("unplugged", True)  # noqa: FBT003 - it was open
    bench.station.port_gone("no such file", False)  # noqa: FBT003 - it was not
    assert bench.link.presence() == [True, False]
    assert bench.said() == ["p is gone: unplugged; trying again"]
    bench.line.chip.lose_power()
    bench.station.port_opened()
    bench.passes(0.5)
    assert bench.said() == ["p is back", "the reader is ready (PN532, firmware 1.6)"]
    assert bench.link.presence() == [True, False, True]
    bench.station.end()
    assert bench.link.presence() == [True, False, True, False]
    assert (bench.link.state, bench.port.stopped) == ("closed", True)


def test_a_chip_that_falls_silent_is_off_line_and_back(bench: Bench) -> None:
    bench.comes_up()
    bench.said()
    bench.line.chip.lose_power()
    bench.passes(10.0)
    assert bench.said() == [
        "the reader does not answer: look at its wires, its power and its switches (HSU)",
        "the reader answers again",
    ]
    assert bench.link.presence() == [True, False, True]


def test_a_tap_is_on_the_disk_until_the_broker_has_it_and_its_answer_is_shown(bench: Bench) -> None:
    bench.comes_up()
    bench.touch(PlainCard(bytes.fromhex(LI.badge)))
    assert bench.said()[2:] == ["Li Qiang uses this reader now"]
    bench.touch(TAG, away_s=0.1)
    (tap,) = bench.link.taps()
    assert (tap["tag_uid"], tap["badge"], tap["source"]) == ("04A1B2C3D4E580", LI.badge, "reader")
    assert bench.outbox.count("walk-1") == 1
    bench.link.events.on_acknowledged(len(bench.link.published))
    bench.passes(0.02)
    assert bench.outbox.count("walk-1") == 0
    bench.link.events.on_message(answer(tap, accepted=False, reason="replay"))
    assert bench.lines == [("refused ✗ this read was used before", 2)]
    bench.passes(0.2)
    assert (bench.line.chip.is_high("p71"), bench.line.chip.is_high("p72")) == (True, False)


def test_an_unanswered_tap_is_sent_again_with_the_same_id(bench: Bench) -> None:
    bench.comes_up()
    bench.touch(TAG, away_s=0.1)
    bench.link.events.on_acknowledged(len(bench.link.published))
    bench.said()
    bench.passes(4 * ANSWER_WITHIN_S)
    taps = bench.link.taps()
    assert len(taps) == 3
    assert len({json.dumps(tap) for tap in taps}) == 1
    assert bench.lines == [(NEVER_ANSWERED, 2)]
    assert bench.line.chip.is_high("p71")
    bench.lines.clear()
    bench.passes(20.0)
    bench.link.events.on_message(answer(taps[0]))
    (line,) = bench.said()
    assert re.fullmatch(r"accepted ✓ gate, counts for no round \(tapped at ..:..:..\)", line)
    bench.touch(TAG, away_s=0.1)
    bench.link.events.on_acknowledged(len(bench.link.published))
    bench.passes(4 * ANSWER_WITHIN_S)
    assert bench.lines == [(UNANSWERED, 1)]


def test_without_a_broker_taps_are_kept_and_sent_later_in_order(bench: Bench) -> None:
    bench.station.port_opened()
    bench.passes(0.5)
    bench.link.events.on_down(Trouble.NOBODY_LISTENS, False)  # noqa: FBT003 - not by the broker's will
    assert (
        bench.said()[-1]
        == "cannot reach hub:1883: nobody answers there; taps are kept meanwhile, trying again"
    )
    for _ in range(3):
        bench.touch(TAG)
    assert bench.said() == ["kept; it is sent once there is a connection"] * 3
    assert len(bench.links) == 2
    bench.link.events.on_down("Connection refused", False)  # noqa: FBT003
    assert bench.said() == []
    bench.passes(5.0)
    bench.link.events.on_up()
    assert bench.said() == ["connected to hub:1883"]
    ids = [tap["tap_id"] for tap in bench.link.taps()]
    assert [str(one)[-1] for one in ids] == ["1", "2", "3"]
    for message in range(2, 5):
        bench.link.events.on_acknowledged(message)
    assert bench.said() == ["all sent that was kept: 3"]
    bench.passes(0.02)
    assert bench.outbox.count("walk-1") == 0


def test_a_broker_that_refuses_is_told_from_one_that_is_away(bench: Bench) -> None:
    bench.station.port_opened()
    bench.passes(0.1)
    bench.link.events.on_down("Not authorized", True)  # noqa: FBT003 - by the broker
    bench.passes(3.0)
    bench.link.events.on_down("Not authorized", True)  # noqa: FBT003
    bench.passes(10.0)
    bench.link.events.on_down("No route to host", False)  # noqa: FBT003
    told = [line for line in bench.said() if "hub:1883" in line]
    assert [line.split(": ")[0] for line in told] == [
        "hub:1883 refuses to let us in",
        "cannot reach hub:1883",
    ]


def test_what_cannot_be_kept_is_said_so_in_red(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limit=1)
    bench.station.port_opened()
    bench.passes(0.5)
    bench.touch(TAG)
    bench.lines.clear()
    bench.line.chip.lay_on(TAG)
    bench.passes(0.3)
    assert bench.lines == [
        ("NOT kept: too many taps wait already (1); tap with a phone, and tell the administrator", 2)
    ]
    assert bench.line.chip.is_high("p71")
    bench.outbox.close()
    bench.line.chip.take_away()
    bench.passes(0.8)
    bench.lines.clear()
    bench.touch(TAG)
    assert bench.lines[0][0].startswith("NOT kept: ")


def test_a_reader_with_a_guard_of_its_own_says_whose_it_is(tmp_path: Path) -> None:
    bench = Bench(tmp_path, guard=ZHANG)
    bench.comes_up()
    bench.said()
    bench.touch(PlainCard(bytes.fromhex(LI.badge)))
    bench.touch(PlainCard(bytes.fromhex(ZHANG.badge)))
    assert bench.said() == [
        "the badge of Li Qiang; this reader is always Zhang Wei's",
        "Zhang Wei uses this reader now",
    ]
    bench.touch(TAG)
    assert [tap["badge"] for tap in bench.link.taps()] == [ZHANG.badge]
    bench.outbox.close()


def test_what_is_no_reply_says_nothing(bench: Bench) -> None:
    bench.comes_up()
    bench.said()
    for payload in (b"", b"{}", b"\xff", b'{"tap_id":"x","accepted":true}'):
        bench.link.events.on_message(payload)
    assert bench.said() == []


def test_a_connection_that_is_lost_at_once_is_tried_ever_more_rarely(bench: Bench) -> None:
    bench.station.port_opened()
    for _ in range(5):
        bench.passes(0.02)
        links = len(bench.links)
        bench.link.events.on_up()
        bench.link.events.on_down(Trouble.BROKEN_OFF, False)  # noqa: FBT003
        while len(bench.links) == links:
            bench.passes(0.1)
    assert bench.now_s - 1000.0 > 1 + 2 + 4 + 8 + 16
    bench.link.events.on_up()
    bench.passes(31.0)
    began_s, links = bench.now_s, len(bench.links)
    bench.link.events.on_down(Trouble.BROKEN_OFF, False)  # noqa: FBT003
    while len(bench.links) == links:
        bench.passes(0.1)
    assert bench.now_s - began_s < 2.0
