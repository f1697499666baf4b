"""Conditions of rules in words, with their limits and units; pure."""

from __future__ import annotations

from typing import Final

from hub.words.texts import Texts
from hub.words.wording import duration, number, with_unit
from rules.flaws import unstarted_at
from rules.model import (
    ClockWrong,
    Condition,
    Count,
    Flaw,
    Forecast,
    Held,
    Odd,
    OddTaps,
    Outside,
    Overdue,
    Rate,
    RoundFlaw,
    RoundIncomplete,
    SensorFault,
    Silent,
    Spread,
    Stuck,
    Threshold,
    TooFewPatrols,
    Total,
)

_SPANS: Final = (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000))
_PERCENT_DECIMALS: Final = 1


def said(condition: Condition, texts: Texts) -> str:  # noqa: C901 - one sentence for each kind
    """When it is wrong, such as `upper limit 8.0 °C for 10 min`; empty for what has no numbers to say."""
    match condition:
        case Threshold():
            limit, grave = (
                None if value is None else with_unit(value, condition.quantity)
                for value in (condition.limit, condition.grave)
            )
            limited = texts(f"condition.threshold.{condition.direction.value}", limit=limit)
            return _tiers(limited, condition.for_ms, grave, texts)
        case Outside():
            low, high = (with_unit(value, condition.quantity) for value in (condition.low, condition.high))
            return _lasting(texts("condition.outside", low=low, high=high), condition.for_ms, texts)
        case Rate():
            limit = with_unit(condition.limit, condition.quantity)
            within = span(condition.within_ms, texts)
            return texts(f"condition.rate.{condition.direction.value}", limit=limit, within=within)
        case Forecast():
            limit = with_unit(condition.limit, condition.quantity)
            return texts("condition.forecast", limit=limit, ahead=span(condition.ahead_ms, texts))
        case Silent():
            return texts("condition.silent", after=span(condition.after_ms, texts))
        case SensorFault():
            low, high = (with_unit(value, condition.quantity) for value in (condition.low, condition.high))
            return texts("condition.sensor_fault", low=low, high=high)
        case Stuck():
            return texts("condition.stuck", after=span(condition.after_ms, texts))
        case Held():
            held = _flag(condition.quantity, texts, wanted=condition.wanted)
            return _lasting(held, condition.for_ms, texts)
        case Count():
            within = span(condition.within_ms, texts)
            return texts("condition.count", what=_counted(condition, texts), n=condition.times, within=within)
        case Spread():
            grave = None if condition.grave is None else _percent(condition.grave)
            limited = texts("condition.spread", limit=_percent(condition.limit))
            return _tiers(limited, condition.for_ms, grave, texts)
        case Total():
            limited = texts("condition.total", limit=_percent(condition.limit))
            return _lasting(limited, condition.for_ms, texts)
        case Overdue():
            return texts("condition.unheard", after=span(condition.for_ms, texts))
        case ClockWrong():
            return _lasting(texts("condition.clock"), condition.for_ms, texts)
        case RoundIncomplete() | RoundFlaw() | TooFewPatrols() | OddTaps():
            return _of_taps(condition, texts)


def value_said(value: float, condition: Condition, texts: Texts) -> str:
    """What an alert of this condition has seen, in its unit; empty where that is no number to show."""
    match condition:
        case Threshold() | Outside() | Rate() | Forecast() | SensorFault() | Stuck():
            return with_unit(value, condition.quantity)
        case Spread() | Total():
            return _percent(value)
        case Count():
            return texts("condition.times", n=round(value))
        case RoundFlaw():
            return texts("condition.minutes", n=number(value, 1))
        case Overdue():
            return texts("condition.unheard_for", n=number(value, 0))
        case TooFewPatrols():
            return texts("condition.times", n=round(value))
        case Silent() | Held() | ClockWrong() | RoundIncomplete() | OddTaps():
            return ""


def _of_taps(condition: RoundIncomplete | RoundFlaw | TooFewPatrols | OddTaps, texts: Texts) -> str:
    match condition:
        case RoundFlaw(what=Flaw.NOT_STARTED):
            after = span(unstarted_at(condition) - condition.walk.starts_ms, texts)
            return texts("condition.round.not_started", after=after)
        case RoundFlaw(what=Flaw.LATE_START):
            return texts("condition.round.late_start", after=span(condition.after_ms, texts))
        case TooFewPatrols():
            return texts("condition.round.too_few", n=condition.times)
        case OddTaps(what=Odd.CLOCK_TAMPERED):
            return texts("condition.round.tag_clock", tolerance=span(condition.tolerance_ms, texts))
        case _:
            return ""


def due_said(due_ms: int | None, condition: Condition | None, now_ms: int, texts: Texts) -> str:
    """When a forecast's limit will be reached, or should have been; empty for what forecasts nothing."""
    if due_ms is None or not isinstance(condition, Forecast):
        return ""
    limit = with_unit(condition.limit, condition.quantity)
    if due_ms >= now_ms:
        return texts("condition.due", limit=limit, duration=duration(due_ms - now_ms, texts))
    return texts("condition.overdue", limit=limit, duration=duration(now_ms - due_ms, texts))


def span(ms: int, texts: Texts) -> str:
    """A rule's duration: `1 h` and not `1 h 0 min`, `90 s` as it is."""
    for name, length in _SPANS:
        if ms >= length and ms % length == 0:
            return texts(f"condition.span.{name}", n=ms // length)
    return texts("condition.span.seconds", n=ms // 1_000)


def _lasting(words: str, for_ms: int, texts: Texts) -> str:
    return texts("condition.lasting", what=words, duration=span(for_ms, texts)) if for_ms else words


def _tiers(words: str, for_ms: int, grave: str | None, texts: Texts) -> str:
    first = _lasting(words, for_ms, texts)
    return first if grave is None else texts("condition.tiers", first=first, grave=grave)


def _percent(value: float) -> str:
    return f"{number(value, _PERCENT_DECIMALS)}\N{NO-BREAK SPACE}%"


def _flag(quantity: str, texts: Texts, *, wanted: bool) -> str:
    word = "yes" if wanted else "no"
    if f"{quantity}.{word}" not in texts.under("condition.flag"):
        return f"{quantity}: {word}"
    return texts(f"condition.flag.{quantity}.{word}")


def _counted(condition: Count, texts: Texts) -> str:
    if condition.direction is None:
        return _flag(condition.quantity, texts, wanted=condition.wanted)
    limit = with_unit(condition.limit, condition.quantity)
    return texts(f"condition.threshold.{condition.direction.value}", limit=limit)
