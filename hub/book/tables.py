"""The book's tables. Instants are milliseconds since 1970 UTC; bodies are msgpack of the structs named."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite numbers rows by itself only where the type is exactly INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """What Alembic compares the database with."""


class MetaRow(Base):
    """Single facts about this book, such as since when the campus is watched."""

    __tablename__ = "meta"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class CursorRow(Base):
    """How far a reader of the log has come, kept with what it decided."""

    __tablename__ = "cursors"
    reader: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class WatchRow(Base):
    """What one watch remembers: a `rules.model.State`; it has judged the log up to number `as_of`."""

    __tablename__ = "watches"
    rule: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject: Mapped[str] = mapped_column(String(96), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    as_of: Mapped[int] = mapped_column(BigInteger, server_default="0")


class OverheardRow(Base):
    """What devices said that gave no watch anything to say: a list of `hub.alerts.watched.Overheard`, of all
    of them in one row, because all of it changes all the time."""

    __tablename__ = "overheard"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class AlertRow(Base):
    """One thing wrong, from raised to closed: `hub.book.model.Alert`."""

    __tablename__ = "alerts"
    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    rule: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(96))
    severity: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool]
    acknowledged: Mapped[bool]
    closed: Mapped[bool]
    raised_at_ms: Mapped[int] = mapped_column(BigInteger)
    since_ms: Mapped[int] = mapped_column(BigInteger)
    cleared_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    closed_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    value: Mapped[float | None]
    acknowledged_by: Mapped[str] = mapped_column(String(64), default="")
    acknowledged_reason: Mapped[str] = mapped_column(Text, default="")
    acknowledged_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    closed_by: Mapped[str] = mapped_column(String(64), default="")
    closed_action: Mapped[str] = mapped_column(Text, default="")
    put_right_by: Mapped[str] = mapped_column(String(64), default="", server_default="")
    confirmed_by: Mapped[str] = mapped_column(String(64), default="", server_default="")
    suppressed: Mapped[str] = mapped_column(String(96), default="", server_default="")  # with commas
    suppressed_by: Mapped[str] = mapped_column(String(64), default="", server_default="")
    suppressed_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    suppressed_until_ms: Mapped[int | None] = mapped_column(BigInteger)
    shelved_by: Mapped[str] = mapped_column(String(64), default="", server_default="")
    shelved_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    shelved_until_ms: Mapped[int | None] = mapped_column(BigInteger)
    shelved_once: Mapped[bool] = mapped_column(default=False, server_default=false())
    shelved_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    parent: Mapped[int | None] = mapped_column(BigInteger, index=True)
    late: Mapped[bool] = mapped_column(default=False, server_default=false())
    judged_at_ms: Mapped[int | None] = mapped_column(BigInteger)  # by the hub's clock
    due_ms: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        Index("alerts_unclosed", "closed", "rule", "subject"),
        Index("alerts_judged", "judged_at_ms"),
    )


class SuppressionRow(Base):
    """What people set that hushes alerts: `hub.book.model.Suppression`. Never removed."""

    __tablename__ = "suppressions"
    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    device: Mapped[str] = mapped_column(String(64))
    area: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(String(64))
    set_at_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int | None] = mapped_column(BigInteger)
    ended_at_ms: Mapped[int | None] = mapped_column(BigInteger, index=True)
    ended_by: Mapped[str] = mapped_column(String(64))


class RestlessRow(Base):
    """How often a watch's alert came and went: `rules.flapping.Restless`."""

    __tablename__ = "restless"
    rule: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject: Mapped[str] = mapped_column(String(96), primary_key=True)
    changed: Mapped[int] = mapped_column(Integer)
    to_ms: Mapped[int] = mapped_column(BigInteger)
    flapping: Mapped[bool]


class RoundRow(Base):
    """One planned round of one day: `hub.book.model.RoundRun`."""

    __tablename__ = "rounds"
    id: Mapped[str] = mapped_column(String(96), primary_key=True)
    round: Mapped[str] = mapped_column(String(64))
    starts_ms: Mapped[int] = mapped_column(BigInteger)
    ends_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    grace_ms: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    tags: Mapped[bytes] = mapped_column(LargeBinary)
    visited: Mapped[bytes] = mapped_column(LargeBinary)
    deadline_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    visits: Mapped[bytes | None] = mapped_column(LargeBinary)  # `rules.route.Visit`; None: of an older book
    decided_by: Mapped[str] = mapped_column(String(64), default="", server_default="")
    decided_why: Mapped[str] = mapped_column(Text, default="", server_default="")


class JournalRow(Base):
    """Every decision, in order: a `hub.book.model.Decision`. Never changed, never removed."""

    __tablename__ = "journal"
    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    ref: Mapped[str] = mapped_column(String(96), index=True)
    recorded_at_ms: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class NoticeRow(Base):
    """The ledger of telling: a `hub.notify.model.Entry`. `id` is made of what was decided, so that deciding
    it again is the same notice. Never removed."""

    __tablename__ = "notices"
    number: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    alert: Mapped[int] = mapped_column(BigInteger, index=True)
    occurrence: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    step: Mapped[int] = mapped_column(Integer)
    again: Mapped[int] = mapped_column(Integer)
    recipient: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(String(64))
    tell_at_ms: Mapped[int] = mapped_column(BigInteger)
    matter: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16))
    decided_at_ms: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer)
    next_try_ms: Mapped[int] = mapped_column(BigInteger)
    sent_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[str] = mapped_column(Text)
    acknowledged_by: Mapped[str] = mapped_column(String(64))
    acknowledged_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    seen_at_ms: Mapped[int | None] = mapped_column(BigInteger)  # of the pages' only
    work: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0", index=True)  # order, or 0
    __table_args__ = (
        Index("notices_waiting", "state", "channel"),
        Index("notices_unseen", "channel", "recipient", "seen_at_ms"),
    )


class ChannelRow(Base):
    """A channel that refused messages once. `refused_since_ms`: it does now, because of `reason`; `outage`:
    how often that began; `told_outage`: the last of which people were told, at `told_at_ms`."""

    __tablename__ = "channels"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    outage: Mapped[int] = mapped_column(Integer)
    refused_since_ms: Mapped[int | None] = mapped_column(BigInteger)
    told_outage: Mapped[int] = mapped_column(Integer)
    told_at_ms: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)


class ReportRow(Base):
    """What a guard reported: `hub.patrol.reports.Report`. Never changed, never removed.

    `items`: what of a checklist; `photos`: SHA-256 of what the phone sent, in hex. `closed_…`, `done`: of
    those that were closed before there were work orders."""

    __tablename__ = "reports"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(String(64))
    round: Mapped[str] = mapped_column(String(96))
    checkpoint: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    received_at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    text: Mapped[str] = mapped_column(Text)
    items: Mapped[bytes] = mapped_column(LargeBinary)
    photos: Mapped[bytes] = mapped_column(LargeBinary)
    closed_by: Mapped[str] = mapped_column(String(64), default="")
    closed_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    done: Mapped[str] = mapped_column(Text, default="")


class WorkRow(Base):
    """A work order: `hub.work.model.WorkOrder`; how it stands is the fold of its changes in the journal.
    Never removed. `told_due_ms`: people were told that it was not done by then."""

    __tablename__ = "work_orders"
    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    source: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    checkpoint: Mapped[str] = mapped_column(String(64))
    area: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(64))
    photos: Mapped[bytes] = mapped_column(LargeBinary)
    reporter: Mapped[str] = mapped_column(String(64), index=True)
    reported_at_ms: Mapped[int] = mapped_column(BigInteger)
    report: Mapped[str] = mapped_column(String(36), index=True)
    item: Mapped[str] = mapped_column(String(64))
    alert: Mapped[int | None] = mapped_column(BigInteger, index=True)
    made_at_ms: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    responsible: Mapped[str] = mapped_column(String(72))
    urgency: Mapped[str] = mapped_column(String(16))
    due_ms: Mapped[int] = mapped_column(BigInteger)
    taken_by: Mapped[str] = mapped_column(String(64))
    taken_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    done_by: Mapped[str] = mapped_column(String(64))
    done_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    done: Mapped[str] = mapped_column(Text)
    photos_after: Mapped[bytes] = mapped_column(LargeBinary)
    closed_by: Mapped[str] = mapped_column(String(64))
    closed_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    closed_note: Mapped[str] = mapped_column(Text)
    changes: Mapped[int] = mapped_column(Integer)
    told_due_ms: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (Index("work_orders_due", "state", "due_ms"),)


class SecretRow(Base):
    """A person's PIN or password, as an argon2 hash, and the brake on guessing it."""

    __tablename__ = "secrets"
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    hash: Mapped[str] = mapped_column(Text)
    one_time: Mapped[bool]
    failures: Mapped[int] = mapped_column(Integer, default=0)
    locked_until_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    changed_at_ms: Mapped[int] = mapped_column(BigInteger)


class SessionRow(Base):
    """A signed-in browser. Only a hash of its cookie is kept. `trusted`: somebody's own phone, that stays
    signed in; `phone`: its own id, once it has said it; `phone_hash`: as of `PhoneTrustRow`."""

    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(64), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    trusted: Mapped[bool] = mapped_column(default=False, server_default=false())
    phone: Mapped[str] = mapped_column(String(64), default="", server_default="")
    phone_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")


class PhoneTrustRow(Base):
    """A phone on which somebody has given the PIN, and need not again: `hub.web.trusts`."""

    __tablename__ = "phone_trusts"
    phone_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    since_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int] = mapped_column(BigInteger)
