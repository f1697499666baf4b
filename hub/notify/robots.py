"""What robots of WeCom, DingTalk and Feishu take, and what they answer; pure.

Not by apprise: these three say what went wrong in an answer that HTTP calls a success, which apprise 2.2
takes for one, and it cannot sign for Feishu.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from hub.notify.addresses import Maker, Robot
from hub.notify.channels import Outcome

# Bytes of UTF-8 in a text, as the makers' documents say, with some room for what is around it.
MOST_BYTES: Final = {Maker.WECOM: 2_000, Maker.DINGTALK: 18_000, Maker.FEISHU: 18_000}

_OK: Final = 200
_TOO_MANY: Final = 429
_REFUSED_HTTP: Final = frozenset({400, 401, 403, 404, 410})
# Too often for now: everything else that a robot answers is about its address, secret or keywords.
_TOO_OFTEN: Final = frozenset({45009, 130101, 410100, 11232})
_BUSY: Final = frozenset({-1})
_A_MINUTE_S: Final = 60.0
_MOST_SHOWN: Final = 200


def request(robot: Robot, text: str, now_s: float) -> tuple[str, bytes]:
    """Where to post what, signed for this moment where the robot asks for that."""
    match robot.maker:
        case Maker.WECOM:
            return robot.url, _json({"msgtype": "text", "text": {"content": text}})
        case Maker.DINGTALK:
            url = robot.url
            if robot.secret:
                stamp = str(round(now_s * 1_000))
                sign = _hmac(key=robot.secret, said=f"{stamp}\n{robot.secret}")
                url += "&" + urlencode({"timestamp": stamp, "sign": sign})
            return url, _json({"msgtype": "text", "text": {"content": text}})
        case Maker.FEISHU:
            body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
            if robot.secret:
                stamp = str(int(now_s))
                # The secret is part of the key, and nothing is what is signed.
                body = {"timestamp": stamp, "sign": _hmac(key=f"{stamp}\n{robot.secret}", said=""), **body}
            return robot.url, _json(body)


def verdict(status: int, retry_after: str, answer: bytes) -> Outcome:
    """What became of a message, by the HTTP status, the header Retry-After (or "") and the answer's body."""
    if status != _OK:
        wait_s = seconds_of(retry_after) or (_A_MINUTE_S if status == _TOO_MANY else None)
        return Outcome(f"HTTP {status}", wait_s, is_refusal=status in _REFUSED_HTTP)
    try:
        said = msgspec.json.decode(answer, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Outcome("the answer is not that of a robot")
    code = next((said[key] for key in ("errcode", "code", "StatusCode") if key in said), None)
    if not isinstance(code, int) or isinstance(code, bool):
        return Outcome("the answer is not that of a robot")
    if code == 0:
        return Outcome()
    reason = _printable(f"{code}: {said.get('errmsg', said.get('msg', ''))}")
    if code in _TOO_OFTEN:
        return Outcome(reason, _A_MINUTE_S)
    return Outcome(reason, is_refusal=code not in _BUSY)


def seconds_of(retry_after: str) -> float | None:
    """The header's seconds, at most a day of them; None: none, or a date, which is rare and left alone."""
    return float(min(int(retry_after), 86_400)) if retry_after.isdecimal() and len(retry_after) < 10 else None


def _hmac(key: str, said: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), said.encode(), hashlib.sha256)).decode()


def _json(body: dict[str, Any]) -> bytes:
    return msgspec.json.encode(body)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:_MOST_SHOWN]
