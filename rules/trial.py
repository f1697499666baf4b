"""Rule tests as data: what a device or a round does, and what a rule has to say about it.

A case file names its `rule` (or is called `<rule id>.toml`) and has one `[target]`, and `[[cases]]` with a
`name`, `facts` and `expect`; perhaps `[title]`, the rule's in both languages, and `[[others]]`: devices that
the target feeds. Times are durations from the start, which is midnight in UTC on Thursday 1 January 1970;
school is in on weekdays from 07:00 to 18:00. A file with `starts`, a date, may be judged by any calendar: its
times count from the beginning of that day there. A fact has `at` (with `until` and `every`: many), perhaps
`received`, `device` and `clock`, and either `tick = true` (with `listening`; `phones_only` for one without a
broker, with `phones`: since when phones were heard), `online`, `tap` (perhaps with
`person`, `badge`, `counter` and `refused`), `order` (what people decided about the round, with `to`, `by` and
`reason`), `clock_set` (what the hub's clock was set to at its `at`: what is written after it has times by
that clock), or values of a reading; a value written `[from, to]` goes from the one to the other in equal
steps, and one of more numbers repeats them. A target that is a round has `starts`, `ends`, `grace` and
`tags` or `stops`, a day of rounds `rounds` and perhaps `key_tags`, a checkpoint its `tag`. Expected are
`raised` (with `since`, perhaps `value`, `grave`, `due`), `worsened`, `eased`, `cleared`, `amended`, `moved`
(with `state`, `visited`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from devices.facts import Clock, ClockSet, Fact, Kind, Order, Presence, Reading, RoundOrder, Tap, Tick, Trust
from rules.bind import CheckpointTarget, DayTarget, DeviceTarget, RoundTarget, Target, bind
from rules.calendar import Calendar
from rules.durations import parse_duration, written
from rules.judge import step
from rules.local_time import midnight_ms
from rules.model import Cleared, Eased, Event, Raised, RoundMoved, Rule, State, Text, Watch, Worsened
from rules.route import Sequence, Stop, Walk
from rules.windows import Hours, Window, parse_hours

DEVICE: Final = "cold-1"
PHONE: Final = "phone-1"
_MOST_FACTS: Final = 200_000  # of one case: a month of readings, and no typing error that fills the memory
_RECEIVED: Final = attrgetter("received_at_ms")
_SAID: Final = ("raised", "worsened", "eased", "cleared", "amended", "moved")

T = TypeVar("T")

Expected: TypeAlias = Mapping[str, Any]


class CaseFaultError(ValueError):
    """A case file makes no sense; the text says where and why."""


class Case(msgspec.Struct, frozen=True):
    """One course of events, in order of arrival, and what the rule has to say to it, in order."""

    name: str
    facts: tuple[Fact, ...]
    expect: tuple[Expected, ...]


class CaseFile(msgspec.Struct, frozen=True):
    """The cases of one rule on one target. `title`: what the rule is called, where the file says so.

    `starts`: the day from whose beginning times count, where the file says so."""

    rule: str
    target: Target
    others: tuple[DeviceTarget, ...]
    cases: tuple[Case, ...]
    title: Text | None = None
    starts: date | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What came of a case; `holds`: what was expected, and nothing else."""

    case: Case
    said: tuple[Event, ...]
    holds: bool


class _Counted(Window):
    """Hours, asked in times that count from an instant."""

    def __init__(self, hours: Hours, from_ms: int) -> None:
        super().__init__()
        self._hours = hours
        self._from_ms = from_ms

    def active(self, at_ms: int) -> bool:
        return self._hours.active(self._from_ms + at_ms)

    def _find_change(self, at_ms: int) -> int | None:
        change = self._hours.next_change(self._from_ms + at_ms)
        return None if change is None else change - self._from_ms


def parse(text: str, name: str) -> CaseFile:
    """The case file of a text; `name` is the rule where the text gives none. Raises CaseFaultError."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise CaseFaultError(f"not TOML: {error}") from error
    title = _made("[title]", lambda: Text(**document["title"])) if "title" in document else None
    others = _made("[[others]]", lambda: tuple(_others(document)))
    target = _made("[target]", lambda: _target(document["target"]))
    cases = document.get("cases")
    if not isinstance(cases, list) or not cases:
        raise CaseFaultError("there are no [[cases]]")
    starts = document.get("starts")
    if starts is not None and (not isinstance(starts, date) or isinstance(starts, datetime)):
        raise CaseFaultError("starts: write a date without quotes, as in 2026-09-30")
    return CaseFile(str(document.get("rule", name)), target, others, tuple(map(_case, cases)), title, starts)


def watch_of(rule: Rule, file: CaseFile, calendar: Calendar | None = None) -> Watch | None:
    """What the rule watches on the file's target, with its hours; None: it does not select it.

    `calendar`: what school is expected by, for a file that says when it starts."""
    expected = calendar or Calendar(UTC)
    from_ms = midnight_ms(expected.zone, file.starts) if calendar and file.starts else 0
    return bind(
        rule, file.target, lambda text: _Counted(Hours(parse_hours(text), expected), from_ms), file.others
    )


def run(watch: Watch, case: Case) -> Verdict:
    """Judges the case's facts, one after the other, by the very `step` of the hub."""
    state, said = State(), list[Event]()
    for fact in case.facts:
        state, events = step(watch, state, fact, fact.received_at_ms)
        said += events
    holds = len(said) == len(case.expect) and all(map(is_as_expected, said, case.expect))
    return Verdict(case, tuple(said), holds)


def is_as_expected(event: Event, expected: Expected) -> bool:
    """Whether this is what a case expects."""
    if isinstance(event, Raised):
        due_ms = parse_duration(expected["due"]) if "due" in expected else None
        return (
            _is_at(event, expected, "raised")
            and parse_duration(expected["since"]) == event.since_ms
            and ("value" not in expected or expected["value"] == event.value)
            and (event.grave, event.due_ms) == (expected.get("grave", False), due_ms)
        )
    if isinstance(event, Worsened | Eased):
        return _is_at(event, expected, "worsened" if isinstance(event, Worsened) else "eased")
    if isinstance(event, Cleared):
        return _is_at(event, expected, "amended" if event.amended else "cleared")
    state, visited = expected.get("state"), expected.get("visited")
    return _is_at(event, expected, "moved") and (state, visited) == (event.state.value, len(event.visited))


def as_written(event: Event) -> str:
    """An event as a case file expects it, to be compared and copied."""
    at = written(event.at_ms)
    match event:
        case Raised():
            parts = [f'raised = "{at}"', f'since = "{written(event.since_ms)}"']
            parts += [] if event.value is None else [f"value = {event.value:g}"]
            parts += ["grave = true"] if event.grave else []
            parts += [] if event.due_ms is None else [f'due = "{written(event.due_ms)}"']
            return f"{{ {', '.join(parts)} }}"
        case RoundMoved():
            return f'{{ moved = "{at}", state = "{event.state.value}", visited = {len(event.visited)} }}'
        case Cleared():
            return f'{{ {"amended" if event.amended else "cleared"} = "{at}" }}'
        case Worsened():
            return f'{{ worsened = "{at}" }}'
        case Eased():
            return f'{{ eased = "{at}" }}'


def expected_as_written(expected: Expected) -> str:
    """What a case expects, as its file has it."""
    parts = (f"{key} = {_toml(value)}" for key, value in expected.items())
    return f"{{ {', '.join(parts)} }}"


# --- reading ---


def _target(table: Mapping[str, Any]) -> Target:
    if "rounds" in table:
        runs = tuple(
            RoundTarget(f"{DEVICE}-{number}", _walk(walk)) for number, walk in enumerate(table["rounds"], 1)
        )
        starts_ms, ends_ms = (parse_duration(table[key]) for key in ("starts", "ends"))
        return DayTarget(DEVICE, starts_ms, ends_ms, runs, tuple(table.get("key_tags", ())))
    if "kind" not in table and "tag" in table:
        return CheckpointTarget(DEVICE, table["tag"])
    if "kind" not in table and ("tags" in table or "stops" in table):
        return RoundTarget(DEVICE, _walk(table))
    return DeviceTarget(
        id=table.get("id", DEVICE),
        kind=Kind(table["kind"]),
        storing=table.get("storing", ""),
        interval_ms=parse_duration(table["interval"]),
        low=table.get("low"),
        high=table.get("high"),
        area=table.get("area", ""),
        labels=tuple(table.get("labels", ())),
        tag=table.get("tag", ""),
        tags=tuple(table.get("tags", ())),
    )


def _walk(table: Mapping[str, Any]) -> Walk:
    stops = table["stops"] if "stops" in table else [{"tag": tag} for tag in table["tags"]]
    starts_ms, ends_ms, grace_ms = (parse_duration(table[key]) for key in ("starts", "ends", "grace"))
    return Walk(
        starts_ms,
        ends_ms,
        grace_ms,
        tuple(
            Stop(stop["tag"], *(_perhaps(stop, key) for key in ("earliest", "latest", "least", "most")))
            for stop in stops
        ),
        sequence=Sequence(table.get("order", "free")),
        people=tuple(table.get("people", ())),
        badges=tuple(table.get("badges", ())),
        others=tuple(table.get("others", ())),
        least_ms=_perhaps(table, "least"),
        most_ms=_perhaps(table, "most"),
        unstarted_ms=_perhaps(table, "unstarted"),
    )


def _perhaps(table: Mapping[str, Any], key: str) -> int | None:
    return parse_duration(table[key]) if key in table else None


def _others(document: Mapping[str, Any]) -> Iterator[DeviceTarget]:
    for other in document.get("others", ()):
        fed_by = document["target"].get("id", DEVICE)
        yield DeviceTarget(other["id"], Kind(document["target"]["kind"]), "", 60_000, fed_by=fed_by)


def _case(table: Mapping[str, Any]) -> Case:
    name = table.get("name") if isinstance(table, Mapping) else None
    if not isinstance(name, str) or not name:
        raise CaseFaultError("a case has no name")
    facts = _made(f"case “{name}”: facts", lambda: _in_order(table["facts"]))
    expect = _made(f"case “{name}”: expect", lambda: tuple(map(_expected, table["expect"])))
    return Case(name, facts, expect)


def _expected(table: Mapping[str, Any]) -> Expected:
    said = [key for key in _SAID if key in table]
    if len(said) != 1:
        raise ValueError(f"each must have one of {', '.join(_SAID)}")
    for key in (said[0], "since", "due"):
        if key in table or (key == "since" and said == ["raised"]):
            parse_duration(table[key])
    return table


def _in_order(entries: list[Mapping[str, Any]]) -> tuple[Fact, ...]:
    """In the order of their arrival; what arrives together, as it is written. Times before and after the
    hub's clock was set cannot be compared: there the order is as written."""
    ordered, alike = list[Fact](), list[Fact]()
    for fact in _facts(entries):
        if isinstance(fact, ClockSet):
            ordered += [*sorted(alike, key=_RECEIVED), fact]
            alike = []
        else:
            alike.append(fact)
    return (*ordered, *sorted(alike, key=_RECEIVED))


def _facts(entries: list[Mapping[str, Any]]) -> Iterator[Fact]:
    count = 0
    for entry in entries:
        values = dict(entry)
        at_ms = parse_duration(values.pop("at"))
        until_ms = parse_duration(values.pop("until", f"{at_ms}ms"))
        times = range(at_ms, until_ms + 1, parse_duration(values.pop("every", "1m")))
        count += len(times)
        if count > _MOST_FACTS:
            raise ValueError(f"more than {_MOST_FACTS} facts")
        for number, time_ms in enumerate(times):
            part = number / (len(times) - 1) if len(times) > 1 else 0.0
            yield _fact(time_ms, {key: _value(value, number, part) for key, value in values.items()})


def _value(value: Any, number: int, part: float) -> Any:
    if not isinstance(value, list):
        return value
    if len(value) == 2:
        return value[0] + (value[1] - value[0]) * part
    return value[number % len(value)]


def _fact(at_ms: int, values: dict[str, Any]) -> Fact:
    received_ms = parse_duration(values.pop("received", f"{at_ms}ms"))
    device = values.pop("device", PHONE if "tap" in values else DEVICE)
    clock = Clock(values.pop("clock", "device"))
    key = f"{device}/{at_ms}"
    if "clock_set" in values:
        set_to_ms = parse_duration(values["clock_set"])
        return ClockSet(f"clock/{at_ms}", set_to_ms, at_ms)
    if values.pop("tick", False):
        listening_ms = parse_duration(values.pop("listening", "0s"))
        phones_only = bool(values.pop("phones_only", False))
        return Tick(f"tick/{at_ms}", at_ms, listening_ms, _perhaps(values, "phones"), phones_only)
    if "online" in values:
        return Presence(key, device, at_ms, at_ms, Clock.NONE, bool(values["online"]))
    if "tap" in values:
        return _tap(at_ms, received_ms, device, clock, values)
    if "order" in values:
        until_ms = _perhaps(values, "to") or 0
        by, reason = values.get("by", "head"), values.get("reason", "")
        run = values.get("round", DEVICE)
        return RoundOrder(key, at_ms, received_ms, run, Order(values["order"]), by, reason, until_ms)
    said = tuple((name, value if isinstance(value, bool) else float(value)) for name, value in values.items())
    return Reading(key, device, at_ms, received_ms, clock, said)


def _tap(at_ms: int, received_ms: int, device: str, clock: Clock, values: Mapping[str, Any]) -> Tap:
    tag = values["tap"]
    return Tap(
        f"{tag}/{at_ms}/{values.get('refused', '')}",
        device,
        at_ms,
        received_ms,
        clock,
        tag,
        values.get("badge", "B1"),
        Trust.SUN,
        values.get("person", ""),
        values.get("counter", -1),
        values.get("refused", ""),
    )


def _made(where: str, make: Callable[[], T]) -> T:
    """What `make` gives; whatever a file can have wrong is a fault that names the place."""
    try:
        return make()
    except KeyError as error:
        raise CaseFaultError(f"{where}: {error.args[0]} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise CaseFaultError(f"{where}: {error}") from error


def _is_at(event: Event, expected: Expected, key: str) -> bool:
    return key in expected and parse_duration(expected[key]) == event.at_ms


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
