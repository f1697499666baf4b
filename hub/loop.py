"""A named thread that does one thing over and over; the only place where an unknown error is survived."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from typing import Final

_LOG: Final = logging.getLogger("campushub")
_LONGEST_PAUSE_S: Final = 30.0


class Loop:
    """Calls `turn` until stopped. `turn` returns how many seconds to rest; `wake` cuts a rest short.

    An error is counted, logged and followed by a pause with full jitter, then the loop goes on."""

    def __init__(self, name: str, turn: Callable[[], float]) -> None:
        self.name = name
        self.failures = 0
        self.last_failure = ""
        self._turn = turn
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do now."""
        self._woken.set()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Asks the loop to end after its current turn and waits; False if it is still busy."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether the loop was asked to end; a long turn looks at this."""
        return self._stopping.is_set()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def pause(self, seconds: float) -> None:
        """Rests inside a turn; ends early when the loop is stopped."""
        self._stopping.wait(seconds)

    def _run(self) -> None:
        in_a_row = 0
        while not self._stopping.is_set():
            try:
                rest_s = self._turn()
                in_a_row = 0
            except Exception as error:  # the loop's top: count, log, go on
                self.failures += 1
                in_a_row += 1
                self.last_failure = f"{type(error).__name__}: {error}"[:300]
                _LOG.exception("loop %s failed (%d in a row)", self.name, in_a_row)
                rest_s = random.uniform(0, min(_LONGEST_PAUSE_S, 0.25 * 2.0 ** min(in_a_row, 10)))  # noqa: S311
            self._woken.wait(max(rest_s, 0.0))
            self._woken.clear()
