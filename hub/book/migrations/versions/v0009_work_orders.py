"""Work orders; what was reported and is still open becomes orders"""

from __future__ import annotations

import time
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_DUE_WITHIN_MS = 7 * 24 * 3_600_000
_RESPONSIBLE = "role:maintenance"
_TITLE_CHARS = 80

_reports = sa.table(
    "reports",
    *(sa.column(name) for name in ("id", "kind", "person", "checkpoint", "at_ms", "received_at_ms", "text")),
    *(sa.column(name) for name in ("items", "photos")),
    sa.column("open", sa.Boolean()),
)
_UNCLOSED = ("open", "taken", "done")


def upgrade() -> None:
    _make_tables()
    reports = list(op.get_bind().execute(sa.select(_reports).where(_reports.c.open)).mappings())
    for report in reports:
        for order in _orders_of(dict(report), int(time.time() * 1000)):
            _keep(order)
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.drop_index("ix_reports_open")
        batch_op.drop_column("open")


def downgrade() -> None:
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("open", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index("ix_reports_open", ["open"], unique=False)
    orders = sa.table("work_orders", sa.column("report"), sa.column("state"))
    unclosed = sa.select(orders.c.report).where(orders.c.state.in_(_UNCLOSED))
    op.get_bind().execute(sa.update(_reports).where(_reports.c.id.in_(unclosed)).values(open=True))
    op.drop_table("work_orders")
    op.execute("DELETE FROM journal WHERE kind = 'work'")  # an older campushub cannot read them
    op.execute("DELETE FROM notices WHERE work <> 0")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index("ix_notices_work")
        batch_op.drop_column("work")


def _make_tables() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "work_orders",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("checkpoint", sa.String(length=64), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("photos", sa.LargeBinary(), nullable=False),
        sa.Column("reporter", sa.String(length=64), nullable=False),
        sa.Column("reported_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.String(length=36), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("alert", sa.BigInteger(), nullable=True),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("responsible", sa.String(length=72), nullable=False),
        sa.Column("urgency", sa.String(length=16), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.String(length=64), nullable=False),
        sa.Column("taken_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=64), nullable=False),
        sa.Column("done_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("photos_after", sa.LargeBinary(), nullable=False),
        sa.Column("closed_by", sa.String(length=64), nullable=False),
        sa.Column("closed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_note", sa.Text(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("told_due_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.create_index("ix_work_orders_alert", ["alert"], unique=False)
        batch_op.create_index("ix_work_orders_report", ["report"], unique=False)
        batch_op.create_index("ix_work_orders_reporter", ["reporter"], unique=False)
        batch_op.create_index("work_orders_due", ["state", "due_ms"], unique=False)
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("work", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.create_index("ix_notices_work", ["work"], unique=False)


def _orders_of(report: dict[str, Any], now_ms: int) -> list[dict[str, Any]]:
    """One for an incident, one for each line of a checklist that is not ok."""
    common = {
        "checkpoint": report["checkpoint"],
        "area": "",
        "device": "",
        "reporter": report["person"],
        "reported_at_ms": report["at_ms"],
        "report": report["id"],
        "alert": None,
        "made_at_ms": report["received_at_ms"],
        "state": "open",
        "responsible": _RESPONSIBLE,
        "urgency": "normal",
        "due_ms": now_ms + _DUE_WITHIN_MS,
        "taken_by": "",
        "done_by": "",
        "done": "",
        "photos_after": msgspec.msgpack.encode(()),
        "closed_by": "",
        "closed_note": "",
        "changes": 1,
    }
    found = []
    if report["kind"] == "incident":
        title = next(iter(report["text"].strip().splitlines()), "")[:_TITLE_CHARS]
        text, photos = report["text"], msgspec.msgpack.decode(report["photos"])
        found.append(_order(common, report["id"], "incident", title, text, "", photos))
    for number, item in enumerate(msgspec.msgpack.decode(report["items"])):
        if item.get("ok") is False:
            key, note = f"{report['id']}:{number}", item.get("note", "")
            title = (note or item["item"])[:_TITLE_CHARS]
            found.append(_order(common, key, "item", title, note, item["item"], item.get("photos", [])))
    return found


def _order(
    common: dict[str, Any], key: str, source: str, title: str, text: str, item: str, photos: list[str]
) -> dict[str, Any]:
    own = {"key": f"report:{key}", "source": source, "title": title, "text": text, "item": item}
    return common | own | {"photos": msgspec.msgpack.encode(photos)}


def _keep(order: dict[str, Any]) -> None:
    columns = sa.table("work_orders", sa.column("id"), *(sa.column(name) for name in order))
    bind = op.get_bind()
    bind.execute(sa.insert(columns).values(**order))
    number = bind.scalar(sa.select(columns.c.id).where(columns.c.key == order["key"]))
    change = {
        "step": "made",
        "by": order["reporter"],
        "at_ms": order["made_at_ms"],
        "note": order["text"],
        "photos": msgspec.msgpack.decode(order["photos"]),
        "responsible": order["responsible"],
        "urgency": order["urgency"],
        "due_ms": order["due_ms"],
    }
    body = msgspec.msgpack.encode({"type": "work", "order": number, "state": "open", "change": change})
    journal = sa.table("journal", *(sa.column(name) for name in ("kind", "ref", "recorded_at_ms", "body")))
    bind.execute(
        sa.insert(journal).values(kind="work", ref=str(number), recorded_at_ms=order["made_at_ms"], body=body)
    )
