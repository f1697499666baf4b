"""Rounds and what is judged of taps, in the words of `campushub check`; pure."""

from __future__ import annotations

from typing import Final, assert_never

from hub.config.model import Campus, Round
from hub.config.walkers import walkers_of
from rules.model import Flaw, Odd, OddTaps, RoundFlaw, RoundIncomplete, Rule, RuleKind, TooFewPatrols

INCOMPLETE: Final = "a checkpoint is not passed in time"
_FLAWS: Final = {
    Flaw.NOT_STARTED: "nobody has come",
    Flaw.LATE_START: "the first checkpoint is passed late",
    Flaw.OUT_OF_ORDER: "checkpoints are passed out of order, on routes of fixed order",
    Flaw.TOO_FAST: "two checkpoints, or all, are passed faster than allowed",
    Flaw.TOO_SLOW: "two checkpoints, or all, are passed slower than allowed",
    Flaw.OFF_TIME: "a checkpoint is passed outside its own times",
    Flaw.WRONG_PERSON: "somebody taps whose round it is not",
}
_ODD: Final = {
    Odd.UNKNOWN_TAG: "it reads a tag that nobody knows",
    Odd.WRONG_PLACE: "it reads the tag of another checkpoint",
    Odd.REPLAYED: "one read of its tag is shown twice",
    Odd.CLOCK_TAMPERED: "times contradict the order of its tag's reads",
}


def rule_of_rounds(rule: Rule) -> str:
    """When a rule about rounds, or about a day of them, raises an alert."""
    if rule.kind is RuleKind.PATROLS_A_DAY:
        return _too_few(rule.parameters.times or 0)
    flaws = {flaw.value: words for flaw, words in _FLAWS.items()}
    return flaws.get(rule.kind.value.removeprefix("round_"), INCOMPLETE)


def condition_of_taps(condition: RoundIncomplete | RoundFlaw | TooFewPatrols | OddTaps) -> str:
    """When a condition about taps holds."""
    match condition:
        case RoundIncomplete():
            return INCOMPLETE
        case RoundFlaw():
            return _FLAWS[condition.what]
        case TooFewPatrols():
            return _too_few(condition.times)
        case OddTaps():
            return _ODD[condition.what]
        case _:
            assert_never(condition)


def whose(campus: Campus, walk: Round) -> str:
    """Who walks a round: a person, or a shift or role with its people."""
    names = ", ".join(person.name for person in walkers_of(campus, walk))
    return names if walk.guard else f"{walk.role.value if walk.role else walk.shift}: {names}"


def _too_few(times: int) -> str:
    return f"fewer than {times} rounds of a day are completed"
