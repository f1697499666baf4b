from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.notify.budget import Budget


@given(st.integers(1, 60), st.lists(st.floats(0, 20), max_size=300))
def test_in_no_minute_go_more_than_it_allows(per_minute: int, gaps: list[float]) -> None:
    now_s, sent = 0.0, list[float]()
    budget = Budget(per_minute, now_s)
    for gap in gaps:
        now_s += gap
        while budget.left(now_s):
            budget.take(now_s)
            sent.append(now_s)
    for first in sent:
        assert sum(first <= at < first + 60 for at in sent) <= per_minute


@given(st.integers(1, 60))
def test_after_what_it_says_another_one_may_go(per_minute: int) -> None:
    budget = Budget(per_minute, 0.0)
    now_s = 0.0
    for _ in range(50):
        now_s += budget.next_s(now_s)
        assert budget.left(now_s) >= 1
        budget.take(now_s)
    assert now_s <= 50 * 120.0


def test_a_clock_that_goes_back_gives_nothing() -> None:
    budget = Budget(20, 100.0)
    budget.take(100.0)
    assert budget.left(0.0) == 0
    assert budget.left(100.0) == 0
    assert budget.left(160.0) == 5
