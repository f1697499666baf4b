"""The gateway's process: clocks, files, ports and connections are obtained here, and here only."""

from __future__ import annotations

import queue
import random
import time
import tomllib
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.resources import files
from typing import Final

from devices.gateway.broker import Identity, Link, LinkEvents
from devices.gateway.model import BrokerPlan, GatewayPlan, Language
from devices.gateway.outbox import Outbox
from devices.gateway.ports import Port
from devices.gateway.saying import Texts
from devices.gateway.station import Around, Station
from devices.gateway.troubles import Trouble
from devices.pn532 import BAUD

_LONGEST_REST_S: Final = 0.5
_AT_ONCE: Final = 1_000  # happenings that are seen to before the outbox is written

_Happening = Callable[[], None]


class Gateway:
    """Every reader of a plan, in one thread; ports and connections have their own, and only report to it."""

    def __init__(self, plan: GatewayPlan, show: Callable[[str, str, int], None]) -> None:
        """Opens the outbox, and nothing else yet. Raises OutboxError.

        `show`: a line, of which reader, and how often the bell rings with it."""
        self._happenings: queue.SimpleQueue[_Happening] = queue.SimpleQueue()
        self._is_ending = False
        self._outbox = Outbox(plan.outbox, plan.limit)
        around = Around(
            texts=texts_of(plan.language),
            outbox=self._outbox,
            now=time.time,
            steady=time.monotonic,
            draw=random.random,
            new_id=lambda: str(uuid.uuid4()),
            show=show,
            connect=_connected,
            hear=self._heard_here,
        )
        self._stations = tuple(Station(plan, reader, around) for reader in plan.readers)

    def run(self) -> None:
        """Works until `end` is called."""
        with ExitStack() as closing:
            closing.callback(self._outbox.close)
            for station in self._stations:
                closing.callback(station.end)
                station.begin(self._port_of(station))
            while not self._is_ending:
                due_s = min(station.deadline_s for station in self._stations)
                self._see_to(max(0.0, min(due_s - time.monotonic(), _LONGEST_REST_S)))
                for station in self._stations:
                    station.turn()

    def end(self) -> None:
        """`run` returns soon. From any thread, and from a signal's handler."""
        self._is_ending = True
        self._happenings.put(_nothing)

    def _see_to(self, rest_s: float) -> None:
        try:
            self._happenings.get(timeout=rest_s)()
            for _ in range(_AT_ONCE):
                self._happenings.get_nowait()()
        except queue.Empty:
            return

    def _port_of(self, station: Station) -> Port:
        put = self._happenings.put
        return Port(
            station.reader.port,
            BAUD,
            on_open=lambda: put(station.port_opened),
            on_data=lambda data: put(partial(station.port_spoke, data)),
            on_gone=lambda why, was_open: put(partial(station.port_gone, why, was_open)),
        )

    def _heard_here(self, events: LinkEvents) -> LinkEvents:
        return _Relayed(events, self._happenings.put)


class _Relayed:
    """What a connection's threads say, said again in the gateway's own."""

    def __init__(self, events: LinkEvents, put: Callable[[_Happening], None]) -> None:
        self._events = events
        self._put = put

    def on_up(self) -> None:
        self._put(self._events.on_up)

    def on_down(self, why: Trouble | str, refused: bool) -> None:
        self._put(partial(self._events.on_down, why, refused))

    def on_acknowledged(self, message: int) -> None:
        self._put(partial(self._events.on_acknowledged, message))

    def on_message(self, payload: bytes) -> None:
        self._put(partial(self._events.on_message, payload))


def texts_of(language: Language) -> Texts:
    """The shipped texts of a language."""
    text = files("devices.gateway").joinpath("texts", f"{language.value}.toml").read_text(encoding="utf-8")
    return Texts(language, tomllib.loads(text))


def _connected(broker: BrokerPlan, identity: Identity, events: LinkEvents) -> Link:
    return Link(broker, identity, events)


def _nothing() -> None:
    """Only wakes the thread."""
