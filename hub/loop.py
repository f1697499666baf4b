"""A named thread that does one thing over and over; the only place where an unknown error is survived."""

from __future__ import annotations

import gc
import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Final

_LOG: Final = logging.getLogger("campushub")
_LONGEST_PAUSE_S: Final = 30.0
_OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000


class Loop:
    """Calls `turn` until stopped. `turn` returns how many seconds to rest; `wake` cuts a rest short, down to
    `pace_s` from the turn's beginning: what comes meanwhile is done together, at less cost.

    An error is counted, logged and followed by a pause with full jitter, then the loop goes on."""

    def __init__(self, name: str, turn: Callable[[], float], pace_s: float = 0.0) -> None:
        self.name = name
        self.failures = 0
        self.last_failure = ""
        self._in_a_row = 0
        self._turn = turn
        self._pace_s = pace_s
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do now."""
        self._woken.set()

    def ask_to_stop(self) -> None:
        """Asks the loop to end after its current turn."""
        self._stopping.set()
        self._woken.set()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """The same, and waits; False if it is still busy."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_failing(self) -> bool:
        """Whether it does not do its work now: its last turns failed, or its thread has ended."""
        return self._in_a_row > 1 or (self._thread.ident is not None and not self._thread.is_alive())

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_s = time.monotonic()
            try:
                rest_s = self._turn()
                self._in_a_row = 0
            except Exception as error:  # noqa: BLE001 - the loop's top: count, log, go on
                self.failures += 1
                self._in_a_row += 1
                self.last_failure = f"{type(error).__name__}: {error}"[:300]
                _LOG.exception("loop %s failed (%d in a row)", self.name, self._in_a_row)
                rest_s = random.uniform(0, min(_LONGEST_PAUSE_S, 0.25 * 2.0 ** min(self._in_a_row, 10)))  # noqa: S311
                self._stopping.wait(rest_s)  # a failing loop is not woken by those who have work for it
                continue
            if rest_s <= 0:
                continue
            self._woken.wait(rest_s)
            left_s = began_s + self._pace_s - time.monotonic()
            if left_s > 0:
                self._stopping.wait(left_s)
            self._woken.clear()


def calm_collector() -> None:
    """For a process whose many objects hold no cycles, and are freed as soon as nobody refers to them. By
    default Python would search for cycles at every 700th object, which costs an eighth of the whole path from
    the broker to the history. The few cycles there are (of web requests) wait for `collect`. What is there
    now is not looked at again until `restore_collector`."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 50)


def collect() -> None:
    """Frees the cycles that have come together lately; call it every few minutes. Milliseconds."""
    gc.collect(1)


def restore_collector() -> None:
    """As Python begins."""
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
