"""The line of every key, however TOML lets it be written."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.lines import lines_of

_WRITTEN_IN_MANY_WAYS = '''# a comment with [brackets] and "quotes"
plain = 1 # trailing
"quoted key" = "a # that is none"
'literal' = 'C:\\path'
dotted . "with.dot" = true

many = [ # a comment in an array
  1,
  "two ] # not the end",
  { three = 3 },
]
text = """
[not.a.table]
key = "no key" \\""" still inside
""""
raw = \'\'\'
[[neither]]\'\'\'
[table."a.b"]
inline = { one = 1, two = { three = [[1], [2]] } }
date = 1979-05-27T07:32:00Z
"\\u0041\\n" = 1
[[list]]
[list.of]
thing = 1
[[list]]
last = -1.5e3'''

_LINES = {
    ("plain",): 2,
    ("quoted key",): 3,
    ("literal",): 4,
    ("dotted", "with.dot"): 5,
    ("many",): 7,
    ("many", 0): 8,
    ("many", 1): 9,
    ("many", 2, "three"): 10,
    ("text",): 12,
    ("raw",): 16,
    ("table", "a.b"): 18,
    ("table", "a.b", "inline", "two", "three", 1, 0): 19,
    ("table", "a.b", "date"): 20,
    ("table", "a.b", "A\n"): 21,
    ("list", 0): 22,
    ("list", 0, "of", "thing"): 24,
    ("list", 1): 25,
    ("list", 1, "last"): 26,
}


@pytest.mark.parametrize("path", _LINES, ids=str)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
def test_a_key_is_found_on_its_line(path: tuple[str | int, ...], newline: str) -> None:
    assert lines_of(_WRITTEN_IN_MANY_WAYS.replace("\n", newline))[path] == _LINES[path]


_KEYS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters='\\"'), max_size=8
)
_VALUES = st.sampled_from(
    ["1", "'x'", '"#"', "[1, [2,\n3]]", "{a = {b = 1}}", '"""\n"\n"""', "07:32:00", "+inf", "[\n]"]
)


@given(st.dictionaries(_KEYS, _VALUES), st.lists(st.dictionaries(_KEYS, _VALUES), max_size=3))
def test_every_key_of_any_valid_text_has_the_line_it_begins_on(
    top: dict[str, str], tables: list[dict[str, str]]
) -> None:
    lines: list[str] = [f'"{key}" = {value}' for key, value in top.items() if key != "table"]
    for table in tables:
        lines += ["[[table]]", *(f' "{key}"= {value} # end' for key, value in table.items())]
    text = "\n".join(lines)
    data = tomllib.loads(text)

    found = lines_of(text)

    written = text.split("\n")
    for key in data:
        assert written[found[(key,)] - 1].startswith(("[[table]]", f'"{key}"'))
    for index, entry in enumerate(data.get("table", [])):
        for key in entry:
            assert written[found[("table", index, key)] - 1].startswith(f' "{key}"=')
