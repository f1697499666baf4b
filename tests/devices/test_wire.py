"""Strict JSON: every hostile payload has its reason, and nothing but WireError ever comes out."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wire import MAX_DETAIL_CHARS, MAX_PAYLOAD_BYTES, WireError, WireReason, escaped, parse_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)

HOSTILE = [
    pytest.param(b"", WireReason.EMPTY, id="empty"),
    pytest.param(b" \r\n\t", WireReason.EMPTY, id="white space only"),
    pytest.param(b'{"t":', WireReason.NOT_JSON, id="cut off"),
    pytest.param(b"NaN", WireReason.NOT_JSON, id="NaN"),
    pytest.param(b"Infinity", WireReason.NOT_JSON, id="Infinity"),
    pytest.param(b"-Infinity", WireReason.NOT_JSON, id="-Infinity"),
    pytest.param(b"1e400", WireReason.OUT_OF_RANGE, id="1e400, which Python reads as infinity"),
    pytest.param(b"9" * 5000, WireReason.OUT_OF_RANGE, id="an integer of 5,000 digits"),
    pytest.param(b"[" * 100_000, WireReason.TOO_DEEP, id="100,000 open brackets"),
    pytest.param(b'{"a":' * 40_000, WireReason.TOO_DEEP, id="40,000 nested objects"),
    pytest.param(b'{"a":1,"a":1}', WireReason.DUPLICATE_KEY, id="a repeated key"),
    pytest.param(b'{"a":1,"\\u0061" \n :2}', WireReason.DUPLICATE_KEY, id="a repeated key, spelt otherwise"),
    pytest.param(b'[{"b":{"a":1,"c":"\\":","a":2}}]', WireReason.DUPLICATE_KEY, id="a repeated key inside"),
    pytest.param(b'"\\ud800"', WireReason.NOT_JSON, id="half a surrogate pair"),
    pytest.param(b'"\\udc00x"', WireReason.NOT_JSON, id="the other half"),
    pytest.param(b"\xef\xbb\xbf{}", WireReason.NOT_JSON, id="a byte order mark"),
    pytest.param(b"\xff\xfe", WireReason.NOT_UTF8, id="ff fe"),
    pytest.param(b'"\xff"', WireReason.NOT_UTF8, id="ff inside a string"),
    pytest.param('{"a":1}'.encode("utf-16"), WireReason.NOT_UTF8, id="UTF-16"),
    pytest.param(b"{}{}", WireReason.NOT_JSON, id="two values"),
    pytest.param(b"x" * 10_000_000, WireReason.TOO_LARGE, id="10 MB"),
    pytest.param(json.dumps({str(n): n for n in range(100_000)}).encode(), WireReason.TOO_LARGE, id="keys"),
    pytest.param(b'"a\x00b"', WireReason.NOT_JSON, id="a bare NUL"),
    pytest.param(b"'a'", WireReason.NOT_JSON, id="single quotes"),
    pytest.param(b"[1,]", WireReason.NOT_JSON, id="a trailing comma"),
]


@pytest.mark.parametrize(("hostile", "reason"), HOSTILE)
def test_a_hostile_payload_is_refused_with_its_reason(hostile: bytes, reason: WireReason) -> None:
    with pytest.raises(WireError) as caught:
        parse_json(hostile)
    assert caught.value.reason is reason
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) <= MAX_DETAIL_CHARS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1e-400", 0.0),
        (b"9223372036854775808", 2**63),
        (b" {} \n", {}),
        (b'{"a":"b\\":","c":1}', {"a": 'b":', "c": 1}),
        (b'{"\\":":1}', {'":': 1}),
        (b'["\\ud83d\\ude00"]', ["😀"]),
    ],
)
def test_odd_but_valid_json_is_read(text: bytes, value: object) -> None:
    assert parse_json(text) == value


def test_the_largest_payload_allowed_is_read_and_one_byte_more_is_not() -> None:
    longest = b'"' + b"x" * (MAX_PAYLOAD_BYTES - 2) + b'"'
    assert isinstance(parse_json(longest), str)
    with pytest.raises(WireError, match="too_large"):
        parse_json(longest[:-1] + b'x"')


@given(JSON)
def test_whatever_the_standard_library_writes_is_read_back(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@given(st.binary() | st.text().map(str.encode) | JSON.map(lambda value: json.dumps(value).encode()[:-1]))
def test_arbitrary_bytes_raise_only_the_wire_error(data: bytes) -> None:
    with suppress(WireError):
        value = parse_json(data)
        assert not isinstance(value, float) or math.isfinite(value)


@given(st.dictionaries(st.text(), JSON, min_size=1), st.data())
def test_a_key_repeated_anywhere_is_refused(members: dict[str, object], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(sorted(members)))
    inner = ",".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in members.items())
    with pytest.raises(WireError) as caught:
        parse_json(f'[{{"x":{{{inner},{json.dumps(again)}:null}}}}]'.encode())
    assert caught.value.reason is WireReason.DUPLICATE_KEY


@given(st.text(), st.integers(1, 300))
def test_escaped_text_is_one_bounded_printable_line(text: str, limit: int) -> None:
    line = escaped(text, limit)
    assert line.isprintable()
    assert len(line) <= limit


def test_control_characters_and_direction_marks_are_escaped() -> None:
    assert escaped("a\r\nb\x1b[31m\u202edc\u200f\x00") == "a\\r\\nb\\x1b[31m\\u202edc\\u200f\\x00"
    assert escaped("冷库 1") == "冷库 1"


def test_an_error_says_its_reason_and_detail() -> None:
    assert str(WireError(WireReason.UNKNOWN_FIELD, "temp\n")) == "unknown_field: temp\\n"
    assert str(WireError(WireReason.EMPTY)) == "empty"
