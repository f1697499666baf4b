"""What becomes graver is told once more, at once, and its escalation begins once."""

from __future__ import annotations

from hub.alerts import desk
from hub.config.model import Language
from hub.notify.message import Composer, load_texts
from hub.notify.model import Dropped, Kind, State
from rules.model import Severity
from tests.hub.notify.bureau import HOUR, MINUTE, NOON, Bureau

METER = "meter-canteen"
VOLTS = "power.voltage-high.l1"
NIGHT = NOON + 11 * HOUR


def kinds(bureau: Bureau, channel: str = "group") -> list[Kind]:
    return [kind for kind, _, state in bureau.told(channel) if state is not State.DROPPED]


def test_what_becomes_critical_in_quiet_hours_is_told_at_once(bureau: Bureau) -> None:
    bureau.now_ms = NIGHT
    bureau.raises(METER, VOLTS, 238.0)
    bureau.passes(HOUR)
    assert [state for _, _, state in bureau.told("group")] == [State.HELD]
    bureau.worsens(METER, VOLTS)
    bureau.turn()
    assert kinds(bureau) == [Kind.WORSENED]
    held, told = [entry for entry in bureau.entries() if entry.notice.channel == "group"]
    assert (held.state, held.result) == (State.DROPPED, Dropped.WORSENED.value)
    assert (told.state, told.notice.matter.severity) == (State.SENT, Severity.CRITICAL)
    bureau.passes(15 * MINUTE)
    assert kinds(bureau, "chief") == [Kind.ESCALATED]


def test_going_to_and_fro_does_not_begin_the_escalation_anew(bureau: Bureau) -> None:
    bureau.raises(METER, VOLTS, 238.0)
    bureau.passes(2 * MINUTE)
    for _ in range(4):
        bureau.worsens(METER, VOLTS)
        bureau.passes(2 * MINUTE)
        bureau.eases(METER, VOLTS)
        bureau.passes(2 * MINUTE)
    assert kinds(bureau) == [Kind.RAISED, Kind.WORSENED]
    assert kinds(bureau, "chief") == [Kind.ESCALATED]


def test_what_became_graver_than_somebody_took_it_on_for_is_escalated_once(bureau: Bureau) -> None:
    alert = bureau.raises(METER, VOLTS, 238.0)
    bureau.passes(2 * MINUTE)
    bureau.takes_on(alert)
    bureau.passes(2 * MINUTE)
    bureau.worsens(METER, VOLTS)
    for _ in range(3):
        bureau.passes(HOUR)
        bureau.eases(METER, VOLTS)
        bureau.worsens(METER, VOLTS)
    assert kinds(bureau) == [Kind.RAISED, Kind.WORSENED]
    assert kinds(bureau, "chief") == [Kind.ESCALATED]
    bureau.restart()
    bureau.passes(HOUR)
    assert kinds(bureau) == [Kind.RAISED, Kind.WORSENED]
    assert kinds(bureau, "chief") == [Kind.ESCALATED]


def test_its_end_is_told_once_to_all_that_were_told_of_it(bureau: Bureau) -> None:
    alert = bureau.raises(METER, VOLTS, 238.0)
    bureau.passes(20 * MINUTE)
    bureau.worsens(METER, VOLTS)
    bureau.takes_on(alert)
    bureau.clears(METER, VOLTS)
    bureau.passes(2 * MINUTE)
    assert kinds(bureau) == [Kind.RAISED, Kind.CLEARED]
    assert kinds(bureau, "chief") == [Kind.ESCALATED, Kind.CLEARED]
    taken = [entry.acknowledged_by for entry in bureau.entries() if entry.notice.kind is Kind.RAISED]
    assert taken == ["wang-fang"]


def test_a_shelf_was_given_for_less(bureau: Bureau) -> None:
    alert = bureau.raises(METER, VOLTS, 238.0)
    bureau.passes(2 * MINUTE)
    desk.shelve(bureau.book, bureau.campus, alert, "wang-fang", "known", HOUR, bureau.now_ms)
    bureau.passes(2 * MINUTE)
    bureau.worsens(METER, VOLTS)
    bureau.passes(2 * MINUTE)
    assert kinds(bureau) == [Kind.RAISED, Kind.WORSENED]


def test_the_message_says_that_it_became_worse(bureau: Bureau) -> None:
    bureau.raises(METER, VOLTS, 238.0)
    bureau.worsens(METER, VOLTS)
    bureau.passes(2 * MINUTE)
    (entry,) = [entry for entry in bureau.entries() if entry.notice.channel == "group"]
    said = load_texts()
    for language, begins in ((Language.ZH, "【加重 · 紧急】"), (Language.EN, "[Worse, Critical] ")):
        message = Composer(bureau.campus, said[language], lambda: bureau.now_ms).one(entry.notice)
        assert message.title.startswith(begins)


def test_a_forecast_says_when_its_limit_will_be_reached(bureau: Bureau) -> None:
    due_ms = bureau.now_ms + 12 * MINUTE
    alert = bureau.raises("cold-1", "cold.chilled.forecast", 6.5, due_ms)
    row = bureau.alert(alert)
    assert row is not None
    assert row.due_ms == due_ms
    bureau.passes(MINUTE)
    (entry,) = [entry for entry in bureau.entries() if entry.notice.channel == "group"]
    body = Composer(bureau.campus, load_texts()[Language.EN], lambda: bureau.now_ms).one(entry.notice).body
    assert "reaches 8.0\N{NO-BREAK SPACE}°C in 11 min" in body
