"""Lines for guards, in both languages; and what is a reply at all."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.gateway.model import Language
from devices.gateway.replies import reply_in
from devices.gateway.running import texts_of
from devices.gateway.saying import reply_line, time_of_day
from devices.gateway.taps import Unknown
from devices.gateway.troubles import Trouble

NEXT = {"id": "library", "name": {"zh-CN": "图书馆", "en": "Library"}}
FULL = {
    "tap_id": "t1",
    "accepted": True,
    "reason": None,
    "trust": "sun",
    "checkpoint": "gate",
    "round": "morning@2026-11-22",
    "next": NEXT,
    "at": "2026-11-22T07:00:00.000+08:00",
}


def line(language: Language, at: str | None = None, **changes: Any) -> str:
    reply = reply_in(json.dumps({**FULL, **changes}).encode())
    assert reply is not None
    return reply_line(reply, texts_of(language), at)


@pytest.mark.parametrize(
    ("changes", "zh", "en"),
    [
        ({}, "有效 ✓ gate，下一个：图书馆", "accepted ✓ gate, next: Library"),
        ({"next": None}, "有效 ✓ gate，本次巡更全部走完", "accepted ✓ gate, the round is complete"),
        (
            {"next": None, "round": None},
            "有效 ✓ gate，不属于任何巡更",
            "accepted ✓ gate, counts for no round",
        ),
        (
            {"reason": "clock_ahead"},
            "有效 ✓ gate，下一个：图书馆（网关时间偏快）",
            "accepted ✓ gate, next: Library (the gateway's clock is ahead)",
        ),
        (
            {"accepted": False, "reason": "replay"},
            "无效 ✗ 签名已被用过",
            "refused ✗ this read was used before",
        ),
        ({"accepted": False, "reason": "new_one"}, "无效 ✗ new_one", "refused ✗ new_one"),
        ({"accepted": False, "reason": "a\nb\x1b[31m"}, "无效 ✗ a\\nb\\x1b[31m", "refused ✗ a\\nb\\x1b[31m"),
    ],
)
def test_a_reply_is_one_plain_line(changes: dict[str, Any], zh: str, en: str) -> None:
    assert line(Language.ZH, **changes) == zh
    assert line(Language.EN, **changes) == en


def test_a_reply_that_comes_late_says_to_which_tap() -> None:
    assert line(Language.ZH, "08:01:02") == "有效 ✓ gate，下一个：图书馆（08:01:02 的打卡）"
    assert line(Language.EN, "08:01:02").endswith("(tapped at 08:01:02)")


@pytest.mark.parametrize(
    ("unknown", "zh", "en"),
    [
        (None, "没有登记的标签", "no checkpoint has this tag"),
        (Unknown.OWN_TAG, "这台读卡器的 tag_uid 不在 campus.toml 中", "the tag_uid of this reader is not in"),
        (Unknown.CARD, "如果这是工牌，请写进 gateway.toml 的 [[guard]]", "if it is a badge, write it into"),
        (Unknown.BADGE_DROPPED, "刚才的工牌已失效，请重新刷自己的工牌", "lay your own on again"),
    ],
)
def test_a_tag_that_nobody_knows_is_said_with_what_to_do(unknown: Unknown | None, zh: str, en: str) -> None:
    reply = reply_in(b'{"tap_id":"t1","accepted":false,"reason":"unknown_tag"}')
    assert reply is not None
    for language, words in ((Language.ZH, zh), (Language.EN, en)):
        assert words in reply_line(reply, texts_of(language), None, unknown)


def test_times_are_those_of_the_zone() -> None:
    assert time_of_day(1_795_305_600.5, ZoneInfo("Asia/Shanghai")) == "08:00:00"
    assert time_of_day(1_795_305_600.5, ZoneInfo("UTC")) == "00:00:00"


@pytest.mark.parametrize("language", list(Language))
def test_every_trouble_has_words_and_others_are_said_as_they_are(language: Language) -> None:
    texts = texts_of(language)
    assert len({texts.trouble(trouble) for trouble in Trouble}) == len(Trouble)
    assert texts.trouble("Disk\nquota") == "Disk\\nquota"


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    def texts(language: Language) -> dict[str, set[str]]:
        text = files("devices.gateway").joinpath("texts", f"{language.value}.toml").read_text("utf-8")
        return {
            f"{table}.{key}": set(re.findall(r"{(\w+)}", words))
            for table, keys in tomllib.loads(text).items()
            for key, words in keys.items()
        }

    assert texts(Language.ZH) == texts(Language.EN)


@pytest.mark.parametrize(
    "payload",
    [b"", b"{}", b"[]", b"null", b"\xff", b'{"tap_id":1,"accepted":true}', b'{"tap_id":"a","accepted":"yes"}',
     b'{"tap_id":"a","accepted":true,"next":{"id":"x"}}', b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_reply_is_none(payload: bytes) -> None:
    assert reply_in(payload) is None


@given(st.binary(max_size=200))
def test_no_payload_raises(payload: bytes) -> None:
    reply_in(payload)
