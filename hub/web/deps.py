"""What the composition root hands to the pages and the API."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hub.book.store import Book
from hub.clock import NowMs
from hub.config.model import Campus
from hub.history.port import Store
from hub.ingest.counts import Counts
from hub.live.board import Board
from hub.log.model import Entry, Kept


class Health(msgspec.Struct, frozen=True):
    """How the hub itself is doing; shown on the pages, in `/readyz` and in the metrics.

    `alerts_behind`, `history_behind`: facts in the log that the reader has not read yet."""

    broker_connected: bool
    broker_problem: str
    listening_since_ms: int | None
    inbox_waiting: int
    log_fault: str
    log_newest_seq: int
    alerts_behind: int
    history_behind: int
    history_state: str  # "ok", "behind", "unreachable" or "refused"
    history_detail: str
    dead_letters: int  # ever, on this log
    failing_loops: tuple[str, ...]
    certificate_days: float | None = None  # how long the pages' certificate is good; None: they have none

    @property
    def ready(self) -> bool:
        """Whether the hub does its whole job now."""
        return self.broker_connected and not self.log_fault and not self.failing_loops


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything that pages and API may use. `keep` appends to the log; done once durable, with what the log
    has of each fact. It raises queue.Full."""

    campus: Campus
    board: Board
    book: Book
    history: Store
    log_path: Path
    counts: Counts
    now: NowMs
    health: Callable[[], Health]
    keep: Callable[[Entry], Future[tuple[Kept, ...]]]
    wake_live: Callable[[], None]
