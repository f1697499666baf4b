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
    ALREADY_PUT_RIGHT = "already_put_right"
    NOT_PUT_RIGHT = "not_put_right"
    SAME_PERSON = "same_person"
    NOT_CLOSED = "not_closed"
    REOPENED_TOO_LATE = "reopened_too_late"
    NEWER_ALERT = "newer_alert"
    ALREADY_SHELVED = "already_shelved"
    NOT_SHELVED = "not_shelved"
    NOT_ACTIVE = "not_active"
    SHELF_TOO_LONG = "shelf_too_long"
    SHELVED_ENOUGH = "shelved_enough"
    NOT_TAKEN_ON = "not_taken_on"
    ALREADY_OUT_OF_SERVICE = "already_out_of_service"
    ENDS_TOO_EARLY = "ends_too_early"
    ENDS_TOO_LATE = "ends_too_late"
    WRONG_STATE = "wrong_state"
    NOT_YOURS = "not_yours"
    REOPENED_LATE = "reopened_late"
    BAD_DUE = "bad_due"
    NOBODY = "nobody"
    UNKNOWN_PHONE = "unknown_phone"
    UNKNOWN_BADGE = "unknown_badge"
    OTHER_REPORT = "other_report"
    NO_PHOTO = "no_photo"
    NOT_YOUR_ROUND = "not_your_round"
    REASON_TOO_LONG = "reason_too_long"
    ROUND_OVER = "round_over"
    ROUND_DONE = "round_done"
    NOT_PAUSED = "not_paused"
    BAD_TIME = "bad_time"
    BAD_DEADLINE = "bad_deadline"
    OTHER_ORDER = "other_order"
    TOO_OFTEN = "too_often"
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
    Code.ALREADY_PUT_RIGHT: (
        409,
        Text(
            "已有人登记整改，等待另一人复核。",
            "Somebody has put it right already: another person has to confirm it.",
        ),
    ),
    Code.NOT_PUT_RIGHT: (
        409,
        Text("尚无人登记整改，无需复核。", "Nobody has put it right yet: there is nothing to confirm."),
    ),
    Code.SAME_PERSON: (
        409,
        Text(
            "整改人不能复核自己的整改，请另一人复核。",
            "Whoever put it right cannot confirm it: ask another person.",
        ),
    ),
    Code.NOT_CLOSED: (409, Text("该告警尚未关闭。", "The alert is not closed.")),
    Code.REOPENED_TOO_LATE: (
        409,
        Text("关闭已超过 30 天，不能重新打开。", "It was closed more than 30 days ago: it stays closed."),
    ),
    Code.NEWER_ALERT: (
        409,
        Text(
            "同一问题已有新的告警，请处理新的告警。",
            "There is a newer alert about the same: deal with that one.",
        ),
    ),
    Code.ALREADY_SHELVED: (409, Text("该告警已搁置。", "The alert is shelved already.")),
    Code.NOT_SHELVED: (409, Text("该告警未搁置。", "The alert is not shelved.")),
    Code.NOT_ACTIVE: (
        409,
        Text("原因已消除，无需搁置。", "Its cause is over: there is nothing to shelve."),
    ),
    Code.SHELF_TOO_LONG: (
        409,
        Text(
            "搁置时间过长：紧急告警最多 2 小时，其他最多 8 小时。",
            "Too long: critical alerts are shelved for 2 hours at most, others for 8.",
        ),
    ),
    Code.SHELVED_ENOUGH: (
        409,
        Text(
            "自触发以来的搁置时间已达上限：紧急告警累计 2 小时，其他 8 小时。",
            "It has been shelved as long as allowed since it was raised: "
            "critical alerts for 2 hours in all, others for 8.",
        ),
    ),
    Code.NOT_TAKEN_ON: (
        409,
        Text(
            "紧急告警须先有人确认接手，方可搁置。",
            "It is critical: somebody has to take it on before it is shelved.",
        ),
    ),
    Code.ALREADY_OUT_OF_SERVICE: (409, Text("该设备已停用。", "The device is out of service already.")),
    Code.ENDS_TOO_EARLY: (
        409,
        Text("结束时间已过，请填写将来的时间。", "That end is in the past: write one to come."),
    ),
    Code.ENDS_TOO_LATE: (409, Text("最长 31 天。", "For 31 days at most.")),
    Code.WRONG_STATE: (
        409,
        Text(
            "整改单的状态已变，请查看后再操作。",
            "The work order stands differently by now: look at it first.",
        ),
    ),
    Code.NOT_YOURS: (403, Text("这一步须由他人办理。", "This is for somebody else to do.")),
    Code.REOPENED_LATE: (
        409,
        Text(
            "办结已超过 30 天，请另开整改单。",
            "It was closed more than 30 days ago: make another work order.",
        ),
    ),
    Code.BAD_DUE: (409, Text("期限须晚于现在。", "It has to be due later than now.")),
    Code.NOBODY: (409, Text("没有这个责任人或岗位。", "There is no such person or role.")),
    Code.UNKNOWN_PHONE: (
        403,
        Text(
            "这部手机还没有人登录并保持登录，请先用工号和 PIN 登录。",
            "Nobody has signed in on this phone to stay yet: sign in with name and PIN first.",
        ),
    ),
    Code.UNKNOWN_BADGE: (404, Text("没有登记这张工牌。", "This is nobody's badge.")),
    Code.OTHER_REPORT: (
        409,
        Text("该编号已用于另一份报告。", "Another report has this id."),
    ),
    Code.NO_PHOTO: (415, Text("不是可用的 JPEG 照片。", "That is no usable JPEG photo.")),
    # Decisions about rounds are answered with the words of hub/alerts/orders.py.
    Code.NOT_YOUR_ROUND: (403, Text("无权决定这次巡更。", "This round is not yours to decide about.")),
    Code.REASON_TOO_LONG: (422, Text("原因太长。", "The reason is too long.")),
    Code.ROUND_OVER: (409, Text("这次巡更已经结束。", "The round is over.")),
    Code.ROUND_DONE: (409, Text("所有巡更点都已到过。", "Every checkpoint was visited.")),
    Code.NOT_PAUSED: (409, Text("这次巡更没有暂停。", "The round is not paused.")),
    Code.BAD_TIME: (422, Text("时间不对。", "The time cannot be.")),
    Code.BAD_DEADLINE: (422, Text("截止时间不对。", "The deadline cannot be.")),
    Code.OTHER_ORDER: (409, Text("该编号已用于另一项决定。", "Another decision has this id.")),
    Code.TOO_OFTEN: (
        429,
        Text("请求过于频繁，请一分钟后再试。", "Too often: try again in a minute."),
    ),
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
