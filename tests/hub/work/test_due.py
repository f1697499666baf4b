"""When an order is due: by school days, unless it is urgent; holidays do not put it off for months."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub import demo
from hub.config.load import load
from hub.work import due
from rules.calendar import Calendar, Term
from rules.model import Text
from rules.work import Urgency

ZONE = ZoneInfo("Asia/Shanghai")


def at_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


@pytest.mark.parametrize(
    ("urgency", "from_", "due_at"),
    [
        (Urgency.URGENT, "2026-11-20T17:00", "2026-11-21T17:00"),
        (Urgency.NORMAL, "2026-11-16T09:00", "2026-11-19T18:00"),  # Monday, three school days on
        (Urgency.NORMAL, "2026-11-20T17:00", "2026-11-25T18:00"),  # Friday, over a weekend
        (Urgency.NORMAL, "2026-09-29T08:00", "2026-10-09T18:00"),  # over the National Day holidays
        (Urgency.LOW, "2026-11-16T23:59", "2026-11-30T18:00"),
    ],
)
def test_by_the_demonstration_s_calendar(tmp_path: Path, urgency: Urgency, from_: str, due_at: str) -> None:
    calendar = load(Path(demo.__file__).parent / "campus.toml", {}, folder=tmp_path).calendar
    assert due.due_ms(calendar, urgency, at_ms(from_)) == at_ms(due_at)


@pytest.mark.parametrize(("urgency", "days"), [(Urgency.NORMAL, 14), (Urgency.LOW, 45)])
def test_in_the_long_vacation_it_is_due_before_term(urgency: Urgency, days: int) -> None:
    term = Term(Text("学期", "term"), date(2027, 2, 20), date(2027, 7, 1))
    calendar = Calendar(ZONE, terms=(term,))
    found = due.due_ms(calendar, urgency, at_ms("2027-07-10T09:00"))
    assert found == at_ms("2027-07-11T00:00") + days * 86_400_000
