"""The broadcast: what changed on the board goes to every connected client, a few times a second.

A client that is slow gets fewer, larger events, one that never reads is dropped: nothing queues up.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Collection
from typing import Final

import msgspec
from sse_starlette import ServerSentEvent
from starlette.concurrency import run_in_threadpool

from hub.clock import NowMs
from hub.config.model import Language
from hub.live.board import Board, Changed, Topic
from rules.model import Role

_LOG: Final = logging.getLogger("campushub.web")

MOST_CLIENTS: Final = 200
_PAUSE_S: Final = 0.25
# What somebody must act on waits for nothing but its neighbours.
_URGENT_PAUSE_S: Final = 0.03
_CHECK_S: Final = 5.0
# Falling silent, or behind, is no event: HEALTH is announced at this beat so that pages draw it.
_BEAT_S: Final = 10.0
# More than a campus has things: a client this far behind is better off starting again.
_MOST_PENDING: Final = 5_000
_GONE_REMEMBERED: Final = 1_000


class Audience(msgspec.Struct, frozen=True):
    """All that a rendering may depend on. `machine`: JSON objects instead of HTML fragments."""

    machine: bool
    role: Role
    language: Language


class _Client:
    def __init__(self, audience: Audience, session: str) -> None:
        self.audience = audience
        self.session = session
        self.pending: set[Changed] = set()
        self.wake = asyncio.Event()
        self.ended = False
        self.told = True

    def end(self, *, told: bool = True) -> None:
        """Ends the stream; `told`: with the event `end`, at which a page loads itself anew."""
        self.ended = True
        self.told = told
        self.wake.set()


class Broadcast:
    """For one event loop at a time; the board may call in from any thread."""

    def __init__(
        self,
        board: Board,
        paint: Callable[[Audience, frozenset[Changed]], str],
        alive: Callable[[Collection[str]], frozenset[str]],
        now: NowMs,
        boot: str,
    ) -> None:
        """`paint` makes an event's data, `alive` says which sessions still are; both block.

        `boot` tells clients that the hub was restarted: what they missed is not remembered, so a page
        loads itself anew."""
        self._board, self._paint, self._alive = board, paint, alive
        self._now, self._boot = now, boot
        self.pause_s, self.check_s, self.beat_s = _PAUSE_S, _CHECK_S, _BEAT_S
        self._lock = threading.Lock()
        self._arrived: set[Changed] = set()
        self._gone: dict[Changed, None] = {}
        self._clients: set[_Client] = set()
        self._dirty = asyncio.Event()
        self._urgent = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._painted: dict[tuple[Audience, frozenset[Changed]], asyncio.Task[str]] = {}
        self._painting: set[asyncio.Task[str]] = set()
        self._stop_listening: Callable[[], None] | None = board.listen(self._hear)

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    @property
    def is_full(self) -> bool:
        """Whether no more are taken."""
        return len(self._clients) >= MOST_CLIENTS

    async def stream(self, audience: Audience, session: str) -> AsyncIterator[ServerSentEvent]:
        """Everything once, then what changes, until the session ends or the client falls too far behind."""
        client = _Client(audience, session)
        self._add(client)
        try:
            hello = {"now_ms": self._now(), "boot": self._boot}
            yield _event("hello", msgspec.json.encode(hello).decode())
            changed = self._everything()
            while not client.ended:
                data = await self._paint_once(audience, changed) if changed else ""
                if data:
                    yield _event("change", data)
                await client.wake.wait()
                client.wake.clear()
                changed, client.pending = frozenset(client.pending), set()
            if client.told:
                yield _event("end", "{}")
        finally:
            self._clients.discard(client)

    def close(self) -> None:
        """Ends every stream and stops listening; from any thread. A server would wait for them for ever."""
        stop, self._stop_listening = self._stop_listening, None
        if stop is not None:
            stop()
        with self._lock:
            loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._end_all)

    # --- the board's thread ---

    def _hear(self, changed: frozenset[Changed]) -> None:
        with self._lock:
            for key in changed:
                if key[0] in (Topic.ALERT, Topic.ROUND):
                    self._gone.pop(key, None)
                    self._gone[key] = None
            while len(self._gone) > _GONE_REMEMBERED:
                self._gone.pop(next(iter(self._gone)))
            if self._loop is None:
                return
            first = not self._arrived
            self._arrived |= changed
            urgent = any(key[0] is Topic.ALERT for key in changed)
            try:
                if first:
                    self._loop.call_soon_threadsafe(self._dirty.set)
                if urgent:
                    self._loop.call_soon_threadsafe(self._urgent.set)
            except RuntimeError:  # the loop has closed: nobody is connected any more
                self._loop = None
                self._arrived.clear()

    # --- the loop's thread ---

    def _add(self, client: _Client) -> None:
        self._clients.add(client)
        if self._task is None or self._task.done():
            self._dirty, self._urgent = asyncio.Event(), asyncio.Event()
            with self._lock:
                self._loop = asyncio.get_running_loop()
                self._arrived.clear()
            self._task = self._loop.create_task(self._run())

    def _end_all(self) -> None:
        for client in tuple(self._clients):
            client.end(told=False)  # a page that loads itself from a hub that is off is a blank one

    async def _run(self) -> None:
        """Lives as long as anybody is connected."""
        loop = asyncio.get_running_loop()
        checked_s = beaten_s = loop.time()
        while self._clients:
            try:
                if loop.time() - checked_s >= self.check_s:
                    checked_s = loop.time()
                    await self._end_signed_out()
                if loop.time() - beaten_s >= self.beat_s:
                    beaten_s = loop.time()
                    self._hear(frozenset({(Topic.HEALTH, "")}))
                self._flush()
            except Exception:  # noqa: BLE001 - the loop's top: log and go on
                _LOG.exception("the broadcast failed")
            await asyncio.sleep(min(self.pause_s, _URGENT_PAUSE_S))
            await _within(self.pause_s - _URGENT_PAUSE_S, self._urgent)
            await _within(self.check_s, self._dirty)
        with self._lock:
            self._loop = None

    def _flush(self) -> None:
        self._dirty.clear()
        self._urgent.clear()
        with self._lock:
            arrived, self._arrived = self._arrived, set()
        if not arrived:
            return
        self._painted.clear()
        changed = self._without_old_taps(arrived)
        for client in self._clients:
            client.pending |= changed
            if len(client.pending) > _MOST_PENDING:
                client.end()
            client.wake.set()

    async def _end_signed_out(self) -> None:
        sessions = {client.session for client in self._clients}
        alive = await run_in_threadpool(self._alive, sessions)
        for client in tuple(self._clients):
            if client.session in sessions and client.session not in alive:
                client.end()

    def _everything(self) -> frozenset[Changed]:
        board = self._board
        with self._lock:
            gone = frozenset(self._gone)
        return gone | {
            *((Topic.DEVICE, device.id) for device in board.devices()),
            *((Topic.ALERT, str(alert.id)) for alert in board.alerts()),
            *((Topic.ROUND, run.id) for run in board.rounds()),
            *((Topic.TAP, tap.key) for tap in board.taps()),
            (Topic.HEALTH, ""),
        }

    def _without_old_taps(self, changed: set[Changed]) -> set[Changed]:
        """An offline backlog can bring thousands of taps; only the newest are on any page."""
        taps = {key for key in changed if key[0] is Topic.TAP}
        if not taps:
            return changed
        shown = taps & {(Topic.TAP, tap.key) for tap in self._board.taps()}
        return (changed - taps) | (shown or {taps.pop()})

    async def _paint_once(self, audience: Audience, changed: frozenset[Changed]) -> str:
        """The data of an event; those who ask for the same between two flushes share one rendering."""
        key = audience, changed
        task = self._painted.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._paint_in_thread(audience, changed))
            self._painted[key] = task
            self._painting.add(task)
            task.add_done_callback(self._painting.discard)
        return await asyncio.shield(task)

    async def _paint_in_thread(self, audience: Audience, changed: frozenset[Changed]) -> str:
        try:
            return await run_in_threadpool(self._paint, audience, changed)
        except Exception:  # noqa: BLE001 - what cannot be shown must not end everybody's stream
            _LOG.exception("an event cannot be rendered")
            return ""


async def _within(limit_s: float, event: asyncio.Event) -> None:
    """Returns once the event is set, or the time is up."""
    try:
        async with asyncio.timeout(max(limit_s, 0.0)):
            await event.wait()
    except TimeoutError:
        pass


def _event(name: str, data: str) -> ServerSentEvent:
    return ServerSentEvent(event=name, data=data, sep="\n")
