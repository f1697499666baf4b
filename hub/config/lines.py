"""On which line of a TOML text each key stands: the parser of the standard library does not tell."""

from __future__ import annotations

from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of every table, key and array element of `text`, which must be valid TOML.

    A path is made of keys and, for elements of arrays, indexes: `("device", 0, "interval")`.
    """
    return _Scanner(text.replace("\r\n", "\n")).run()


class _Scanner:
    """Walks over a text that is known to be valid, so that it need not check anything."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted_to = 0
        self._found: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}  # arrays of tables: how many there are so far

    def run(self) -> dict[Path, int]:
        table: Path = ()
        self._skip_blank()
        while self._at < len(self._text):
            if self._peek("[["):
                table = self._header("[[", "]]")
            elif self._peek("["):
                table = self._header("[", "]")
            else:
                self._pair(table)
            self._skip_blank()
        return self._found

    def _header(self, opening: str, closing: str) -> Path:
        self._at += len(opening)
        line = self._current_line()
        path: Path = ()
        keys = self._keys()
        self._at += len(closing)
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            if number == len(keys) and opening == "[[":
                self._tables[path] = self._tables.get(path, -1) + 1
            self._found.setdefault(path, line)
            if path in self._tables:
                path = (*path, self._tables[path])
        self._found[path] = line
        return path

    def _pair(self, table: Path) -> None:
        line = self._current_line()
        path = table
        for key in self._keys():
            path = (*path, key)
            self._found.setdefault(path, line)
        self._at += 1  # the equals sign
        self._skip_blank()
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline_table(path)
        elif self._peek('"') or self._peek("'"):
            self._string()
        else:
            while self._at < len(self._text) and self._text[self._at] not in ",]}#\n":
                self._at += 1

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        self._skip_blank()
        while not self._peek("]"):
            self._found[(*path, index)] = self._current_line()
            self._value((*path, index))
            self._skip_separator()
            index += 1
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._skip_blank()
        while not self._peek("}"):
            self._pair(path)
            self._skip_separator()
        self._at += 1

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip_blank()
            keys.append(self._string() if self._text[self._at] in "\"'" else self._bare_key())
            self._skip_blank()
            if not self._peek("."):
                return keys
            self._at += 1

    def _bare_key(self) -> str:
        start = self._at
        while self._text[self._at] not in " \t.=]":
            self._at += 1
        return self._text[start : self._at]

    def _string(self) -> str:
        quote = self._text[self._at]
        mark = quote * 3 if self._peek(quote * 3) else quote
        self._at += len(mark)
        characters: list[str] = []
        while not self._peek(mark):
            characters.append(self._escape() if quote == '"' and self._peek("\\") else self._text[self._at])
            self._at += 1
        self._at += len(mark)
        while len(mark) == 3 and self._peek(
            quote
        ):  # up to two quotes may stand right before the closing three
            self._at += 1
        return "".join(characters)

    def _escape(self) -> str:
        """The character that the escape at the cursor means; the cursor ends on the escape's last place."""
        self._at += 1
        letter = self._text[self._at]
        digits = {"u": 4, "U": 8}.get(letter, 0)
        if not digits:
            return _ESCAPES.get(letter, "")
        code = self._text[self._at + 1 : self._at + 1 + digits]
        self._at += digits
        return chr(int(code, 16))

    def _skip_separator(self) -> None:
        self._skip_blank()
        if self._peek(","):
            self._at += 1
            self._skip_blank()

    def _skip_blank(self) -> None:
        while self._at < len(self._text):
            if self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif self._text[self._at] in " \t\n":
                self._at += 1
            else:
                return

    def _peek(self, expected: str) -> bool:
        return self._text.startswith(expected, self._at)

    def _current_line(self) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._line
