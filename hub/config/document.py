"""The file as read: its tables, with the name and the line of every key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from hub.config.faults import ConfigurationError, Fault, escaped
from hub.config.full_width import slip_in_line, told
from hub.config.lines import lines_of

MAX_BYTES = 16_000_000
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_SAVE_AS_UTF8 = "save it as plain text in UTF-8"


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of the file at `path`. Its getters give None for what is missing or of another type.

    So a check can look at an entry whose other keys are wrong, and all faults come out at once.
    """

    document: Document
    path: tuple[str | int, ...]
    table: Mapping[str, object]

    def text(self, key: str) -> str | None:
        """The string at `key`, unless it is missing, empty or no string."""
        value = self.table.get(key)
        return value if isinstance(value, str) and value else None

    def number(self, key: str) -> float | None:
        """The number at `key`."""
        value = self.table.get(key)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def texts(self, key: str) -> tuple[tuple[int, str], ...]:
        """The strings of the array at `key`, with their indexes."""
        value = self.table.get(key)
        items = value if isinstance(value, list) else []
        return tuple((index, item) for index, item in enumerate(items) if isinstance(item, str))

    def fault(self, key: str | tuple[str | int, ...], problem: str, remedy: str) -> Fault:
        """A fault at `key` of this table."""
        keys = (key,) if isinstance(key, str) else key
        return self.document.fault((*self.path, *keys), problem, remedy)


@dataclass(frozen=True, slots=True)
class Document:
    """A file that is valid TOML."""

    file: Path
    data: Mapping[str, object]
    lines: Mapping[tuple[str | int, ...], int]

    def section(self, *path: str) -> Entry:
        """The table at `path`, empty where there is none."""
        table: object = self.data
        for key in path:
            table = table.get(key) if isinstance(table, dict) else None
        return Entry(self, path, cast("dict[str, object]", table) if isinstance(table, dict) else {})

    def entries(self, *path: str) -> Iterator[Entry]:
        """The tables of the array of tables at `path`, in the file's order."""
        items = self.section(*path[:-1]).table.get(path[-1])
        for index, table in enumerate(items if isinstance(items, list) else []):
            if isinstance(table, dict):
                yield Entry(self, (*path, index), cast("dict[str, object]", table))

    def fault(self, path: Sequence[str | int], problem: str, remedy: str) -> Fault:
        """A fault at `path`; where the key itself is missing, its line is that of the table it belongs to."""
        line = next((self.lines[place] for place in _from_inside_out(path) if place in self.lines), None)
        return Fault(self.file, line, self._name(path), problem, remedy)

    def written(self, path: Sequence[str | int]) -> Sequence[str | int]:
        """`path` as far as the file has it: a name that is a plain text has no `zh` of its own."""
        value: object = self.data
        for length, part in enumerate(path):
            if not isinstance(value, dict | list):
                return path[:length]
            value = _inside(value, part)
        return path

    def _name(self, path: Sequence[str | int]) -> str:
        """The dotted name, with an entry's id instead of its index where it has one, and `#1` otherwise."""
        value: object = self.data
        names = []
        for part in path:
            value = _inside(value, part)
            own_id = value.get("id") if isinstance(value, dict) and isinstance(part, int) else None
            name = own_id if isinstance(own_id, str) and own_id else part
            names.append(name if isinstance(name, str) else f"#{name + 1}")
        return ".".join(escaped(name) for name in names)


def read(file: Path) -> Document:
    """The file, parsed. Raises ConfigurationError with the one fault that keeps it from being read."""
    text = _text_of(file)
    try:
        data = tomllib.loads(text)
        return Document(file, data, lines_of(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([_syntax_fault(file, text, error)]) from None
    except RecursionError:
        raise ConfigurationError(
            [Fault(file, None, "", "is nested too deeply", "remove the brackets")]
        ) from None
    except ValueError:  # the only other one: an integer of thousands of digits
        fault = Fault(file, None, "", "contains a number that is far too long", "correct the number")
        raise ConfigurationError([fault]) from None


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        remedy = "`campushub example` prints a documented example; save that as this file and adapt it"
        raise ConfigurationError([Fault(file, None, "", "there is no such file", remedy)]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable file name"
        problem = f"cannot be read: {reason}"
        raise ConfigurationError(
            [Fault(file, None, "", problem, "check the path and its permissions")]
        ) from None
    if len(content) > MAX_BYTES:
        problem = f"is larger than {MAX_BYTES // 1000} kB, so it is hardly a configuration"
        raise ConfigurationError([Fault(file, None, "", problem, "check the path")])
    try:
        return content.decode("utf-8-sig")  # some editors put a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError([Fault(file, line, "", "is not UTF-8 text", _SAVE_AS_UTF8)]) from None


def _syntax_fault(file: Path, text: str, error: tomllib.TOMLDecodeError) -> Fault:
    message = str(error)
    position = _POSITION.search(message)
    reason = escaped(_POSITION.sub("", message))
    line = int(position[1]) if position and position[1] else text.rstrip().count("\n") + 1
    if slip := _slip_fault(file, line, text.split("\n")[line - 1]):
        return slip
    if position and position[1]:
        remedy = f"correct the text at line {position[1]}, column {position[2]}; texts stand in double quotes"
        return Fault(file, line, "", f"is not valid TOML: {reason}, column {position[2]}", remedy)
    if reason.startswith("Cannot"):
        return Fault(
            file, line, "", f"is not valid TOML: {reason}", "each key may stand in a table only once"
        )
    remedy = "it looks half-written: save or copy the file again, whole"
    return Fault(file, line, "", f"ends too early: {reason}", remedy)


def _slip_fault(file: Path, number: int, line: str) -> Fault | None:
    """The usual reason for a file that was typed with a Chinese input method."""
    slip = slip_in_line(line)
    if slip is None:
        return None
    called, remedy = told(line[slip])
    return Fault(file, number, "", f"is not valid TOML: there is {called}, column {slip + 1}", remedy)


def _from_inside_out(path: Sequence[str | int]) -> Iterator[tuple[str | int, ...]]:
    for length in range(len(path), 0, -1):
        yield tuple(path[:length])


def _inside(value: Any, part: str | int) -> object:
    if isinstance(value, dict) and isinstance(part, str):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return cast("object", value[part])
    return None
