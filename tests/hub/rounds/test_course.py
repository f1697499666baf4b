"""One run, stop by stop: order, times between, and what is remarkable, as the rules in force find it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgspec.structs import replace as with_

from devices.facts import Order, RoundOrder, Trust
from hub.config.model import Campus
from hub.rounds.planning import planned
from hub.rounds.timeline import Line, Mark, choices, course, merged, walk_of
from hub.rounds.whole import whole
from rules.bind import RoundTarget
from rules.model import RoundState
from rules.route import Decided, Sequence, Stop
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, demo_campus
from tests.hub.rounds.desk import DEADLINE, RUN, STARTS, Desk, names

PLACES = ("gatehouse", "library", "boiler-room")


def strict_campus(folder: Path) -> Campus:
    """A morning round of three stops in a fixed order, with times."""
    campus = demo_campus(folder)
    tags = {place: campus.checkpoints[place].tag_uid for place in PLACES}
    stops = (
        Stop(tags["library"], least_ms=2 * MINUTE, most_ms=20 * MINUTE),
        Stop(tags["boiler-room"], earliest_ms=30 * MINUTE, latest_ms=60 * MINUTE),
    )
    walk = replace(campus.rounds["morning"], checkpoints=PLACES, stops=stops, sequence=Sequence.FIXED)
    return replace(campus, rounds={**campus.rounds, "morning": walk})


def lines_of(desk: Desk) -> tuple[Line, ...]:
    found = whole(desk.deps, RUN)
    assert found is not None
    return found.lines


def test_stops_stand_in_the_order_of_their_visits_and_then_of_the_route(tmp_path: Path) -> None:
    desk = Desk(tmp_path, campus=strict_campus(tmp_path))
    desk.happens(
        desk.tap("zhang-wei", "boiler-room", STARTS + 40 * MINUTE),
        desk.tap("zhang-wei", "gatehouse", STARTS + 5 * MINUTE),
    )

    lines = lines_of(desk)

    assert [line.checkpoint for line in lines] == ["gatehouse", "boiler-room", "library"]
    assert [line.number for line in lines] == [1, 3, 2]
    assert [line.since_ms for line in lines] == [None, 35 * MINUTE, None]
    assert [line.who for line in lines] == ["张伟", "张伟", ""]
    assert (lines[1].earliest_ms, lines[1].latest_ms) == (STARTS + 30 * MINUTE, STARTS + 60 * MINUTE)
    assert (lines[2].least_ms, lines[2].most_ms) == (2 * MINUTE, 20 * MINUTE)
    desk.close()


def test_what_the_rules_find_is_marked_at_the_visit(tmp_path: Path) -> None:
    desk = Desk(tmp_path, campus=strict_campus(tmp_path))
    start = STARTS + 20 * MINUTE
    desk.happens(
        # 20 minutes late, before its time, and before the others
        desk.tap("zhang-wei", "boiler-room", start),
        desk.tap("li-qiang", "gatehouse", start + 10 * MINUTE),
        desk.tap("zhang-wei", "library", start + 11 * MINUTE),
        desk.tap("zhang-wei", "library", start + 40 * MINUTE),
    )

    marks = {(line.checkpoint, line.at_ms): names(line.marks) for line in lines_of(desk)}

    assert marks["boiler-room", start] == ["late_start", "out_of_order", "off_time"]
    assert marks["gatehouse", start + 10 * MINUTE] == ["wrong_person"]
    assert marks["library", start + 11 * MINUTE] == ["too_fast"]
    assert marks["library", start + 40 * MINUTE] == ["again"]
    raised = {alert.rule for alert in desk.office.alerts() if alert.subject == RUN}
    assert raised >= {"patrol.out-of-order", "patrol.too-fast", "patrol.wrong-person", "patrol.off-time"}
    desk.close()


def test_what_came_too_early_is_marked_until_it_is_tapped_in_its_turn(tmp_path: Path) -> None:
    desk = Desk(tmp_path, campus=strict_campus(tmp_path))
    start = STARTS + 5 * MINUTE

    def marked() -> list[tuple[str, int | None]]:
        return [(line.checkpoint, line.at_ms) for line in lines_of(desk) if Mark.OUT_OF_ORDER in line.marks]

    def stands() -> bool:
        return any(alert.rule == "patrol.out-of-order" and alert.active for alert in desk.office.alerts())

    desk.happens(desk.tap("zhang-wei", "library", start), desk.tap("zhang-wei", "gatehouse", start + 20_000))
    assert marked() == [("library", start)]
    assert stands()

    desk.happens(desk.tap("zhang-wei", "library", start + 40_000))
    assert marked() == []
    assert not stands()
    desk.close()


def test_a_pause_is_no_time_walked(tmp_path: Path) -> None:
    desk = Desk(tmp_path, campus=strict_campus(tmp_path))
    desk.happens(desk.tap("zhang-wei", "gatehouse", STARTS + MINUTE))
    desk.happens(
        RoundOrder("order:p", STARTS + 2 * MINUTE, STARTS + 2 * MINUTE, RUN, Order.PAUSE, "zhang-wei", ""),
        RoundOrder("order:r", STARTS + 30 * MINUTE, STARTS + 30 * MINUTE, RUN, Order.RESUME, "zhang-wei", ""),
        desk.tap("zhang-wei", "library", STARTS + 35 * MINUTE),
    )

    line = next(line for line in lines_of(desk) if line.checkpoint == "library")

    assert (line.since_ms, line.marks) == (34 * MINUTE, ())
    desk.close()


def test_what_came_after_the_end_and_what_came_late_are_marked(desk: Desk) -> None:
    desk.happens(desk.tap("zhang-wei", "gatehouse", DEADLINE - MINUTE))
    late = desk.tap("zhang-wei", "library", MORNING)
    desk.happens(with_(late, received_at_ms=MORNING + 3 * HOUR))

    marks = {line.checkpoint: line.marks for line in lines_of(desk) if line.at_ms is not None}

    assert marks["gatehouse"] == (Mark.LATE,)
    assert Mark.ARRIVED_LATE in marks["library"]


def test_a_round_that_the_configuration_has_lost_is_shown_by_what_it_was(desk: Desk) -> None:
    desk.walks("zhang-wei", "gatehouse")
    run = desk.office.runs()[RUN]
    campus = replace(desk.deps.campus, rounds={}, checkpoints={})

    lines = course(campus, run, walk_of(run, None), (), MORNING)

    assert [line.name.en for line in lines] == list(run.tags)
    assert lines[0].at_ms == MORNING


def test_what_was_planned_otherwise_since_does_not_change_what_was_to_be_walked(desk: Desk) -> None:
    run = desk.office.runs()[RUN]
    target = planned(desk.deps.campus, RUN)
    assert isinstance(target, RoundTarget)
    assert walk_of(run, target) == target.walk

    shorter = with_(run, tags=run.tags[:2])

    assert walk_of(shorter, target).tags == run.tags[:2]


def test_decisions_of_the_log_go_before_what_the_journal_tells_of_them() -> None:
    logged = RoundOrder("order:a", 5, 6, RUN, Order.PAUSE, "li", "")
    told = Decided(5, "journal:1", Order.PAUSE, "li", "", 0, RUN)
    known = Decided(5, "order:a", Order.PAUSE, "li", "", 0, RUN)

    assert merged((told,), (logged,)) == (known,)
    assert merged((known,), (logged,)) == (known,)
    assert merged((told,), ()) == (told,)


def test_old_decisions_are_told_by_the_journal_once_nothing_watches_the_round(desk: Desk) -> None:
    at_ms = MORNING + HOUR
    longer = RoundOrder("order:e", at_ms, at_ms, RUN, Order.EXTEND, "liu-yang", "活动", DEADLINE + HOUR)
    desk.happens(
        RoundOrder("order:p", MORNING, MORNING, RUN, Order.PAUSE, "zhang-wei", "电话"),
        RoundOrder("order:r", MORNING + MINUTE, MORNING + MINUTE, RUN, Order.RESUME, "zhang-wei", ""),
        longer,
    )
    before = whole(desk.deps, RUN)
    assert before is not None
    desk.office.now_ms += 9 * 24 * HOUR
    desk.happens(desk.office.ticks(desk.office.now_ms))
    (desk.office.folder / "log.sqlite").rename(desk.office.folder / "elsewhere.sqlite")

    after = whole(desk.deps, RUN)

    assert after is not None
    assert [one.order for one in before.orders] == [Order.PAUSE, Order.RESUME, Order.EXTEND]
    assert (after.orders[0].order, after.orders[0].by) == (Order.PAUSE, "zhang-wei")
    assert (Order.EXTEND, "liu-yang", "活动", DEADLINE + HOUR) in [
        (one.order, one.by, one.reason, one.until_ms) for one in after.orders
    ]
    assert not after.evidence.is_whole


def test_only_what_makes_sense_is_offered(desk: Desk) -> None:
    run = desk.office.runs()[RUN]

    def offered(state: RoundState, now_ms: int, **more: object) -> list[str]:
        return names(choices(with_(run, state=state, **more), tuple(Order), now_ms))

    assert offered(RoundState.DUE, MORNING) == ["pause", "finish", "extend", "excuse"]
    assert offered(RoundState.PLANNED, STARTS - HOUR) == ["extend", "excuse"]
    assert offered(RoundState.PAUSED, MORNING) == ["resume", "finish", "extend", "excuse"]
    assert offered(RoundState.MISSED, DEADLINE + MINUTE) == ["extend", "excuse"]
    assert offered(RoundState.MISSED, MORNING, decided_by="zhang-wei") == ["resume", "extend", "excuse"]
    assert offered(RoundState.MISSED, DEADLINE + 7 * HOUR) == ["excuse"]
    assert offered(RoundState.COMPLETED, MORNING) == []
    assert offered(RoundState.EXCUSED, MORNING) == []


def test_every_trust_of_a_tap_is_kept(desk: Desk) -> None:
    places = desk.deps.campus.rounds["morning"].checkpoints
    desk.walks("zhang-wei", *places[: len(Trust)])

    assert {line.trust for line in lines_of(desk) if line.at_ms is not None} == set(Trust)
