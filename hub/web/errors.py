"""What can go wrong with a request, as the one error shape: a code, a status, a text in both languages."""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from rules.life import Refusal
from rules.model import Text


class Code(Enum):
    """Why a request is not done; stable, for programs."""

    BAD_REQUEST = "bad_request"
    SIGNED_OUT = "signed_out"
    FORBIDDEN = "forbidden"
    CSRF = "csrf"
    CHANGE_SECRET_FIRST = "change_secret_first"  # noqa: S105 - a code, not a secret
    NOT_FOUND = "not_found"
    WRONG_METHOD = "wrong_method"
    ALREADY_CLOSED = "already_closed"
    STILL_ACTIVE = "still_active"
    NO_REASON = "no_reason"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    TOO_LARGE = "too_large"
    INVALID = "invalid"
    TOO_MANY_STEPS = "too_many_steps"
    TOO_LONG = "too_long"
    INTERNAL = "internal"
    BUSY = "busy"
    HISTORY_UNAVAILABLE = "history_unavailable"
    LOG_UNAVAILABLE = "log_unavailable"
    BOOK_UNAVAILABLE = "book_unavailable"


_TABLE: Final[dict[Code, tuple[int, Text]]] = {
    Code.BAD_REQUEST: (400, Text("请求无法识别。", "The request cannot be understood.")),
    Code.SIGNED_OUT: (401, Text("请先登录。", "Sign in first.")),
    Code.FORBIDDEN: (403, Text("您的岗位无权进行此操作。", "Your role may not do this.")),
    Code.CSRF: (
        403,
        Text(
            "页面已过期或请求来自其他网站，请刷新后重试。",
            "The page is out of date, or another site sent this: reload.",
        ),
    ),
    Code.CHANGE_SECRET_FIRST: (
        403,
        Text("请先更换一次性密码。", "Change your one-time password first."),
    ),
    Code.NOT_FOUND: (404, Text("没有找到。", "There is no such thing here.")),
    Code.WRONG_METHOD: (405, Text("此地址不支持该操作。", "This address does not do that.")),
    Code.ALREADY_CLOSED: (409, Text("该告警已关闭。", "The alert is closed already.")),
    Code.STILL_ACTIVE: (
        409,
        Text("原因仍未消除，不能关闭。", "The cause still lasts: it cannot be closed yet."),
    ),
    Code.NO_REASON: (409, Text("请写明原因或措施。", "Write the reason, or what was done.")),
    Code.ALREADY_ACKNOWLEDGED: (409, Text("已有人确认。", "Somebody has acknowledged it already.")),
    Code.TOO_LARGE: (413, Text("内容过大。", "That is too large.")),
    Code.INVALID: (422, Text("有内容填写不正确。", "Some of it is not valid.")),
    Code.TOO_MANY_STEPS: (422, Text("时间范围过大，请加大步长。", "The range is too long for the step.")),
    Code.TOO_LONG: (422, Text("时间范围过大，请缩短。", "The range is too long: ask for less.")),
    Code.INTERNAL: (500, Text("系统出错，已记录。", "Something went wrong here; it is on record.")),
    Code.BUSY: (503, Text("系统繁忙，请稍后再试。", "Busy just now: try again soon.")),
    Code.HISTORY_UNAVAILABLE: (503, Text("历史数据暂不可用。", "The history cannot be read just now.")),
    Code.LOG_UNAVAILABLE: (
        503,
        Text("暂时无法保存，请稍后重发。", "It cannot be kept just now: send it again soon."),
    ),
    Code.BOOK_UNAVAILABLE: (503, Text("台账暂不可用。", "The book cannot be used just now.")),
}

_BY_STATUS: Final = {
    400: Code.BAD_REQUEST,
    401: Code.SIGNED_OUT,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.WRONG_METHOD,
    413: Code.TOO_LARGE,
    422: Code.INVALID,
    503: Code.BUSY,
}


class Problem(Exception):  # noqa: N818 - it is an answer to a client, not a fault of the hub
    """Ends a request with one of the codes. `text` replaces the code's own; `details` are short and safe."""

    def __init__(self, code: Code, text: Text | None = None, details: tuple[str, ...] = ()) -> None:
        super().__init__(code.value)
        self.code = code
        self.status, standard = _TABLE[code]
        self.text = text or standard
        self.details = details

    def to_json(self) -> bytes:
        """The one error shape."""
        error: dict[str, object] = {
            "code": self.code.value,
            "message": self.text.en,
            "message_zh": self.text.zh,
        }
        if self.details:
            error["details"] = self.details
        return msgspec.json.encode({"error": error})


def refused(refusal: Refusal) -> Problem:
    """A person's action that the alert's state does not allow."""
    return Problem(Code(refusal.value))


def of_status(status: int) -> Problem:
    """The problem that stands for a bare HTTP status."""
    fallback = Code.INTERNAL if status >= 500 else Code.BAD_REQUEST
    return Problem(_BY_STATUS.get(status, fallback))


def speaks_json(path: str) -> bool:
    """Whether programs, rather than people, read what is at this path."""
    return path.startswith("/api/") or path in {"/events", "/metrics", "/healthz", "/readyz"}
