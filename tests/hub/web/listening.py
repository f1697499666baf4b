"""A client of an event stream, spoken to as a server would: what it receives, in what time it reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Message

from hub.web import cookies
from tests.hub.web.world import Browser, World

_LONG_S = 5.0


class Stream:
    """What came. `reads` False: it takes the headers and then never reads on."""

    def __init__(self, *, reads: bool) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.taken = 0
        self._reads = reads
        self._text = ""
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        if not self._reads:
            await asyncio.Event().wait()
        self.taken += len(message.get("body", b""))
        await self._arrived.put(message.get("body", b""))

    def rest(self) -> str:
        """What came and is no event yet read."""
        while not self._arrived.empty():
            self._text += self._arrived.get_nowait().decode()
        return self._text

    async def event(self) -> tuple[str, Any]:
        """The next event: its name and its data."""
        while "\n\n" not in self._text:
            self._text += (await asyncio.wait_for(self._arrived.get(), _LONG_S)).decode()
        block, self._text = self._text.split("\n\n", 1)
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        return lines["event"], json.loads(lines["data"])


@asynccontextmanager
async def listening(
    world: World, browser: Browser, path: str = "/events", *, reads: bool = True
) -> AsyncIterator[tuple[Stream, asyncio.Task[None]]]:
    """A connected client and the task that serves it."""
    stream = Stream(reads=reads)
    token = browser.cookies.get(cookies.SESSION, "")
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"hub.test"), (b"cookie", f"{cookies.SESSION}={token}".encode())],
        "client": ("192.0.2.7", 40_000),
        "server": ("hub.test", 80),
        "scheme": "http",
        "root_path": "",
        "http_version": "1.1",
    }
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def serve() -> None:
        await world.app(scope, receive, stream.send)

    task = asyncio.create_task(serve())
    try:
        yield stream, task
    finally:
        gone.set()
        await asyncio.wait_for(task, _LONG_S)
