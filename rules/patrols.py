"""How often a school was patrolled on one local day, against how often it has to be (GB/T 29315: five times).

    rounds     |-done-|   |-done-|   |-missed-|   |-done-|   |-done-|   |-late-|
    day      |<------------------------ starts to ends ------------------------>|<- after ->|
                                                    4 done, 5 wanted: Raised at the end of it ^
    a phone that was offline sends the taps of the missed one in the morning:        amended      ^

Enough is: so many rounds completed (also late), or every key checkpoint visited so often; visits of one
checkpoint within `apart_ms` of the one counted are the same patrol. A round belongs to the day on which it
starts. An excused round is none.
"""

from __future__ import annotations

from msgspec.structs import replace

from devices.facts import Fact
from rules.flaws import Finding
from rules.model import RoundState, State, TooFewPatrols
from rules.progress import deadline_of, learn, progress_of
from rules.rounds import Moved, judged
from rules.route import Stop, Visit, Walk, concerns

_DONE = (RoundState.COMPLETED, RoundState.COMPLETED_LATE)


def step(condition: TooFewPatrols, _: str, state: State, fact: Fact) -> Moved:
    """Judges a tap at any checkpoint of the day, an order for one of its runs, or a tick after its end."""
    runs = tuple(run for run, _ in condition.walks)
    after = learn(runs, _whole_day(condition), state, fact, marks_of(condition, state))
    if after is state:
        return state, ()
    return judged(after, fact, lambda known: _finding(condition, known))


def marks_of(condition: TooFewPatrols, state: State) -> tuple[int, ...]:
    """The instant of which a tick has to tell that it is past."""
    deadlines = (
        deadline_of(walk, (one for one in state.orders if one.round == run)) for run, walk in condition.walks
    )
    return (max(condition.ends_ms + condition.after_ms, *deadlines),)


def completed(condition: TooFewPatrols, state: State) -> int:
    """How many of the day's rounds were completed by what is known."""
    return sum(_is_done(run, walk, state) for run, walk in condition.walks)


def _finding(condition: TooFewPatrols, state: State) -> Finding | None:
    (judged_ms,) = marks_of(condition, state)
    done = completed(condition, state)
    if state.known_ms < judged_ms or done >= condition.times or _are_keys_visited(condition, state):
        return None
    return Finding(judged_ms, condition.ends_ms, float(done))


def _is_done(run: str, walk: Walk, state: State) -> bool:
    own = replace(
        state,
        visits=tuple(visit for visit in state.visits if concerns(walk, visit)),
        orders=tuple(one for one in state.orders if one.round == run),
    )
    return progress_of(walk, own).state in _DONE


def _are_keys_visited(condition: TooFewPatrols, state: State) -> bool:
    return bool(condition.key_tags) and all(
        _times_visited(condition, state.visits, tag) >= condition.times for tag in condition.key_tags
    )


def _times_visited(condition: TooFewPatrols, visits: tuple[Visit, ...], tag: str) -> int:
    count, counted_ms = 0, -condition.apart_ms
    for visit in visits:
        is_of_day = condition.starts_ms <= visit.at_ms < condition.ends_ms
        if visit.tag == tag and is_of_day and visit.at_ms - counted_ms >= condition.apart_ms:
            count, counted_ms = count + 1, visit.at_ms
    return count


def _whole_day(condition: TooFewPatrols) -> Walk:
    """All of the day as one walk, past every stop of its rounds and every key checkpoint."""
    tags = dict.fromkeys((*condition.key_tags, *(tag for _, walk in condition.walks for tag in walk.tags)))
    ends_ms = max([condition.ends_ms, *(walk.deadline_ms for _, walk in condition.walks)])
    return Walk(condition.starts_ms, ends_ms, 0, tuple(map(Stop, tags)))
