"""The demo's campus with its readers, from a message received to the reply handed on, by a stepped clock."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from devices.facts import Kind
from devices.formats import Binding, Format, Router
from hub.book.model import RoundRun
from hub.config.model import Campus, Tags
from hub.ingest.counts import Counts
from hub.ingest.decode import Decoder
from hub.ingest.flood import Flood
from hub.ingest.heard import heard_taps
from hub.ingest.inbox import Inbox
from hub.ingest.intake import Intake
from hub.ingest.own_clock import OwnClock
from hub.ingest.publishes import Publish
from hub.log.writer import LogWriter
from hub.replies.replier import Replier
from rules.model import RoundState
from tests.hub.alerts.campus import HOUR, MORNING, demo_campus

RUN: Final = "morning@2026-11-22"
REPLY: Final = "campus/shiyan/checkpoint/reader-1/reply"


def with_readers(campus: Campus) -> Campus:
    """A second reader, and one checkpoint with a printed code only."""
    second = replace(campus.devices["reader-1"], id="reader-2")
    return replace(campus, devices={**campus.devices, "reader-2": second})


class Readers:
    """`says` is what a reader publishes; `heard` what it hears, by topic."""

    def __init__(self, folder: Path, tags: Tags | None = None) -> None:
        self.campus = with_readers(demo_campus(folder))
        self.now_ms = MORNING
        self.counts = Counts()
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.expires_s: set[int] = set()
        self.has_connection = True
        self.runs: tuple[RoundRun, ...] = (self.run(),)
        self._log = LogWriter(folder / "log.sqlite")
        self.inbox = Inbox(self._log, lambda: self.now_ms, self.counts, lambda: None)
        bindings = [Binding(one, Kind.CHECKPOINT, Format.NATIVE) for one in ("reader-1", "reader-2")]
        decoder = Decoder(Router("shiyan", bindings), self.campus.site.zone, tags)
        own_clock = OwnClock(lambda: self.now_ms, lambda: self.now_ms)
        self.intake = Intake(decoder, self.counts, Flood(), own_clock, "campus/shiyan/hub/marker")
        self.intake.judges_floods = True  # the backlog is in
        self.replier = Replier(
            self.campus,
            lambda: self.runs,
            lambda: self.now_ms,
            self._publish,
            self.counts,
            lambda: None,
        )

    def run(self, round_: str = "morning", *visited: str) -> RoundRun:
        """A run of one of the campus's rounds, under way."""
        places = [self.campus.checkpoints[id_] for id_ in self.campus.rounds[round_].checkpoints]
        tags = tuple(place.tag_uid for place in places)
        done = tuple(self.campus.checkpoints[id_].tag_uid for id_ in visited)
        starts, ends = MORNING - HOUR, MORNING + HOUR
        return RoundRun(f"{round_}@2026-11-22", round_, starts, ends, 0, RoundState.IN_PROGRESS, tags, done)

    def receives(self, payload: object, reader: str = "reader-1", *, again: bool = False) -> None:
        """A message is received, made durable, and answered."""
        self.takes(payload, reader, again=again)
        self.inbox.turn()
        self.replier.turn()

    def takes(self, payload: object, reader: str = "reader-1", *, again: bool = False) -> None:
        """A message is received, and nothing is durable yet."""
        topic = f"campus/shiyan/checkpoint/{reader}/tap".encode()
        said = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        batch = self.intake.take([Publish(topic, said, 7, 1, again=again, retained=False)])
        assert self.inbox.put_many(
            batch.entries, lambda _: None, lambda kept: self.replier.hear(heard_taps(batch, kept))
        )

    def tap(self, checkpoint: str = "gatehouse", number: int = 1, **changes: Any) -> dict[str, Any]:
        """A tap as a reader publishes it, just now, with the badge of the morning's guard."""
        return {
            "at": self.now_ms / 1000,
            "tap_id": str(uuid.UUID(int=number, version=4)),
            "tag_uid": self.campus.checkpoints[checkpoint].tag_uid,
            "badge": self.campus.people["zhang-wei"].badge,
            "source": "reader",
            **changes,
        }

    def close(self) -> None:
        self._log.close()

    def _publish(self, topic: str, payload: bytes, expires_s: int) -> bool:
        if self.has_connection:
            self.heard.append((topic, json.loads(payload)))
            self.expires_s.add(expires_s)
        return self.has_connection
