"""What robots are sent, and what their answers mean; signatures as the makers' documents compute them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.notify.addresses import Maker, Robot, is_secret, problem_of, robot_of, service_of
from hub.notify.robots import request, verdict

NOW_S = 1_795_320_000.25
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=ABCdef123"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/ca0b1d2e-AAAA-bbbb"


@pytest.mark.parametrize(
    ("address", "maker", "url", "secret"),
    [
        (WECOM, Maker.WECOM, WECOM, ""),
        ("wecombot://693a91f6-7xxx", Maker.WECOM, WECOM.partition("=")[0] + "=693a91f6-7xxx", ""),
        (DINGTALK, Maker.DINGTALK, DINGTALK, ""),
        (f"{DINGTALK}&secret=SEC0a", Maker.DINGTALK, DINGTALK, "SEC0a"),
        ("dingtalk://SEC0a@ABCdef123/", Maker.DINGTALK, DINGTALK, "SEC0a"),
        (FEISHU, Maker.FEISHU, FEISHU, ""),
        (f"{FEISHU}?secret=Kq%2B1", Maker.FEISHU, FEISHU, "Kq+1"),
        ("feishu://ca0b1d2e-AAAA-bbbb?secret=S", Maker.FEISHU, FEISHU, "S"),
        (
            "https://open.larksuite.com/open-apis/bot/v2/hook/x",
            Maker.FEISHU,
            "https://open.larksuite.com/open-apis/bot/v2/hook/x",
            "",
        ),
    ],
)
def test_a_robot_s_address_is_taken_as_its_maker_shows_it_or_as_apprise_writes_it(
    address: str, maker: Maker, url: str, secret: str
) -> None:
    robot = robot_of(address)
    assert robot == Robot(maker, url, secret)
    assert problem_of(address) == ""
    assert is_secret(address)
    assert service_of(address) == maker.value
    assert "SEC0a" not in repr(robot)
    assert "ABCdef123" not in repr(robot)


@pytest.mark.parametrize(
    "address",
    ["wecombot://", "dingtalk://x/13800000000", "https://example.org/hook", "feishu://", "nonsense", ""],
)
def test_an_address_that_leads_nowhere_is_said_without_being_quoted(address: str) -> None:
    problem = problem_of(address)
    assert problem.startswith("is no")
    assert not address or address not in problem


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("json://127.0.0.1:8080/hook", False),
        ("ntfy://ntfy.sh/school", False),
        ("json://user:pw@host/", True),
        ("mailto://school:pw@example.org", True),
        ("bark://key@host", True),
        ("tgram://token/chat", True),
    ],
)
def test_what_lets_others_send_as_the_school_is_a_secret(address: str, secret: bool) -> None:
    assert is_secret(address) is secret


def test_wecom_is_sent_a_text() -> None:
    url, body = request(Robot(Maker.WECOM, WECOM), "冷库 “1”\n第二行", NOW_S)
    assert url == WECOM
    assert json.loads(body) == {"msgtype": "text", "text": {"content": "冷库 “1”\n第二行"}}


def test_dingtalk_is_signed_with_the_secret_over_time_and_secret() -> None:
    url, body = request(Robot(Maker.DINGTALK, DINGTALK, "SECabc"), "x", NOW_S)
    query = parse_qs(urlsplit(url).query)
    stamp = "1795320000250"
    expected = hmac.new(b"SECabc", f"{stamp}\nSECabc".encode(), hashlib.sha256).digest()
    assert query["timestamp"] == [stamp]
    assert query["sign"] == [base64.b64encode(expected).decode()]
    assert query["access_token"] == ["ABCdef123"]
    assert json.loads(body) == {"msgtype": "text", "text": {"content": "x"}}
    assert "sign" not in request(Robot(Maker.DINGTALK, DINGTALK), "x", NOW_S)[0]


def test_feishu_is_signed_with_time_and_secret_over_nothing() -> None:
    url, body = request(Robot(Maker.FEISHU, FEISHU, "demo"), "x", NOW_S)
    said = json.loads(body)
    expected = hmac.new(b"1795320000\ndemo", b"", hashlib.sha256).digest()
    assert url == FEISHU
    assert said == {
        "timestamp": "1795320000",
        "sign": base64.b64encode(expected).decode(),
        "msg_type": "text",
        "content": {"text": "x"},
    }
    assert "sign" not in json.loads(request(Robot(Maker.FEISHU, FEISHU), "x", NOW_S)[1])


@pytest.mark.parametrize(
    "answer",
    [
        b'{"errcode":0,"errmsg":"ok"}',
        b'{"code":0,"msg":"success","data":{}}',
        b'{"StatusCode":0,"StatusMessage":"success"}',
    ],
)
def test_a_robot_s_yes(answer: bytes) -> None:
    assert verdict(200, "", answer).delivered


@pytest.mark.parametrize(
    ("status", "retry_after", "answer", "refusal", "wait_s"),
    [
        (200, "", b'{"errcode":93000,"errmsg":"invalid webhook url"}', True, None),
        (200, "", b'{"errcode":310000,"errmsg":"sign not match"}', True, None),
        (200, "", b'{"code":19021,"msg":"sign match fail"}', True, None),
        (200, "", b'{"errcode":45009,"errmsg":"api freq out of limit"}', False, 60.0),
        (200, "", b'{"errcode":-1,"errmsg":"system busy"}', False, None),
        (200, "", b"<html>the school's firewall</html>", False, None),
        (200, "", b"[]", False, None),
        (200, "", b'{"errcode":"0"}', False, None),
        (200, "", b'{"errcode":false}', False, None),
        (200, "", b"", False, None),
        (429, "", b"", False, 60.0),
        (429, "7", b"", False, 7.0),
        (503, "120", b"", False, 120.0),
        (503, "Wed, 21 Oct 2015 07:28:00 GMT", b"", False, None),
        (403, "", b"", True, None),
        (302, "", b"", False, None),
    ],
)
def test_a_robot_s_no(
    status: int,
    retry_after: str,
    answer: bytes,
    refusal: bool,
    wait_s: float | None,
) -> None:
    outcome = verdict(status, retry_after, answer)
    assert not outcome.delivered
    assert outcome.is_refusal is refusal
    assert outcome.retry_after_s == wait_s


@given(st.integers(100, 599), st.text(max_size=20), st.binary(max_size=200))
def test_any_answer_is_a_verdict_on_one_line(status: int, retry_after: str, answer: bytes) -> None:
    outcome = verdict(status, retry_after, answer)
    assert outcome.reason.isprintable()


@given(st.text(max_size=200))
def test_any_text_is_an_address_or_is_none(address: str) -> None:
    robot_of(address)
    is_secret(address)
