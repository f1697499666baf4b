"""What somebody posts goes into the log, and is answered once it is on the disk."""

from __future__ import annotations

import asyncio
import queue
from concurrent.futures import Future
from typing import Final, TypeVar

from hub.log.model import Entry, Kept
from hub.web.deps import Deps
from hub.web.errors import Code, Problem

_DURABLE_WITHIN_S: Final = 10.0

_T = TypeVar("_T")


async def durable(deps: Deps, entry: Entry) -> tuple[Kept, ...]:
    """Appends an entry and waits until it is on the disk. Raises Problem."""
    try:
        submitted = deps.keep(entry)
    except queue.Full:
        raise Problem(Code.LOG_UNAVAILABLE) from None
    return await _waited(submitted)


async def _waited(submitted: Future[_T]) -> _T:
    # Shielded: giving up the wait must not cancel a future that the log's thread is about to set.
    waiting = asyncio.shield(asyncio.wrap_future(submitted))
    try:
        return await asyncio.wait_for(waiting, _DURABLE_WITHIN_S)
    except TimeoutError:
        raise Problem(Code.LOG_UNAVAILABLE) from None
