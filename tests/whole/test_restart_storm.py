"""A hub that was down for half an hour on a campus of 200 devices that went on speaking.

The broker is a real one and keeps everything; the hub is a real one whose clock the test steps, so that an
hour passes in seconds. Minute 0 is its first start. Devices measure by the same time.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections import defaultdict
from pathlib import Path
from typing import Final

import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices.facts import Reading
from hub.alerts import desk, keeping
from hub.book import journal
from hub.book.model import Alert, AlertChanged
from hub.config.load import load
from hub.config.model import Campus
from hub.log.reader import LogReader
from hub.main import Hub
from rules.life import Change
from tests.real import free_port
from tests.real.mosquitto import mosquitto
from tests.whole.hub_process import wait_until
from tests.whole.stepped_clock import Clock

DEVICES: Final = 200
DOWN: Final = 15  # minutes: when the hub ends …
BACK: Final = 45  # … and when it is there again
BOUND: Final = 50  # when the last fridges have found the way to the broker again
END: Final = 70
MINUTE_MS: Final = 60_000
STEP_MS: Final = 10_000  # a hub that missed more than three ticks would begin to listen anew
FIRST_MS: Final = 1_795_302_000_000  # Sunday 22 November 2026, 07:00 in Shanghai
WARM: Final = "cold.chilled.warm"  # above 8 °C for 10 minutes; over after 2 minutes at 7 °C or less
SILENT: Final = "device.silent.cold"  # after 15 minutes of listening in vain

CAMPUS: Final = """\
[site]
id = "s"
name = "storm"
zone = "Asia/Shanghai"
[broker]
embedded = false
port = {port}
[storage]
folder = "data"
[storage.history]
kind = "duckdb"
[web]
port = {web_port}
[[area]]
id = "canteen"
name = "canteen"
[[person]]
id = "admin"
name = "admin"
role = "admin"
[[person]]
id = "cook"
name = "cook"
role = "canteen"
"""
DEVICE: Final = """\
[[device]]
id = "{id}"
name = "{id}"
kind = "fridge"
storing = "chilled"
area = "canteen"
owner = "cook"
interval = "1m"
"""


# --- what happens -----------------------------------------------------------------------------------------


class Story(msgspec.Struct, frozen=True):
    """What one fridge lives through: when it is warm (minutes, the last excluded), its last word, and whether
    it was cut off together with the hub, and brings in one array what it measured meanwhile."""

    device: str
    warm: tuple[int, int] | None = None
    last: int = END - 1
    cut_off: bool = False

    def celsius(self, minute: int) -> float:
        return 12.0 if self.warm is not None and minute in range(*self.warm) else 4.0

    def changes(self) -> list[tuple[Change, int]]:
        """What the rule has to say, by its own text, and in which minute by the fridge's own clock."""
        if self.warm is None:
            return []
        start, end = self.warm
        raised, cleared = start + 10, end + 2
        if min(end - 1, self.last) < raised:
            return []
        if self.last < cleared:
            return [(Change.RAISED, raised)]
        return [(Change.RAISED, raised), (Change.CLEARED, cleared)]


def stories() -> list[Story]:
    """First those with a part of their own, then a crowd with warm stretches of every length, everywhere."""
    told = [
        Story("warm-all-the-time", (2, 999)),
        Story("ended-meanwhile", (2, 25)),
        Story("pending-at-the-stop", (8, 35)),
        Story("all-of-it-meanwhile", (18, 31)),
        Story("too-short-to-tell", (16, 26)),
        Story("just-long-enough", (16, 27)),
        Story("across-the-restart", (40, 58)),
        Story("after-the-restart", (50, 63)),
        Story("dead-before-the-stop", last=10),
        Story("dead-meanwhile", last=20),
        Story("dead-while-warm", (3, 999), last=30),
    ]
    for number in range(DEVICES - len(told)):
        start = 1 + number % 56
        warm = (start, start + 5 + number % 17) if number % 3 else None
        told.append(Story(f"crowd-{number}", warm, cut_off=number % 4 == 0))
    return told


STORIES: Final = {story.device: story for story in stories()}


def reading(story: Story, minute: int) -> dict[str, object]:
    return {
        "at": FIRST_MS // 1000 + minute * 60,
        "boot": "b1",
        "seq": minute,
        "temperature_c": story.celsius(minute),
    }


class Fridges:
    """All of them, on one connection. Whatever they say, the broker has it when they have said it."""

    def __init__(self, port: int) -> None:
        self.measured = 0  # how many readings there are by now, each counted once
        self._acknowledged = threading.Semaphore(0)
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(10_000)
        self._client.on_publish = lambda *_: self._acknowledged.release()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def speak(self, minute: int) -> None:
        """Each says what it measured in this minute; those that are cut off remember it."""
        speakers = [s for s in STORIES.values() if minute <= s.last]
        if DOWN <= minute < BOUND:
            speakers = [s for s in speakers if not s.cut_off]
        self.measured += len(speakers)
        self._publish({story.device: reading(story, minute) for story in speakers})

    def bring_what_they_remember(self) -> None:
        """All of it in one array, and for certainty what they had sent just before."""
        tellers = [story for story in STORIES.values() if story.cut_off]
        self.measured += len(tellers) * (BOUND - DOWN)
        self._publish({s.device: [reading(s, minute) for minute in range(DOWN - 5, BOUND)] for s in tellers})

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, said: dict[str, object]) -> None:
        for device, payload in said.items():
            self._client.publish(f"campus/s/fridge/{device}/reading", json.dumps(payload), qos=1)
        for _ in said:
            assert self._acknowledged.acquire(timeout=20)


# --- the hub ----------------------------------------------------------------------------------------------


class Running:
    """The hub, by a clock that the test steps, and its alert book."""

    def __init__(self, campus: Campus, clock: Clock, fridges: Fridges) -> None:
        self._clock = clock
        self._fridges = fridges
        self.hub = Hub(campus, clock)
        self._log = LogReader(campus.storage.folder / "log.sqlite")
        self._looked_to = self._readings = 0
        self.hub.start()
        wait_until(lambda: self.hub.health().listening_since_ms)

    def live(self, minutes: range) -> None:
        """Time passes; at the beginning of each minute the fridges speak."""
        for minute in minutes:
            self._fridges.speak(minute)
            self.catch_up()
            for _ in range(0, MINUTE_MS, STEP_MS):
                self._clock.step(self.hub, self._clock.now_ms + STEP_MS)
        self.catch_up()

    def catch_up(self) -> None:
        """Returns once all that was measured is in the log, and judged."""
        wait_until(self._has_all_readings, within_s=30)
        wait_until(lambda: self.hub.health().alerts_behind == 0, within_s=30)

    def stop(self) -> None:
        self._log.close()
        self.hub.stop()

    def acknowledge(self, device: str) -> None:
        alert = self.alerts()[(WARM, device)]
        taken = desk.acknowledge(self.hub.book, alert.id, "cook", "moving the food", self._clock())
        assert isinstance(taken, Alert)

    def alerts(self) -> dict[tuple[str, str], Alert]:
        """Every alert; there must be one at most of each rule and device."""
        with self.hub.book.reading() as session:
            alerts = keeping.recent(session, 10_000)
        found = {(alert.rule, alert.subject): alert for alert in alerts}
        assert len(found) == len(alerts)
        return found

    def said(self, rule: str) -> dict[str, list[tuple[Change, int]]]:
        """All that the book ever recorded about a rule, by device, with the time that it is said for."""
        found: dict[str, list[tuple[Change, int]]] = defaultdict(list)
        with self.hub.book.reading() as session:
            for recorded in journal.after(session, 0, 100_000):
                changed = recorded.decision
                if isinstance(changed, AlertChanged) and changed.rule == rule:
                    found[changed.subject].append((changed.change, changed.at_ms))
        return dict(found)

    def _has_all_readings(self) -> bool:
        for logged in self._log.after(self._looked_to, 10**6):
            self._looked_to = logged.seq
            self._readings += isinstance(logged.fact, Reading)
        return self._readings == self._fridges.measured


def campus_in(folder: Path, broker_port: int) -> Campus:
    text = CAMPUS.format(port=broker_port, web_port=free_port())
    path = folder / "campus.toml"
    path.write_text(text + "".join(DEVICE.format(id=id_) for id_ in STORIES), encoding="utf-8")
    return load(path, {})


def ms(minute: int) -> int:
    return FIRST_MS + minute * MINUTE_MS


# --- the storm --------------------------------------------------------------------------------------------


@pytest.mark.real("mosquitto")
@pytest.mark.parametrize("power_cut", [False, True], ids=["stopped", "power cut"])
def test_a_hub_that_was_down_for_half_an_hour_tells_what_it_would_have_told(
    tmp_path: Path, power_cut: bool
) -> None:
    with mosquitto(tmp_path / "mosquitto") as broker:
        campus = campus_in(tmp_path, broker.port)
        clock, fridges = Clock(FIRST_MS), Fridges(broker.port)
        before = Running(campus, clock, fridges)
        before.live(range(DOWN))
        before.acknowledge("warm-all-the-time")
        before.acknowledge("ended-meanwhile")
        as_cut = tmp_path / "as-cut"
        shutil.copytree(campus.storage.folder, as_cut)
        before.stop()
        if power_cut:  # what a hub does when it ends is undone
            shutil.rmtree(campus.storage.folder)
            as_cut.rename(campus.storage.folder)

        for minute in range(DOWN, BACK):
            fridges.speak(minute)
        clock.set(ms(BACK))
        after = Running(campus, clock, fridges)
        try:
            after.catch_up()
            assert after.hub.health().listening_since_ms == ms(BACK)
            after.live(range(BACK, BOUND))
            fridges.bring_what_they_remember()
            after.live(range(BOUND, END))
            check_warmth(after)
            check_silence(after)
            assert sum(after.hub.counts.letters.values()) == 0
        finally:
            after.stop()
            fridges.close()


def check_warmth(hub: Running) -> None:
    """Each excursion once, with its own times; what was taken on before is taken on."""
    told = hub.said(WARM)
    acknowledged = {"warm-all-the-time", "ended-meanwhile"}
    for device, story in STORIES.items():
        expected = [(change, ms(minute)) for change, minute in story.changes()]
        if device in acknowledged:
            expected.insert(1, (Change.ACKNOWLEDGED, ms(DOWN)))
        assert told.pop(device, []) == expected, device
    assert told == {}

    alerts = hub.alerts()
    for device, story in STORIES.items():
        if not (changes := dict(story.changes())):
            assert (WARM, device) not in alerts
            continue
        assert story.warm is not None
        alert = alerts[(WARM, device)]
        assert (alert.since_ms, alert.raised_at_ms) == (ms(story.warm[0]), ms(story.warm[0] + 10))
        cleared = changes.get(Change.CLEARED)
        assert alert.cleared_at_ms == (None if cleared is None else ms(cleared))
        assert alert.active == (cleared is None)
        assert alert.acknowledged == (device in acknowledged)
        assert alert.acknowledged_by == ("cook" if device in acknowledged else "")


def check_silence(hub: Running) -> None:
    """The dead ones and nobody else, after the hub that is back has listened long enough in vain."""
    raised = [(Change.RAISED, ms(BACK + 15) + STEP_MS)]
    dead = {story.device for story in STORIES.values() if story.last < END - 1}
    assert hub.said(SILENT) == dict.fromkeys(dead, raised)
    alerts = hub.alerts()
    since = {device: alerts[(SILENT, device)].since_ms for device in dead}
    # The hub heard the last two when it came back: until then their words had waited at the broker.
    assert since == {"dead-before-the-stop": ms(10), "dead-meanwhile": ms(BACK), "dead-while-warm": ms(BACK)}
    assert {rule for rule, _ in alerts} == {WARM, SILENT}
