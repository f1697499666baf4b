"""What is judged of rounds, from a reader's tap over a real broker to the alert book: just that, no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.model import RoundState
from tests.whole.patrol_hub import DAY, MORNING, PatrolHub, patrol_hub

pytestmark = pytest.mark.real("mosquitto")

RUN = f"morning@{DAY}"
IN_ORDER = (("06:05", "gate"), ("06:15", "library"), ("06:25", "boiler"))
FIXED = """\
[[route]]
id = "closing"
name = "Closing"
order = "fixed"
checkpoints = ["gate", { id = "library", least = "2m", most = "20m" }, { id = "boiler", earliest = "20m" }]
[[round]]
id = "morning"
name = "Morning"
starts = "06:00"
ends = "08:00"
guard = "zhang-wei"
route = "closing"
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PatrolHub]:
    with patrol_hub(tmp_path) as world:
        yield world


@pytest.fixture
def fixed(tmp_path: Path) -> Iterator[PatrolHub]:
    with patrol_hub(tmp_path, FIXED) as world:
        yield world


def test_a_calm_round_raises_nothing(world: PatrolHub) -> None:
    world.walks(*IN_ORDER)
    world.passes("08:20")
    assert world.alerts() == set()
    assert world.state() == ("completed", 3)
    assert [beep.green for beep in world.reader.beeps] == [True, True, True]


def test_a_calm_round_of_a_fixed_route_raises_nothing(fixed: PatrolHub) -> None:
    fixed.walks(*IN_ORDER)
    fixed.passes("08:20")
    assert fixed.alerts() == set()
    assert fixed.state() == ("completed", 3)


def test_a_round_that_nobody_began_is_said_in_time_and_missed_at_last(world: PatrolHub) -> None:
    world.passes("06:09")
    assert (world.alerts(), world.state()) == (set(), ("due", 0))
    world.passes("06:10")
    assert world.alerts() == {("patrol.not-started", RUN, "active")}
    world.passes("08:15")
    assert world.alerts() == {
        ("patrol.not-started", RUN, "closed"),
        ("patrol.round-incomplete", RUN, "active"),
    }
    assert world.state() == ("missed", 0)


def test_a_late_start(world: PatrolHub) -> None:
    world.passes("06:10")
    world.walks(("06:20", "gate"), ("06:30", "library"), ("06:40", "boiler"))
    world.passes("08:20")
    assert world.alerts() == {
        ("patrol.not-started", RUN, "closed"),
        ("patrol.late-start", RUN, "active"),
    }
    assert world.state() == ("completed", 3)


def test_a_round_that_lacks_a_checkpoint(world: PatrolHub) -> None:
    world.walks(*IN_ORDER[:2])
    world.passes("08:14")
    assert (world.alerts(), world.state()) == (set(), ("in_progress", 2))
    world.passes("08:15")
    assert world.alerts() == {("patrol.round-incomplete", RUN, "active")}
    assert world.state() == ("incomplete", 2)


def test_a_tap_after_the_end_and_within_the_grace_is_late_and_no_alert(world: PatrolHub) -> None:
    world.walks(*IN_ORDER[:2], ("08:10", "boiler"))
    world.passes("08:20")
    assert world.alerts() == set()
    assert world.state() == ("completed_late", 3)


def test_a_fixed_route_walked_in_another_order(fixed: PatrolHub) -> None:
    fixed.walks(("06:05", "library"), ("06:10", "gate"), ("06:25", "boiler"))
    fixed.passes("08:20")
    assert fixed.alerts() == {("patrol.out-of-order", RUN, "active")}
    assert fixed.state() == ("completed", 3)


def test_too_fast_between_two_checkpoints(fixed: PatrolHub) -> None:
    fixed.walks(("06:05", "gate"), ("06:06", "library"), ("06:25", "boiler"))
    fixed.passes("08:20")
    assert fixed.alerts() == {("patrol.too-fast", RUN, "active")}
    assert fixed.state() == ("completed", 3)


def test_too_slow_between_two_checkpoints(fixed: PatrolHub) -> None:
    fixed.walks(("06:05", "gate"), ("06:26", "library"), ("06:30", "boiler"))
    fixed.passes("08:20")
    assert fixed.alerts() == {("patrol.too-slow", RUN, "active")}
    assert fixed.state() == ("completed", 3)


def test_a_checkpoint_passed_outside_its_own_time_only(fixed: PatrolHub) -> None:
    fixed.walks(("06:05", "gate"), ("06:10", "library"), ("06:15", "boiler"))
    fixed.passes("08:20")
    assert fixed.alerts() == {("patrol.off-time", RUN, "active")}
    assert fixed.state() == ("completed", 3)


def test_somebody_whose_round_it_is_not(world: PatrolHub) -> None:
    world.walks(*IN_ORDER[:2])
    (beep,) = world.taps("06:25", "boiler", "li-qiang")
    world.passes("08:20")
    assert world.alerts() == {("patrol.wrong-person", RUN, "active")}
    assert world.state() == ("completed", 3)
    assert (beep.green, beep.words.en) == (True, "green: boiler, counts for no round")


def test_a_tag_that_hangs_nowhere(world: PatrolHub) -> None:
    (beep,) = world.taps("06:02", "gate", tag_uid="04EEEEEEEEEE80")
    assert (beep.green, beep.words.en) == (False, "red: no checkpoint has this tag")
    assert world.alerts() == {("patrol.tag-unknown", "reader-1", "active")}
    assert world.state() == ("due", 0)
    world.walks(*IN_ORDER)
    world.passes("08:20")
    assert world.alerts() == {("patrol.tag-unknown", "reader-1", "over")}
    assert world.state() == ("completed", 3)


def test_the_same_tag_within_a_minute_is_one_tap(world: PatrolHub) -> None:
    world.walks(("06:05:00", "gate"), ("06:05:20", "gate"), ("06:05:50", "gate"), ("06:07", "gate"))
    assert world.state() == ("in_progress", 1)
    world.walks(*IN_ORDER[1:])
    world.passes("08:20")
    seconds = [visit.at_ms % 3_600_000 // 1_000 for visit in world.run("morning").visits]
    assert seconds == [300, 420, 900, 1_500]
    assert world.alerts() == set()
    assert world.state() == ("completed", 3)
    assert all(beep.green for beep in world.reader.beeps)


def test_a_fixed_reader_that_reads_another_checkpoints_tag(world: PatrolHub) -> None:
    world.taps("06:05", "gate", reader=world.gate_reader)
    assert world.alerts() == set()
    world.taps("06:07", "boiler", reader=world.gate_reader)
    assert world.alerts() == {("patrol.tag-misplaced", "gate-1", "active")}
    assert world.state() == ("in_progress", 2)


def test_a_signed_read_that_is_shown_again(world: PatrolHub) -> None:
    signed = world.chip.touch()
    (first,) = world.taps("06:05", "library", signed=signed)
    (again,) = world.taps("06:30", "library", signed=signed)
    assert (first.green, again.green, again.words.en) == (True, False, "red: this read was used before")
    assert world.alerts() == {("patrol.tag-replayed", "library", "active")}
    assert [visit.trust.value for visit in world.run("morning").visits] == ["sun"]
    assert world.state() == ("in_progress", 1)


def test_a_copy_that_overtakes_the_guard_is_told_from_neither(world: PatrolHub) -> None:
    """Whoever comes second is refused, whichever was the copy: the alert says that there are two."""
    signed = world.chip.touch()
    world.walks(("06:05", "gate"))
    (copy,) = world.taps("06:10", "library", "", reader=world.gate_reader, signed=signed)
    (guard,) = world.taps("06:15", "library", signed=signed)
    assert (copy.green, guard.green) == (True, False)
    assert world.alerts() == {
        ("patrol.tag-misplaced", "gate-1", "active"),
        ("patrol.tag-replayed", "library", "active"),
    }
    assert world.state() == ("in_progress", 2)


def test_a_reader_whose_clock_was_set_back_between_two_reads(world: PatrolHub) -> None:
    world.walks(("06:05", "gate"))
    world.taps("06:15", "library", signed=world.chip.touch())
    world.reader.firmware.set_clock(-20 * 60)
    (*beeps,) = world.taps("06:30", "library", signed=world.chip.touch())
    assert beeps == []  # by its own clock the tap is too old for anybody to wait
    assert world.alerts() == {("patrol.tag-clock", "library", "active")}
    assert world.state() == ("in_progress", 2)


def test_a_reader_whose_clock_is_not_set(world: PatrolHub) -> None:
    world.reader.firmware.set_clock(None)
    (first,) = world.taps("06:05", "gate")
    assert (first.green, first.words.en) == (
        True,
        "green: gate, next: Library (the reader's clock is not set)",
    )
    world.walks(*IN_ORDER[1:])
    assert (world.alerts(), world.state()) == (set(), ("completed", 3))
    world.taps("06:36", "gate")
    assert world.alerts() == {("device.clock-wrong", "reader-1", "active")}
    assert world.state() == ("completed", 3)  # the hub's time stands in its place


def test_late_taps_of_an_offline_reader_take_back_what_was_raised(world: PatrolHub) -> None:
    world.passes("06:10")
    world.taps("06:20", "library")
    world.passes("08:15")
    assert world.alerts() == {
        ("patrol.not-started", RUN, "closed"),
        ("patrol.late-start", RUN, "active"),
        ("patrol.round-incomplete", RUN, "active"),
    }
    assert world.state() == ("incomplete", 1)
    assert world.taps("06:04", "gate", received="09:00") == []
    assert world.taps("06:30", "boiler", received="09:01") == []
    assert world.alerts() == {
        ("patrol.not-started", RUN, "closed"),  # it was over, and nobody minds it any more
        ("patrol.late-start", RUN, "amended"),
        ("patrol.round-incomplete", RUN, "amended"),
    }
    assert world.state() == ("completed", 3)


ROUND = """\
[[round]]
id = "r{number}"
name = "{number}"
starts = "{hour:02}:00"
ends = "{hour:02}:30"
guard = "zhang-wei"
checkpoints = ["gate", "library"]
"""
HOURS = (7, 9, 11, 13, 15)
FIVE = "".join(ROUND.format(number=number, hour=hour) for number, hour in enumerate(HOURS))


@pytest.mark.parametrize("walked", [4, 5])
def test_five_patrols_a_day(tmp_path: Path, walked: int) -> None:
    with patrol_hub(tmp_path, FIVE, "2026-11-22 23:50") as world:  # a day is judged that is seen whole
        for hour in HOURS[:walked]:
            world.walks((f"{hour:02}:05", "gate"), (f"{hour:02}:10", "library"))
        world.passes("15:10")
        world.passes("23:50")
        missed = f"r4@{DAY}"
        of_rounds = {
            ("patrol.not-started", missed, "closed"),
            ("patrol.round-incomplete", missed, "active"),
        }
        of_rounds = of_rounds if walked < 5 else set()
        assert world.alerts() == of_rounds
        world.passes("2026-11-24 00:31")
        too_few = {("patrol.too-few", f"patrols@{DAY}", "active")} if walked < 5 else set()
        assert world.alerts() == of_rounds | too_few
        states = [world.run(f"r{number}").state for number in range(5)]
        last = RoundState.COMPLETED if walked == 5 else RoundState.MISSED
        assert states == [RoundState.COMPLETED] * 4 + [last]


# --- what ships for people to try -------------------------------------------------------------------------


def test_a_normal_day_as_simulated_raises_nothing(world: PatrolHub) -> None:
    summary = world.plays("normal-day", "08:20")
    world.passes("08:21")
    assert summary.completed
    assert (summary.green, summary.red) == (len(summary.reply_times_s), 0)
    assert summary.green >= 3
    assert world.alerts() == set()
    assert world.state() == ("completed", 3)


def test_a_cloned_tag_as_simulated_is_an_alert_and_no_visit(tmp_path: Path) -> None:
    with patrol_hub(
        tmp_path, MORNING.replace('["gate", "library", "boiler"]', '["library", "gate"]')
    ) as world:
        summary = world.plays("tag-cloned", "07:00")
        world.passes("07:00:10")
        assert (summary.red, summary.green) == (1, len(summary.reply_times_s) - 1)
        assert world.alerts() == {("patrol.tag-replayed", "library", "over")}
        (visit,) = (one for one in world.run("morning").visits if one.tag == "044E18B36D9280")
        assert visit.trust.value == "sun"
        assert world.state() == ("completed", 2)


def test_a_missed_round_as_simulated(world: PatrolHub) -> None:
    world.plays("round-missed", "08:20")
    world.passes("08:21")
    assert world.alerts() == {
        ("patrol.not-started", RUN, "closed"),
        ("patrol.round-incomplete", RUN, "active"),
    }
    assert world.state() == ("missed", 0)


def test_a_late_round_as_simulated(world: PatrolHub) -> None:
    world.plays("round-late", "07:00")
    assert world.alerts() == {
        ("patrol.not-started", RUN, "closed"),
        ("patrol.late-start", RUN, "active"),
    }
    assert world.state() == ("completed", 3)


def test_a_hurried_round_walked_backwards_as_simulated(fixed: PatrolHub) -> None:
    fixed.plays("round-hurried", "07:00")
    assert {rule for rule, _, _ in fixed.alerts()} == {
        "patrol.out-of-order",
        "patrol.too-fast",
        "patrol.off-time",
    }
    assert fixed.state() == ("completed", 3)


def test_a_lent_badge_as_simulated(tmp_path: Path) -> None:
    evening = MORNING.replace("morning", "evening").replace("06:00", "18:00").replace("08:00", "20:00")
    with patrol_hub(tmp_path, MORNING + evening.replace("zhang-wei", "li-qiang")) as world:
        world.plays("badge-lent", "07:00")
        assert world.alerts() == {("patrol.wrong-person", RUN, "active")}
        assert world.state() == ("completed", 3)


def test_a_strange_tag_as_simulated(world: PatrolHub) -> None:
    summary = world.plays("tag-unknown", "07:00")
    assert summary.red == 1
    assert world.alerts() == {("patrol.tag-unknown", "reader-1", "over")}
    assert world.state() == ("completed", 3)


def test_a_reader_that_forgot_the_time_as_simulated(tmp_path: Path) -> None:
    second = MORNING.replace("morning", "second").replace("06:00", "08:30").replace("08:00", "09:30")
    with patrol_hub(tmp_path, MORNING + second) as world:
        world.plays("clock-unset", "09:00")
        assert world.alerts() == {("device.clock-wrong", "reader-1", "active")}
        assert (world.state(), world.state("second")) == (("completed", 3), ("completed", 3))


def test_an_offline_reader_as_simulated(world: PatrolHub) -> None:
    summary = world.plays("reader-offline", "09:55")
    assert (summary.green, summary.red) == (0, 0)  # nobody stands there any more
    assert world.alerts() == {
        ("patrol.not-started", RUN, "closed"),
        ("patrol.round-incomplete", RUN, "amended"),
    }
    assert world.state() == ("completed", 3)
