"""Rounds with their visits, their deadline and what was decided about them"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _new() -> list[sa.Column[Any]]:
    return [
        sa.Column("deadline_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("visits", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("decided_why", sa.Text(), server_default="", nullable=False),
    ]


def upgrade() -> None:
    with op.batch_alter_table("rounds", schema=None) as batch_op:
        for column in _new():
            batch_op.add_column(column)
    op.execute("UPDATE rounds SET deadline_ms = ends_ms + grace_ms")


def downgrade() -> None:
    with op.batch_alter_table("rounds", schema=None) as batch_op:
        for column in reversed(_new()):
            batch_op.drop_column(column.name)
    # States that an older campushub does not know.
    op.execute("UPDATE rounds SET state = 'completed' WHERE state = 'completed_late'")
    op.execute("UPDATE rounds SET state = 'planned' WHERE state = 'due'")
    op.execute("UPDATE rounds SET state = 'in_progress' WHERE state = 'paused'")
    op.execute("UPDATE rounds SET state = 'missed' WHERE state = 'excused'")
