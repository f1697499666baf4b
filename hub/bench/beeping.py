"""A reader whose guard taps again and again: how long until the hub's reply makes it beep."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from devices.facts import Kind
from devices.topics import Channel, NativeTopic
from hub.bench.servers import SITE
from hub.processes import TrialError

READER: Final = "reader"
TAG: Final = "04A1B2C3D4E580"
TAPS_PER_S: Final = 4
# What `campus_text` needs more, for the reader and its checkpoint.
CAMPUS: Final = f"""\
[[checkpoint]]
id = "gate"
name = "Gate"
area = "cold-room"
tag_uid = "{TAG}"
key = true
[[device]]
id = "{READER}"
name = "Reader"
kind = "checkpoint"
area = "cold-room"
owner = "admin"
[[round]]
id = "all-day"
name = "All day"
starts = "00:00"
ends = "23:59"
role = "admin"
checkpoints = ["gate"]
"""
_TIMEOUT_S: Final = 20.0
_SETTLES_S: Final = 1.0


class Beeped(msgspec.Struct, frozen=True):
    """How long each reply took, in ns, and how many taps had none."""

    times_ns: tuple[int, ...]
    missing: int


@contextmanager
def beeping(port: int, seconds: float) -> Iterator[Callable[[], Beeped]]:
    """Taps for so long, from a process of its own; what is given waits for the end. Raises TrialError."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply_async(_tap, (port, seconds))

        def beeped() -> Beeped:
            try:
                found: Beeped = result.get(_TIMEOUT_S + seconds)
            except (OSError, multiprocessing.TimeoutError) as error:
                raise TrialError(f"the reader could not tap: {error}") from error
            return found

        yield beeped


def _tap(port: int, seconds: float) -> Beeped:
    tapped: dict[str, int] = {}
    times_ns: list[int] = []
    subscribed = threading.Event()

    def heard(_: paho.Client, __: object, message: paho.MQTTMessage) -> None:
        now_ns = time.monotonic_ns()
        sent_ns = tapped.pop(json.loads(message.payload)["tap_id"], None)
        if sent_ns is not None:
            times_ns.append(now_ns - sent_ns)

    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = heard
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.subscribe(str(NativeTopic(SITE, Kind.CHECKPOINT, READER, Channel.REPLY)))
    if not subscribed.wait(_TIMEOUT_S):
        raise TimeoutError("the broker does not answer")
    topic = str(NativeTopic(SITE, Kind.CHECKPOINT, READER, Channel.TAP))
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        tap_id = str(uuid.uuid4())
        tap = {"tap_id": tap_id, "tag_uid": TAG, "at": time.time()}
        tapped[tap_id] = time.monotonic_ns()
        client.publish(topic, json.dumps(tap), qos=1)
        time.sleep(1 / TAPS_PER_S)
    time.sleep(_SETTLES_S)
    client.disconnect()
    client.loop_stop()
    return Beeped(tuple(times_ns), len(tapped))
