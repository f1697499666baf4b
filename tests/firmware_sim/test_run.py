"""A whole simulated campus on a fake network and a stepped clock."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from devices.facts import Kind
from firmware_sim.dialects import Message
from firmware_sim.plan import SimPlan, SimulationError, Words
from firmware_sim.run import Progress, Summary, simulate_on
from firmware_sim.scenario import Scenario, load, parse
from tests.firmware_sim.fakes import NOON_S, FakeNetwork, SteppedClock, device, small_campus

COLD_1 = "campus/school/fridge/cold-1/reading"
TAPS = "campus/school/checkpoint/reader-1/tap"


@dataclass
class Played:
    """What came out of one run."""

    summary: Summary
    network: FakeNetwork
    progress: list[Progress]
    ended_s: float

    @property
    def published(self) -> list[Message]:
        return self.network.published

    def bodies(self, topic: str) -> list[dict[str, object]]:
        """Every object that was published on a topic, those in arrays too."""
        found: list[dict[str, object]] = []
        for body in self.network.on(topic):
            decoded = json.loads(body)
            found.extend(decoded if isinstance(decoded, list) else [decoded])
        return found


def play(
    scenario: Scenario | str = "normal-day",
    seconds: float = 600,
    *,
    plan: SimPlan | None = None,
    speed: float = 1,
    seed: int = 1,
) -> Played:
    clock = SteppedClock()
    network = FakeNetwork(clock)
    progress: list[Progress] = []
    summary = simulate_on(
        network,
        plan or small_campus(),
        load(scenario) if isinstance(scenario, str) else scenario,
        speed=speed,
        seed=seed,
        duration_s=seconds,
        clock=clock,
        progress=progress.append,
        stop=threading.Event(),
    )
    return Played(summary, network, progress, clock())


def scenario(*actions: str) -> Scenario:
    tables = "\n".join(f"[[actions]]\n{action}" for action in actions)
    return parse("test", f'title = {{ zh = "测试", en = "Test" }}\n{tables}')


def instant(body: dict[str, object]) -> float:
    at = body["at"]
    return datetime.fromisoformat(at).timestamp() if isinstance(at, str) else float(str(at))


def test_two_runs_with_the_same_seed_publish_the_same_payloads() -> None:
    assert play("demo").published == play("demo").published


def test_another_seed_publishes_other_payloads() -> None:
    assert play("demo", seed=1).published != play("demo", seed=2).published


def test_another_device_changes_nothing_of_what_the_first_ones_say() -> None:
    more = small_campus()
    more = replace(more, devices=(device("new", Kind.METER), *more.devices))
    assert play(plan=more).bodies(COLD_1) == play().bodies(COLD_1)


def test_a_normal_day_loses_nothing_and_every_device_is_heard() -> None:
    played = play()
    counts = played.summary.counts
    assert counts.acknowledged == counts.made == counts.published > 300
    assert (counts.queued, counts.dropped, counts.reconnects) == (0, 0, 0)
    assert counts.connected == counts.devices == 6
    assert played.summary.completed
    topics = {message.topic for message in played.published}
    assert {COLD_1, TAPS, "zigbee2mqtt/cold-2", "tele/canteen/SENSOR", "tele/meter-boiler/SENSOR"} <= topics


def test_an_open_round_is_walked_within_minutes_and_the_taps_name_their_tags() -> None:
    taps = play().bodies(TAPS)
    assert list(dict.fromkeys(str(tap["tag_uid"]) for tap in taps)) == ["04A1B2C3D4E580", "04C3D4E5F60718"]
    assert {(tap["badge"], tap["source"]) for tap in taps} == {("9F3A5C21", "reader")}
    assert instant(taps[-1]) < NOON_S + 240


def test_a_round_that_opens_later_is_walked_in_its_window() -> None:
    played = play(seconds=13 * 3600, speed=600)
    began_s = NOON_S - 13 * 3600 * (1 - 1 / 600)  # 23:01 the day before: the night round is open
    taps = [instant(tap) for tap in played.bodies(TAPS)]
    assert taps[0] < began_s + 30
    assert any(NOON_S - 1800 <= tap <= NOON_S for tap in taps)


@pytest.mark.parametrize("speed", [1, 3, 60])
def test_no_stamp_lies_ahead_of_the_real_now_and_a_fast_run_ends_at_it(speed: float) -> None:
    played = play(seconds=900, speed=speed)
    stamps = [instant(body) for body in played.bodies(COLD_1)]
    assert max(stamps) <= played.ended_s
    assert played.ended_s - max(stamps) < 25
    assert stamps == sorted(stamps)


def test_the_demonstrations_fridge_crosses_8_degrees_within_a_minute_and_comes_back() -> None:
    bodies = play("demo", seconds=1000).bodies(COLD_1)
    by_second = {instant(body) - NOON_S: float(str(body["temperature_c"])) for body in bodies}
    assert max(value for second, value in by_second.items() if second < 75) < 8
    assert max(value for second, value in by_second.items() if second < 140) > 8
    assert min(value for second, value in by_second.items() if 300 < second < 375) > 8
    assert max(value for second, value in by_second.items() if second > 700) < 8


def test_a_skipped_round_is_not_tapped_and_is_told_in_both_languages() -> None:
    played = play("round-missed")
    assert played.bodies(TAPS) == []
    assert played.summary.happenings[0].words == Words("没有人走巡更 noon", "Nobody walks round noon")


def test_a_round_can_be_broken_off() -> None:
    played = play(scenario('at = "30s"\naction = "skip_round"'))
    assert {tap["tag_uid"] for tap in played.bodies(TAPS)} == {"04A1B2C3D4E580"}


def test_a_checkpoint_can_be_left_out() -> None:
    played = play(scenario('at = "0s"\naction = "skip_checkpoint"'))
    assert len({tap["tag_uid"] for tap in played.bodies(TAPS)}) == 1


def test_a_walk_can_be_late_slow_backwards_and_with_anothers_badge() -> None:
    played = play(
        scenario(
            'at = "0s"\naction = "start_late"\nvalue = 300',
            'at = "0s"\naction = "pace"\nvalue = 100',
            'at = "0s"\naction = "go_backwards"',
            'at = "0s"\naction = "lend_badge"',
        )
    )
    taps = {str(tap["tag_uid"]): tap for tap in played.bodies(TAPS)}
    assert list(taps) == ["04C3D4E5F60718", "04A1B2C3D4E580"]
    first_s, second_s = (instant(tap) for tap in taps.values())
    assert NOON_S + 300 <= first_s < NOON_S + 310
    assert 75 < second_s - first_s < 115
    assert "9F3A5C21" not in {tap["badge"] for tap in taps.values()}


def test_what_a_walk_does_differently_it_does_once() -> None:
    played = play(scenario('at = "0s"\naction = "go_backwards"'), seconds=13 * 3600, speed=600)
    walks = [str(tap["tag_uid"]) for tap in played.bodies(TAPS)]
    night = ["04C3D4E5F60718", "04A1B2C3D4E580"]
    assert list(dict.fromkeys(walks[:2])) == night[::-1]
    assert list(dict.fromkeys(walks[-2:])) == night[::-1]  # the noon round, as it is planned


def test_a_strange_tag_is_read_before_the_next() -> None:
    first, *others = play(scenario('at = "0s"\naction = "strange_tag"')).bodies(TAPS)
    assert first["tag_uid"] not in {"04A1B2C3D4E580", "04C3D4E5F60718"}
    assert {str(tap["tag_uid"]) for tap in others} == {"04A1B2C3D4E580", "04C3D4E5F60718"}


def test_a_clock_can_be_set_wrong_or_lost() -> None:
    ahead = play(scenario('at = "0s"\naction = "set_clock"\ndevice = "reader-1"\nvalue = 3600'))
    assert all(instant(tap) > NOON_S + 3_600 for tap in ahead.bodies(TAPS))
    lost = play(scenario('at = "0s"\naction = "set_clock"\ndevice = "first:checkpoint"'))
    assert all(0 <= instant(tap) < 600 for tap in lost.bodies(TAPS))


def test_in_a_power_cut_meters_go_by_their_last_will_and_battery_thermometers_watch_the_warming() -> None:
    played = play(scenario('at = "1m"\naction = "power_cut"'), seconds=3600)
    assert played.network.on("campus/school/meter/main/status")[-1] == '{"online":false}'
    assert played.network.on("tele/meter-boiler/LWT")[-1] == "Offline"
    assert max(map(instant, played.bodies("campus/school/meter/main/reading"))) < NOON_S + 60
    assert float(str(played.bodies(COLD_1)[-1]["temperature_c"])) > 8


def test_when_the_power_is_back_a_meter_is_a_new_boot_and_its_counter_goes_on() -> None:
    played = play(
        scenario('at = "1m"\naction = "power_cut"', 'at = "3m"\naction = "power_back"'), seconds=300
    )
    readings = played.bodies("campus/school/meter/main/reading")
    energies = [float(str(reading["energy_kwh"])) for reading in readings]
    assert energies == sorted(energies)
    assert len({reading["boot"] for reading in readings}) == 2


def test_a_device_off_line_delivers_everything_later() -> None:
    played = play(
        scenario(
            'at = "1m"\naction = "go_offline"\ndevice = "cold-1"',
            'at = "4m"\naction = "come_back"\ndevice = "cold-1"',
        )
    )
    sequence = [int(str(body["seq"])) for body in played.bodies(COLD_1)]
    assert played.summary.counts.dropped == 0
    assert len(sequence) == 60
    assert max(len(json.loads(body)) for body in played.network.on(COLD_1) if body[0] == "[") >= 17


def test_other_faults_reach_the_payloads() -> None:
    played = play(
        scenario(
            'at = "1m"\naction = "sensor_fault"\ndevice = "cold-1"\nvalue = -127',
            'at = "1m"\naction = "fail"\ndevice = "main"',
            'at = "1m"\naction = "open_door"\ndevice = "cold-1"',
        )
    )
    last = played.bodies(COLD_1)[-1]
    assert (last["temperature_c"], last["door_open"]) == (-127.0, True)
    leak = played.bodies("campus/school/meter/main/reading")[-1]["residual_current_ma"]
    assert 300 < float(str(leak)) < 500


def test_progress_is_told_about_once_a_second() -> None:
    progress = play(seconds=60).progress
    assert 50 <= len(progress) <= 62
    assert progress[-1].simulated_s == 60
    assert progress[-1].counts.made >= progress[0].counts.made


def test_a_stopped_run_says_that_it_was_not_completed() -> None:
    clock = SteppedClock()
    stop = threading.Event()
    summary = simulate_on(
        FakeNetwork(clock),
        small_campus(),
        load("demo"),
        speed=1,
        seed=1,
        duration_s=None,
        clock=clock,
        progress=lambda progress: stop.set() if progress.simulated_s > 30 else None,
        stop=stop,
    )
    assert not summary.completed
    assert 30 < summary.simulated_s < 33


def test_a_plan_and_a_scenario_that_make_no_sense_are_refused_with_every_fault() -> None:
    plan = small_campus()
    broken = replace(plan, reader="cold-1", devices=(*plan.devices, device("main", interval_s=0)))
    with pytest.raises(SimulationError) as caught:
        play(plan=broken)
    assert len(caught.value.faults) == 3
    with pytest.raises(SimulationError, match="'oven', which is not planned"):
        play(scenario('at = "1m"\naction = "fail"\ndevice = "oven"'))
    with pytest.raises(SimulationError, match="speed 0 is not positive"):
        play(speed=0)
