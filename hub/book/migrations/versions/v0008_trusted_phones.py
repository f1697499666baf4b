"""Phones that stay signed in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("trusted", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("phone", sa.String(length=64), server_default="", nullable=False))


def downgrade() -> None:
    op.execute("DELETE FROM sessions WHERE trusted")  # they would last for months
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("phone")
        batch_op.drop_column("trusted")
