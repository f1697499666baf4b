"""The counts of a month are those of the book, however many rounds there are and however they ended."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from devices.facts import Trust
from hub import demo
from hub.book.model import RoundRun
from hub.book.tables import RoundRow
from hub.config.load import load
from hub.rounds import queries
from hub.rounds.months import Counts, Outcome, month_of, outcome_of, whose
from rules.local_time import midnight_ms
from rules.model import RoundState
from rules.route import Visit
from tests.hub.alerts.campus import HOUR, MINUTE
from tests.hub.rounds.desk import DEADLINE, STARTS, Desk

_FIRST: Final = date(2026, 11, 1)
_DAY: Final = 24 * HOUR
_CAMPUS: Final = load(Path(demo.__file__).parent / "campus.toml", {})
_MONTHS: Final = st.lists(
    st.tuples(
        st.sampled_from(["morning", "noon", "night", "a-round-that-left"]),
        st.dates(date(2026, 10, 30), date(2026, 12, 2)),
        st.sampled_from(RoundState),
        st.sampled_from(["", "zhang-wei", "li-qiang", "somebody-who-left"]),
    ),
    max_size=60,
    unique_by=lambda one: (one[0], one[1]),
)


def run_of(round_: str, day: date, state: RoundState, person: str) -> RoundRun:
    visits = (Visit(1, "k", "TAG", person, trust=Trust.UID),) if person else ()
    return RoundRun(f"{round_}@{day}", round_, 0, 1, 0, state, ("TAG",), (), visits=visits)


def total(counts: Counts) -> int:
    return counts.judged + counts.excused + counts.open + counts.to_come


@given(found=_MONTHS, now_ms=st.sampled_from([-1, 0, DEADLINE]))
def test_every_run_of_the_month_is_counted_once_in_each_sum(
    found: list[tuple[str, date, RoundState, str]],
    now_ms: int,
) -> None:
    runs = [run_of(*one) for one in found]
    own = [run for run, one in zip(runs, found, strict=True) if (one[1].year, one[1].month) == (2026, 11)]

    month = month_of(_CAMPUS, runs, _FIRST, now_ms)

    expected = Counter(outcome_of(run, now_ms) for run in own)
    for outcome in Outcome:
        number = expected[outcome]
        assert getattr(month.counts, outcome.value) == number
        assert sum(getattr(row.counts, outcome.value) for row in month.rounds) == number
        assert sum(getattr(day, outcome.value) for day in month.per_day) == number
        assert sum(cell.outcome is outcome for row in month.rounds for cell in row.cells if cell) == number
    assert sum(total(row.counts) for row in month.people) == sum(
        len(whose(_CAMPUS, run) or ("",)) for run in own
    )
    assert [len(row.cells) for row in month.rounds] == [30] * len(month.rounds)


def test_percents_leave_out_what_is_not_over_and_what_nobody_had_to_walk() -> None:
    assert Counts(kept=2, late=1, incomplete=1, missed=0, excused=9, open=9).percent == 75
    assert Counts(kept=199, missed=1).percent == 99  # all but one is not all
    assert Counts(excused=3, open=2).percent is None


def test_the_month_of_a_hub_is_what_its_book_has(tmp_path: Path) -> None:
    desk = Desk(tmp_path, started_ms=STARTS - 2 * _DAY)
    places = desk.deps.campus.rounds["morning"].checkpoints
    for day, stops in enumerate((places, places[:3], ())):
        starts_ms = STARTS - 2 * _DAY + day * _DAY
        desk.office.now_ms = starts_ms
        desk.happens(desk.office.ticks(starts_ms))
        desk.walks("zhang-wei", *stops, from_ms=starts_ms + 10 * MINUTE, each_ms=MINUTE)
        desk.happens(desk.office.ticks(starts_ms + 165 * MINUTE))
    runs = queries.runs_of_days(
        desk.deps.book, _FIRST, date(2026, 11, 30), midnight_ms(desk.deps.campus.site.zone, _FIRST)
    )
    with desk.deps.book.reading() as session:
        states = Counter(session.scalars(select(RoundRow.state).where(RoundRow.id.like("%@2026-11-%"))))

    month = month_of(desk.deps.campus, runs, _FIRST, desk.office.now_ms)

    assert (month.counts.kept, month.counts.missed, month.counts.incomplete) == (
        states["completed"],
        states["missed"],
        states["incomplete"],
    )
    assert total(month.counts) == states.total() == len(runs)
    morning = next(row for row in month.rounds if row.id == "morning")
    assert [cell.outcome for cell in morning.cells[19:22] if cell] == [
        Outcome.KEPT,
        Outcome.INCOMPLETE,
        Outcome.MISSED,
    ]
    assert desk.office.now_ms < DEADLINE + _DAY
    desk.close()


def test_days_before_the_start_and_days_not_planned_yet_are_counted() -> None:
    runs = [run_of("morning", date(2026, 11, 9), RoundState.COMPLETED, "zhang-wei")]
    now_ms = midnight_ms(_CAMPUS.site.zone, date(2026, 11, 20))

    month = month_of(_CAMPUS, runs, _FIRST, now_ms, started=date(2026, 11, 9))
    earlier = month_of(_CAMPUS, (), date(2026, 10, 1), now_ms, started=date(2026, 11, 9))
    later = month_of(_CAMPUS, (), date(2026, 12, 1), now_ms, started=date(2026, 11, 9))
    fresh = month_of(_CAMPUS, (), _FIRST, now_ms)

    assert (month.before, month.ahead) == (8, 9)  # the 21st is planned, the 22nd is not
    assert (earlier.before, earlier.ahead) == (31, 0)
    assert (later.before, later.ahead) == (0, 31)
    assert (fresh.before, fresh.ahead) == (0, 9)


def test_a_round_is_to_come_until_its_start_and_then_under_way() -> None:
    planned = run_of("morning", _FIRST, RoundState.PLANNED, "")
    assert outcome_of(planned, planned.starts_ms - 1) is Outcome.TO_COME
    assert outcome_of(planned, planned.starts_ms) is Outcome.OPEN
    assert outcome_of(run_of("morning", _FIRST, RoundState.IN_PROGRESS, "zhang-wei"), -1) is Outcome.OPEN
    assert outcome_of(run_of("morning", _FIRST, RoundState.EXCUSED, ""), -1) is Outcome.EXCUSED


def test_a_missed_round_is_its_only_walker_s_and_otherwise_nobody_s() -> None:
    alone = run_of("morning", _FIRST, RoundState.MISSED, "")
    assert whose(_CAMPUS, alone) == ("zhang-wei",)
    assert whose(_CAMPUS, run_of("a-round-that-left", _FIRST, RoundState.MISSED, "")) == ()
    assert whose(_CAMPUS, run_of("morning", _FIRST, RoundState.INCOMPLETE, "li-qiang")) == ("li-qiang",)
