"""How often one session may post; shared by the routes that phones post to."""

from __future__ import annotations

import threading
from typing import Final

from starlette.requests import HTTPConnection

from hub.web.doorman import Buckets
from hub.web.errors import Code, Problem

# A phone that was off line for a day sends its taps in two posts; these stop only what is broken or hostile.
BURST: Final = 120
PER_MINUTE: Final = 120


class Pace:
    """One application's. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posts = Buckets(BURST, PER_MINUTE)

    def take(self, session: str, now_ms: int) -> None:
        """Counts one post. Raises Problem if it is too many."""
        with self._lock:
            allowed = self._posts.take(session, now_ms)
        if not allowed:
            raise Problem(Code.TOO_OFTEN)


def pace_of(connection: HTTPConnection) -> Pace:
    """The pace of the application that serves this request."""
    state = connection.app.state
    if not hasattr(state, "pace"):
        state.pace = Pace()
    kept: Pace = state.pace
    return kept
