"""Typed reading of a table of configuration that goes on after a fault, to report all of them at once.

Where a value is missing or of the wrong type, a fault is noted and a stand-in is given back: nothing that was
read may be used once there are faults.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias, TypeVar

from rules.durations import parse_duration

Faults: TypeAlias = list[str]
E = TypeVar("E", bound=Enum)


class Table:
    """One table; `where` names it in faults, `faults` collects them."""

    def __init__(self, items: Mapping[str, object], where: str, faults: Faults) -> None:
        self.where = where
        self._items = items
        self._faults = faults
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._items

    def text(self, key: str) -> str:
        """A text that is not blank."""
        value = self._get(key)
        if isinstance(value, str) and value.strip():
            return value
        self._fault(key, "must be a text that is not empty")
        return ""

    def is_plain_text(self, key: str) -> bool:
        """Whether a text stands at the key, and no table."""
        return isinstance(self._get(key), str)

    def flag(self, key: str, default: bool | None) -> bool | None:
        """True or false, or `default` if the key is not there."""
        if key not in self:
            return default
        value = self._get(key)
        if not isinstance(value, bool):
            self._fault(key, "must be true or false, without quotes")
            return None
        return value

    def whole(self, key: str, default: int | None) -> int | None:
        """A whole number, or `default` if the key is not there."""
        if key not in self:
            return default
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            self._fault(key, "must be a whole number such as 5")
            return None
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; none if the key is not there."""
        value = self._get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self._fault(key, "must be a list of texts")
        return ()

    def number(self, key: str, default: float | None) -> float | None:
        """A finite number, or `default` if the key is not there."""
        if key not in self:
            return default
        number = _number(self._get(key))
        if number is None:
            self._fault(key, "must be a number such as 8.0")
        return number

    def numbers(self, key: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """A list of finite numbers, or `default` if the key is not there."""
        if key not in self:
            return default
        value = self._get(key)
        found = [_number(item) for item in value] if isinstance(value, (list, tuple)) else [None]
        numbers = tuple(number for number in found if number is not None)
        if len(numbers) != len(found):
            self._fault(key, "must be a list of numbers such as [85.0, -127.0]")
        return numbers

    def duration(self, key: str, default: int | None) -> int | None:
        """Milliseconds, written as `10m`; or `default` if the key is not there."""
        if key not in self:
            return default
        value = self._get(key)
        if not isinstance(value, str):
            self._fault(key, "must be a duration in quotes such as '90s', '10m' or '2h'")
            return None
        try:
            return parse_duration(value)
        except ValueError as error:
            self._fault(key, str(error))
            return None

    def choice(self, key: str, choices: type[E], default: E | None = None) -> E:
        """One of an enum's values; required unless there is a default."""
        if default is not None and key not in self:
            return default
        return self._one_of(key, self._get(key), choices)

    def choices(self, key: str, choices: type[E]) -> tuple[E, ...]:
        """Some of an enum's values; none if the key is not there."""
        return tuple(self._one_of(key, item, choices) for item in self.texts(key))

    def table(self, key: str) -> Table:
        """The table under a required key."""
        value = self._get(key)
        where = f"{self.where}: {key}"
        if isinstance(value, Mapping):
            return Table(value, where, self._faults)
        self._fault(key, "must be a table")
        return Table({}, where, [])  # one fault is enough for a table that is not there

    def tables(self, key: str, *, may_be_empty: bool = False) -> tuple[Table, ...]:
        """The tables of a required list, numbered from 1 in faults."""
        value = self._get(key)
        if may_be_empty and value == []:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(i, dict) for i in value):
            self._fault(key, "must be a list of tables that is not empty")
            return ()
        return tuple(
            Table(item, f"{self.where}: {key} {number}", self._faults)
            for number, item in enumerate(value, start=1)
        )

    def texts_by_name(self) -> dict[str, str]:
        """All of the table, where every value is a text; a table with nothing in it is a fault."""
        if not self._items:
            self._faults.append(f"{self.where} must not be empty")
        return {name: self.text(name) for name in self._items}

    def refuse_the_rest(self) -> None:
        """Notes a fault for each key that nobody asked for: a misspelt key must not be silently lost."""
        for key in sorted(self._items.keys() - self._asked):
            self._fault(key, f"is not known here; known are {', '.join(sorted(self._asked))}")

    def _get(self, key: str, default: object = None) -> object:
        self._asked.add(key)
        return self._items.get(key, default)

    def _one_of(self, key: str, value: object, choices: type[E]) -> E:
        for choice in choices:
            if choice.value == value:
                return choice
        self._fault(key, f"must be one of {', '.join(str(choice.value) for choice in choices)}")
        return next(iter(choices))

    def _fault(self, key: str, problem: str) -> None:
        self._faults.append(f"{self.where}: {key} {problem}")


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return number if math.isfinite(number) else None
