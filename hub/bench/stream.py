"""Somebody who is signed in and follows the event stream: when each alert arrived there."""

from __future__ import annotations

import http.client
import multiprocessing
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Final
from urllib.parse import urlencode

import msgspec

from hub.processes import TrialError

_TIMEOUT_S: Final = 30.0
_CHUNK: Final = 262_144
_SEE_OTHER: Final = 303
_FORM_TOKEN: Final = re.compile(r'name="csrf"[^>]*value="([^"]+)"')


class _Change(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Alert(msgspec.Struct):
    subject: str


_changes: Final = msgspec.json.Decoder(list[_Change]).decode
_alert: Final = msgspec.json.Decoder(_Alert).decode


class Follower:
    """What a process of its own sees on the stream."""

    def __init__(self, told: Connection) -> None:
        self._told = told

    def arrivals(self) -> dict[str, int]:
        """For each device with an alert when that arrived, by this computer's monotonic clock in ns.

        It waits for the end of the stream: stop the hub before. Raises TrialError."""
        try:
            if self._told.poll(_TIMEOUT_S):
                found: dict[str, int] = self._told.recv()
                return found
        except EOFError:
            pass
        raise TrialError("the event stream cannot be followed")


@contextmanager
def following(port: int, person: str, secret: str) -> Iterator[Follower]:
    """Signs in at the hub on `port`; begins once the stream has told how things stand. Raises TrialError."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_follow, args=(port, person, secret, theirs), daemon=True)
    process.start()
    theirs.close()
    follower = Follower(ours)
    try:
        follower.arrivals()  # those from before
        yield follower
    finally:
        process.kill()
        process.join()
        ours.close()


def _follow(port: int, person: str, secret: str, told: Connection) -> None:
    """The process: sends the alerts of the first change, and at the stream's end all others."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    connection.request("GET", "/api/v1/events", headers={"Cookie": _signed_in(port, person, secret)})
    found: dict[str, int] = {}
    is_first = True
    for at_ns, changes in _events(connection.getresponse()):
        for change in changes:
            if change.type == "alert" and change.object != b"null":
                found.setdefault(_alert(change.object).subject, at_ns)
        if is_first:
            told.send(found)
            found, is_first = {}, False
    told.send(found)


def _events(answer: http.client.HTTPResponse) -> Iterator[tuple[int, list[_Change]]]:
    """Every change with the time at which its last byte was there."""
    waiting = b""
    with suppress(OSError, http.client.HTTPException):  # a hub that stops just ends it
        while piece := answer.read1(_CHUNK):
            at_ns = time.monotonic_ns()
            *events, waiting = (waiting + piece).split(b"\n\n")
            for event in events:
                kind, _, data = event.partition(b"\n")
                if kind == b"event: change":
                    yield at_ns, _changes(data.removeprefix(b"data: "))


def _signed_in(port: int, person: str, secret: str) -> str:
    """The cookie of a new session."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    connection.request("GET", "/login")
    form = connection.getresponse()
    token = _FORM_TOKEN.search(form.read().decode())
    fields = {"person": person, "secret": secret, "csrf": token[1] if token else ""}
    headers = {"Cookie": _cookies(form), "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", urlencode(fields), headers)
    answer = connection.getresponse()
    if answer.status != _SEE_OTHER:
        raise TrialError(f"signing in is answered with {answer.status}")
    cookies = _cookies(answer)
    connection.close()
    return cookies


def _cookies(answer: http.client.HTTPResponse) -> str:
    given = answer.headers.get_all("Set-Cookie") or []
    return "; ".join(cookie.partition(";")[0] for cookie in given)
