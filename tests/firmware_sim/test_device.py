"""One device on a network that comes and goes."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

from devices.facts import Kind
from firmware_sim.cold import ColdUnit
from firmware_sim.device import Device
from firmware_sim.dialects import Measured
from firmware_sim.dice import dice
from firmware_sim.firmware import QUEUE_CAPACITY, NativeFirmware, TasmotaFirmware, boards
from firmware_sim.plan import Dialect, SimDevice
from tests.firmware_sim.fakes import NOON_S, SHANGHAI, FakeNetwork, SteppedClock, device, small_campus

READING = "campus/school/fridge/cold-1/reading"
STATUS = "campus/school/fridge/cold-1/status"


class Bench:
    """One native fridge on a fake network."""

    def __init__(self, planned: SimDevice | None = None) -> None:
        self.planned = planned or device("cold-1", storing="chilled")
        self.clock = SteppedClock()
        self.network = FakeNetwork(self.clock)
        self.firmware = NativeFirmware("school", SHANGHAI, self.planned, 100, NOON_S)
        self.device = Device(self.firmware, self.network, dice(1))
        self.unit = ColdUnit("chilled", dice(1))

    def report(self) -> None:
        measured = (Measured(self.planned, self.unit.measure()),)
        self.device.send(self.firmware.report(self.clock(), measured))

    def run(self, seconds: float) -> None:
        until_s = self.clock() + seconds
        while self.clock() < until_s:
            self.device.tend(self.clock(), self.clock())
            self.network.pump(0.05)


def test_it_says_that_it_is_there_before_it_reports() -> None:
    bench = Bench()
    bench.report()
    bench.run(2)
    assert [message.topic for message in bench.network.published] == [STATUS, READING]
    assert bench.device.outbox.acknowledged == 1


def test_sequence_numbers_rise_by_one_within_one_boot() -> None:
    bench = Bench()
    bench.run(2)
    for _ in range(5):
        bench.report()
    bodies = [json.loads(message.body) for message in bench.network.published]
    assert [body["seq"] for body in bodies] == [1, 2, 3, 4, 5, 6]
    assert {body["boot"] for body in bodies} == {100}


def test_a_backlog_is_delivered_as_an_array_when_the_broker_returns() -> None:
    bench = Bench()
    bench.run(2)
    bench.network.lose()
    for _ in range(3):
        bench.report()
        bench.run(10)
    bench.network.away = False
    bench.run(60)
    backlog = json.loads(bench.network.on(READING)[0])
    assert [body["seq"] for body in backlog] == [2, 3, 4]
    assert bench.device.outbox.acknowledged == 3
    assert bench.device.reconnects == 1


def test_the_backlog_is_bounded_and_keeps_the_newest() -> None:
    bench = Bench()
    bench.network.away = True
    for _ in range(QUEUE_CAPACITY + 40):
        bench.report()
    bench.network.away = False
    bench.run(60)
    backlog = [seq["seq"] for seq in json.loads(bench.network.on(READING)[0])]
    assert len(backlog) == QUEUE_CAPACITY
    assert backlog[-1] == QUEUE_CAPACITY + 40
    assert bench.device.outbox.dropped == 40


def test_a_reading_that_was_never_acknowledged_is_sent_again_with_the_same_key() -> None:
    bench = Bench()
    bench.run(2)
    bench.network.acknowledges = False
    bench.report()
    bench.run(2)
    bench.network.lose()
    bench.network.away, bench.network.acknowledges = False, True
    bench.run(60)
    first, second = (json.loads(body) for body in bench.network.on(READING))
    assert (first["boot"], first["seq"]) == (second["boot"], second["seq"])
    assert bench.device.outbox.queued == 0


def test_reconnecting_waits_longer_and_longer_but_not_for_ever_and_jitters() -> None:
    bench = Bench()
    bench.network.away = True
    bench.run(1200)
    gaps = [b - a for a, b in pairwise(bench.network.attempts)]
    assert 40 < len(gaps) < 400
    assert max(gaps) <= 31
    assert len(set(gaps)) > 10
    assert bench.device.trouble == "Connection refused"


def test_a_device_without_its_network_leaves_its_last_will_and_goes_on_measuring() -> None:
    bench = Bench()
    bench.run(2)
    bench.device.cut()
    bench.report()
    bench.run(60)
    assert bench.network.on(STATUS)[-1] == '{"online":false}'
    assert bench.device.outbox.queued == 1
    bench.device.restore()
    bench.run(2)
    assert bench.device.outbox.acknowledged == 1


def test_a_power_cut_forgets_the_queue_and_begins_a_new_boot() -> None:
    bench = Bench()
    bench.run(2)
    bench.network.acknowledges = False
    bench.report()
    bench.device.power_off()
    assert bench.device.outbox.dropped == 1
    bench.network.acknowledges = True
    bench.device.power_on()
    bench.run(2)
    assert json.loads(bench.network.on(STATUS)[-1]) == {
        "online": True,
        "at": "2026-09-28T12:00:02.000+08:00",
        "boot": 101,
        "seq": 1,
    }


def test_an_orderly_leave_says_goodbye() -> None:
    bench = Bench()
    bench.run(2)
    bench.device.leave()
    assert bench.network.on(STATUS)[-1] == '{"online":false}'
    assert not bench.network.links
    bench.run(5)
    assert len(bench.network.attempts) == 1


def test_a_wrong_clock_is_wrong_by_its_error_and_its_drift() -> None:
    bench = Bench(replace(device("cold-1", storing="chilled"), clock_error_s=-3600, clock_ppm=50_000))
    bench.clock.now_s += 100
    bench.run(2)
    assert json.loads(bench.network.on(STATUS)[0])["at"] == "2026-09-28T11:01:45.000+08:00"


def test_a_reader_counts_the_hubs_replies() -> None:
    bench = Bench(device("reader-1", Kind.CHECKPOINT))
    bench.run(2)
    (link,) = bench.network.links
    assert link.identity.listens_to == ("campus/school/checkpoint/reader-1/reply",)
    link.events.on_message("campus/school/checkpoint/reader-1/reply", b"{}")
    assert bench.device.replies == 1


def test_a_makers_board_keeps_only_the_latest_while_it_is_offline() -> None:
    assert TasmotaFirmware("school", SHANGHAI, "canteen").outbox().queued == 0
    clock = SteppedClock()
    network = FakeNetwork(clock)
    firmware = TasmotaFirmware("school", SHANGHAI, "canteen")
    board = Device(firmware, network, dice(1))
    for _ in range(3):
        board.send(firmware.report(clock(), ()))
    assert (board.outbox.queued, board.outbox.dropped) == (1, 2)


def test_tasmota_devices_with_one_topic_share_a_board() -> None:
    one = SimDevice("a", Kind.FRIDGE, Dialect.TASMOTA, "canteen", "AA", 60, "chilled")
    two = replace(one, id="b", sensor="BB")
    assert boards((one, device("c"), two)) == ((one, two), (device("c"),))
    assert len(boards(small_campus().devices)) == 6
