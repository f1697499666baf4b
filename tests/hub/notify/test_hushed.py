"""What is shelved, suppressed or flapping is not told; what surfaces is, with its true start."""

from __future__ import annotations

from hub.alerts import desk, upkeep
from hub.alerts.minding import Minder
from hub.book.model import Suppression
from hub.notify.model import Kind, State
from rules.life import Refusal
from tests.hub.notify.bureau import HOUR, MINUTE, SILENT, WARM, Bureau


def minds(bureau: Bureau, ms: int = 0) -> None:
    """Time passes, and the alerts are minded before anybody is told."""
    bureau.now_ms += ms
    with bureau.book.writing() as session:
        Minder(bureau.campus, session).mind(session, bureau.now_ms)
    bureau.turn()


def kinds(bureau: Bureau, channel: str = "group") -> list[Kind]:
    return [kind for kind, _, state in bureau.told(channel) if state is not State.DROPPED]


def out_of_service(bureau: Bureau) -> int:
    done = upkeep.take_out(bureau.book, bureau.campus, "cold-1", "li-qiang", "repair", None, bureau.now_ms)
    assert isinstance(done, Suppression)
    return done.id


def test_nobody_is_told_of_a_device_out_of_service_until_it_is_back(bureau: Bureau) -> None:
    id_ = out_of_service(bureau)
    began_ms = bureau.now_ms - 10 * MINUTE
    bureau.raises()
    minds(bureau)
    bureau.passes(2 * HOUR)
    assert bureau.told() == []
    upkeep.end(bureau.book, bureau.campus, id_, "liu-yang", bureau.now_ms)
    bureau.passes(2 * MINUTE)
    assert kinds(bureau) == [Kind.RAISED]
    assert bureau.entries()[0].notice.matter.since_ms == began_ms
    assert kinds(bureau, "chief") == []  # the escalation counts from now
    bureau.passes(15 * MINUTE)
    assert kinds(bureau, "chief") == [Kind.ESCALATED]


def test_what_is_over_before_its_suppression_ends_is_never_told(bureau: Bureau) -> None:
    id_ = out_of_service(bureau)
    bureau.raises()
    minds(bureau)
    bureau.clears()
    upkeep.end(bureau.book, bureau.campus, id_, "liu-yang", bureau.now_ms)
    bureau.passes(2 * HOUR)
    assert bureau.told() == []


def test_a_shelved_alert_is_neither_escalated_nor_repeated_and_is_told_again_when_its_time_is_up(
    bureau: Bureau,
) -> None:
    alert = bureau.raises(rule_id=SILENT)
    bureau.passes(2 * MINUTE)
    desk.shelve(bureau.book, bureau.campus, alert, "wang-fang", "parts ordered", HOUR, bureau.now_ms)
    bureau.passes(HOUR)
    assert kinds(bureau) == [Kind.RAISED]
    minds(bureau)
    bureau.passes(2 * MINUTE)
    assert kinds(bureau) == [Kind.RAISED, Kind.RAISED]
    assert kinds(bureau, "chief") == []


def test_what_flaps_is_told_once_and_its_end_once(bureau: Bureau) -> None:
    bureau.may_flap = True
    for _ in range(10):
        bureau.raises(rule_id=SILENT)
        bureau.passes(10_000, 10_000)
        bureau.clears(rule_id=SILENT)
        bureau.passes(10_000, 10_000)
    bureau.passes(HOUR)
    assert kinds(bureau) == [Kind.FLAPPING]
    assert kinds(bureau, "chief") == []
    minds(bureau, HOUR)
    bureau.passes(2 * MINUTE)
    assert kinds(bureau) == [Kind.FLAPPING, Kind.CLEARED]


def test_what_flapped_and_stays_wrong_is_told_as_any_alert(bureau: Bureau) -> None:
    bureau.may_flap = True
    for _ in range(6):
        bureau.clears(rule_id=SILENT)
        bureau.raises(rule_id=SILENT)
    bureau.passes(2 * MINUTE)
    minds(bureau, 2 * HOUR)
    bureau.passes(2 * MINUTE)
    assert kinds(bureau) == [Kind.FLAPPING, Kind.RAISED]


def test_those_who_were_told_hear_that_it_was_not_put_right_after_all(bureau: Bureau) -> None:
    alert = bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.clears()
    for _ in range(2):
        bureau.closes(alert)
        desk.reopen(bureau.book, alert, "liu-yang", "warm again", bureau.now_ms)
        bureau.passes(MINUTE)
    told = [Kind.CLOSED, Kind.REOPENED] * 2
    assert kinds(bureau) == [Kind.RAISED, Kind.CLEARED, *told]
    message = bureau.channels["group"].messages[-1]
    assert "Not put right after all" in message.title
    assert "warm again" in message.text
    assert WARM in bureau.entries()[0].notice.matter.rule


def test_what_flaps_is_taken_on_and_raised_again_is_told_again(bureau: Bureau) -> None:
    bureau.may_flap = True
    for _ in range(8):
        alert = bureau.raises(rule_id=SILENT)
        bureau.passes(MINUTE)
        bureau.clears(rule_id=SILENT)
        bureau.passes(MINUTE)
    bureau.takes_on(alert)
    bureau.passes(MINUTE)
    before = len(kinds(bureau))
    bureau.raises(rule_id=SILENT)
    bureau.passes(MINUTE)
    assert kinds(bureau)[before:] == [Kind.FLAPPING]
    minds(bureau, 5 * HOUR)
    bureau.passes(MINUTE)
    assert kinds(bureau)[before:] == [Kind.FLAPPING, Kind.RAISED]


def test_a_critical_alert_that_flaps_and_then_lasts_is_escalated(bureau: Bureau) -> None:
    bureau.may_flap = True
    for _ in range(6):
        bureau.raises()
        bureau.passes(2 * MINUTE)
        bureau.clears()
        bureau.passes(MINUTE)
    bureau.raises()
    bureau.passes(14 * MINUTE)
    assert kinds(bureau)[-1] == Kind.FLAPPING
    assert kinds(bureau, "chief") == []
    bureau.passes(2 * MINUTE)
    assert kinds(bureau, "chief") == [Kind.ESCALATED]


def test_what_is_over_while_it_is_hushed_is_told_to_those_who_knew_of_it_once(bureau: Bureau) -> None:
    bureau.raises()
    bureau.passes(20 * MINUTE)
    out_of_service(bureau)
    minds(bureau)
    bureau.clears()
    bureau.passes(2 * HOUR)
    assert kinds(bureau) == [Kind.RAISED, Kind.CLEARED]
    assert kinds(bureau, "chief") == [Kind.ESCALATED, Kind.CLEARED]


def test_those_told_of_an_earlier_occurrence_hear_of_the_end(bureau: Bureau) -> None:
    bureau.raises()
    bureau.passes(20 * MINUTE)
    id_ = out_of_service(bureau)
    minds(bureau)
    upkeep.end(bureau.book, bureau.campus, id_, "liu-yang", bureau.now_ms)
    bureau.passes(2 * MINUTE)
    bureau.clears()
    bureau.passes(MINUTE)
    assert kinds(bureau) == [Kind.RAISED, Kind.RAISED, Kind.CLEARED]
    assert kinds(bureau, "chief") == [Kind.ESCALATED, Kind.CLEARED]


def test_a_critical_alert_that_was_taken_on_and_shelved_is_told_anew_when_its_time_is_up(
    bureau: Bureau,
) -> None:
    alert = bureau.raises()
    bureau.passes(2 * MINUTE)
    desk.acknowledge(bureau.book, alert, "wang-fang", "on my way", bureau.now_ms)
    desk.shelve(bureau.book, bureau.campus, alert, "wang-fang", "parts ordered", HOUR, bureau.now_ms)
    bureau.passes(HOUR)
    assert kinds(bureau) == [Kind.RAISED]
    minds(bureau)
    bureau.passes(2 * MINUTE)
    assert kinds(bureau) == [Kind.RAISED, Kind.RAISED]
    again = desk.acknowledge(bureau.book, alert, "wang-fang", "still at it", bureau.now_ms)
    assert not isinstance(again, Refusal)
