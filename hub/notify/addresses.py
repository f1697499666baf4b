"""The addresses of channels: which are a robot's, which are a secret, which no service takes; pure.

A robot's address may be written as its maker shows it, with the signing secret added as `secret`:
`https://open.feishu.cn/open-apis/bot/v2/hook/TOKEN?secret=SECRET`, or as apprise writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit


class Maker(Enum):
    """Whose robot: each has a message format and a signature of its own."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


@dataclass(frozen=True, slots=True)
class Robot:
    """A group's robot: it takes what is posted to `url`, signed with `secret` where there is one."""

    maker: Maker
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)


_WECOM: Final = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
_DINGTALK: Final = "https://oapi.dingtalk.com/robot/send?access_token="
_FEISHU_HOSTS: Final = ("open.feishu.cn", "open.larksuite.com")
_FEISHU_PATH: Final = "/open-apis/bot/v2/hook/"
# What these need stands in a user and password, if anywhere, or is somebody's own server.
_OPEN: Final = frozenset({"json", "jsons", "form", "forms", "xml", "xmls", "ntfy", "ntfys", "syslog"})
_ROBOTS_OF_APPRISE: Final = frozenset({"wecombot", "dingtalk", "feishu", "lark"})


def robot_of(url: str) -> Robot | None:
    """The robot at this address; None: it is no robot's."""
    try:
        parts = urlsplit(url)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    except ValueError:
        return None
    # Not `hostname`, which loses capitals: the name of a token is no host.
    user, _, name = parts.netloc.rpartition("@")
    secret = query.get("secret", user)
    match parts.scheme, name:
        case "wecombot", key if key and not parts.path.strip("/"):
            return Robot(Maker.WECOM, _WECOM + quote(key))
        case "https", "qyapi.weixin.qq.com" if "key" in query:
            return Robot(Maker.WECOM, _WECOM + quote(query["key"]))
        case "dingtalk", token if token and not parts.path.strip("/"):
            return Robot(Maker.DINGTALK, _DINGTALK + quote(token), secret)
        case "https", "oapi.dingtalk.com" if "access_token" in query:
            return Robot(Maker.DINGTALK, _DINGTALK + quote(query["access_token"]), secret)
        case "feishu", token if token and not parts.path.strip("/"):
            return Robot(Maker.FEISHU, f"https://{_FEISHU_HOSTS[0]}{_FEISHU_PATH}{quote(token)}", secret)
        case "https", host if host in _FEISHU_HOSTS and parts.path.startswith(_FEISHU_PATH):
            return Robot(Maker.FEISHU, f"https://{host}{quote(parts.path)}", secret)
    return None


def service_of(url: str) -> str:
    """What kind of address it is, in a word that is no secret."""
    robot = robot_of(url)
    return robot.maker.value if robot else url.partition("://")[0].lower()


def is_secret(url: str) -> bool:
    """Whether whoever knows the address can send in the school's name."""
    parts = url.partition("://")
    return parts[0].lower() not in _OPEN or "@" in parts[2]


def problem_of(url: str) -> str:
    """Why no message can go there; empty: one can. It never quotes the address."""
    scheme = url.partition("://")[0].lower()
    if robot_of(url) is not None:
        return ""
    if scheme in _ROBOTS_OF_APPRISE:
        return "is no complete address of a robot"
    if scheme in ("http", "https"):
        return "is no robot's address; a program of your own is addressed as json://… or jsons://…"
    from hub.notify.services import is_known  # late: it takes long to load

    return "" if is_known(url) else "is no address that a service takes"
