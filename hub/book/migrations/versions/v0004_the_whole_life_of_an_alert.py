"""The whole life of an alert"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _new() -> list[sa.Column[Any]]:
    return [
        sa.Column("put_right_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("confirmed_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("suppressed", sa.String(length=96), server_default="", nullable=False),
        sa.Column("suppressed_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("suppressed_why", sa.Text(), server_default="", nullable=False),
        sa.Column("suppressed_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("shelved_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("shelved_why", sa.Text(), server_default="", nullable=False),
        sa.Column("shelved_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("shelved_once", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("shelved_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column("late", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("judged_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("due_ms", sa.BigInteger(), nullable=True),
    ]


def upgrade() -> None:
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        for column in _new():
            batch_op.add_column(column)
        batch_op.create_index(batch_op.f("ix_alerts_parent"), ["parent"], unique=False)
        batch_op.create_index("alerts_judged", ["judged_at_ms"], unique=False)
    op.create_table(
        "suppressions",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppressions_ended_at_ms"), ["ended_at_ms"], unique=False)
    op.create_table(
        "restless",
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=96), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("flapping", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "subject"),
    )


def downgrade() -> None:
    # The journal keeps what became of alerts; what still hushes one is forgotten, and it is told again.
    op.drop_table("restless")
    op.drop_table("suppressions")
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index("alerts_judged")
        batch_op.drop_index(batch_op.f("ix_alerts_parent"))
        for column in reversed(_new()):
            batch_op.drop_column(column.name)
