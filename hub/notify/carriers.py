"""The channels that there are: robots spoken to directly, everything else through apprise."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import requests

from hub.config import model
from hub.notify import robots
from hub.notify.addresses import Robot, robot_of
from hub.notify.channels import Channel, Message, Outcome
from hub.notify.services import Service

_TIMEOUTS_S: Final = (4.0, 8.0)  # to connect; between two pieces of the answer
_LONGEST_S: Final = 20.0
_MOST_ANSWER_BYTES: Final = 65_536
_HEADERS: Final = {"content-type": "application/json; charset=utf-8", "user-agent": "campushub"}


def carrier_of(channel: model.Channel) -> Channel:
    """What carries a configured channel's messages. Nothing is opened."""
    robot = robot_of(channel.url)
    return RobotCarrier(robot) if robot else Service(channel.url)


class RobotCarrier:
    """A group's robot of WeCom, DingTalk or Feishu."""

    def __init__(self, robot: Robot, now_s: Callable[[], float] = time.time) -> None:
        """`now_s`: Unix seconds, for the signature."""
        self._robot = robot
        self._now_s = now_s
        self.most_bytes = robots.MOST_BYTES[robot.maker]

    def send(self, message: Message) -> Outcome:
        """Posts it. An answer that trickles in for too long is none; a redirection is not followed."""
        url, body = robots.request(self._robot, message.text, self._now_s())
        try:
            with requests.post(
                url, data=body, headers=_HEADERS, timeout=_TIMEOUTS_S, stream=True, allow_redirects=False
            ) as response:
                answer = _answer(response)
                return robots.verdict(response.status_code, response.headers.get("retry-after", ""), answer)
        except requests.Timeout:
            return Outcome("no answer in time")
        except requests.RequestException as error:
            return Outcome(f"not reached ({type(error).__name__})")  # its text names the address


def _answer(response: requests.Response) -> bytes:
    """The beginning of the body. Raises requests.Timeout, or another requests.RequestException."""
    began_s = time.monotonic()
    answer = b""
    for piece in response.iter_content(4_096):
        answer += piece
        if time.monotonic() - began_s > _LONGEST_S:
            raise requests.Timeout
        if len(answer) > _MOST_ANSWER_BYTES:
            break
    return answer
