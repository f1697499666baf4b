"""What a work order is: what must be put right, where, reported by whom, by whom and when, until verified."""

from __future__ import annotations

from enum import Enum

import msgspec

from rules.work import CLOSED, Standing, State, Urgency


class Source(Enum):
    """What an order comes from."""

    ITEM = "item"  # something on a checklist that is not ok
    INCIDENT = "incident"
    ALERT = "alert"
    HAND = "hand"


class Place(msgspec.Struct, frozen=True):
    """Where it is: ids of the configuration, or empty."""

    checkpoint: str = ""
    area: str = ""
    device: str = ""


class NewOrder(msgspec.Struct, frozen=True):
    """An order to be made. `key`: of its own; the same again is the same order.

    `reported_at_ms`: when somebody saw it, which a phone without signal may say late. `responsible` empty:
    whoever answers for the place; `due_ms` None: as the urgency says."""

    key: str
    source: Source
    title: str
    text: str
    place: Place
    photos: tuple[str, ...]
    reporter: str
    reported_at_ms: int
    urgency: Urgency = Urgency.NORMAL
    report: str = ""
    item: str = ""
    alert: int | None = None
    responsible: str = ""
    due_ms: int | None = None


class WorkOrder(msgspec.Struct, frozen=True):
    """An order as the book has it; `number` is what people call it by. Instants by the hub's clock, but for
    `reported_at_ms`; people by their ids, or empty.

    `done`, `photos_after`: what was done last, and how it looks. `closed_…`: who verified or cancelled it."""

    number: int
    source: Source
    title: str
    text: str
    place: Place
    photos: tuple[str, ...]
    reporter: str
    reported_at_ms: int
    report: str
    item: str
    alert: int | None
    made_at_ms: int
    standing: Standing
    taken_at_ms: int | None
    done_at_ms: int | None
    done: str
    photos_after: tuple[str, ...]
    closed_by: str
    closed_at_ms: int | None
    closed_note: str
    changes: int  # how many there were

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.standing.state

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is to be done."""
        return self.state in CLOSED

    def is_overdue(self, now_ms: int) -> bool:
        """Whether it should have been put right by now. What is done waits for others."""
        return self.state in (State.OPEN, State.TAKEN) and self.standing.due_ms <= now_ms
