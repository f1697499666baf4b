"""One phone that posts its taps as a page does: until each of them is answered."""

from __future__ import annotations

import http.client
import random
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from devices.aes import cbc_encrypted, cmac
from devices.identity import of_tap
from devices.sun import COUNTER_BYTES, session_mac_key, truncated
from devices.tag_keys import SiteKeys

AT_ONCE: Final = 50
_TIMEOUT_S: Final = 30.0
_REST_S: Final = 0.3
_OK: Final = 200
_LOSES_THE_ANSWER: Final = 0.1  # of its posts: the connection breaks once the post is sent
_PADDING: Final = 5


class Account(msgspec.Struct, frozen=True):
    """A session: its cookie, and the token that goes with every change."""

    cookie: str
    csrf: str


class PostedTap(msgspec.Struct, frozen=True):
    """A tap as posted, and the key that it has in the log."""

    key: str
    body: dict[str, Any]


class Told(msgspec.Struct, frozen=True):
    """What came of a phone's taps. `again`: posts whose answer was lost."""

    accepted: int
    again: int
    answers_s: tuple[float, ...]


def tag_says(keys: SiteKeys, uid: str, counter: int, at_s: float) -> PostedTap:
    """A tap at a tag that signs what it says."""
    raw = bytes.fromhex(uid)
    plain = b"\xc7" + raw + counter.to_bytes(COUNTER_BYTES, "little") + bytes(_PADDING)
    mac = truncated(cmac(session_mac_key(keys.file_read_key(raw), raw, counter), b""))
    sealed = cbc_encrypted(keys.meta_read_key(), plain)
    id_ = str(uuid.uuid4())
    sun = {"e": sealed.hex().upper(), "c": mac.hex().upper()}
    return PostedTap(of_tap(id_), {"id": id_, "at": at_s, "source": "nfc", "tag": uid, "sun": sun})


class Phone:
    """`send_all` from one thread; `accepted` may be read from any."""

    def __init__(self, port: int, account: Account, taps: Sequence[PostedTap]) -> None:
        self.taps = tuple(taps)
        self.accepted = 0
        self._port = port
        self._account = account
        self._again = 0
        self._answers_s: list[float] = []
        self._random = random.Random(account.csrf)  # noqa: S311 - faults, no secrets

    def send_all(self, ended: threading.Event) -> Told:
        """Posts until every tap is answered; gives up when `ended` is set."""
        waiting = list(self.taps)
        self._random.shuffle(waiting)
        while waiting and not ended.is_set():
            batch = waiting[:AT_ONCE]
            accepted = self._post(batch)
            if accepted is None:
                self._again += 1
                ended.wait(_REST_S)
                continue
            self.accepted += accepted
            del waiting[: len(batch)]
        return Told(self.accepted, self._again, tuple(self._answers_s))

    def _post(self, batch: Sequence[PostedTap]) -> int | None:
        """How many were accepted; None: there was no answer."""
        headers = {
            "Cookie": self._account.cookie,
            "X-CSRF-Token": self._account.csrf,
            "Content-Type": "application/json",
        }
        body = msgspec.json.encode({"taps": [tap.body for tap in batch]})
        begun_s = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        try:
            with suppress(OSError, http.client.HTTPException, msgspec.MsgspecError):
                connection.request("POST", "/api/v1/patrol/taps", body, headers)
                if self._random.random() < _LOSES_THE_ANSWER:
                    return None
                answer = connection.getresponse()
                said = answer.read()
                if answer.status != _OK:
                    return None
                self._answers_s.append(time.monotonic() - begun_s)
                return sum(bool(result["accepted"]) for result in msgspec.json.decode(said)["results"])
            return None
        finally:
            connection.close()
