"""Channels that refuse, and notices that were seen"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channels",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("outage", sa.Integer(), nullable=False),
        sa.Column("refused_since_ms", sa.BigInteger(), nullable=True),
        sa.Column("told_outage", sa.Integer(), nullable=False),
        sa.Column("told_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen_at_ms", sa.BigInteger(), nullable=True))
        batch_op.create_index("notices_unseen", ["channel", "recipient", "seen_at_ms"], unique=False)
    # What was told before anybody kept count is not held against people.
    op.execute("UPDATE notices SET seen_at_ms = sent_at_ms WHERE channel = 'pages' AND state = 'sent'")


def downgrade() -> None:
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index("notices_unseen")
        batch_op.drop_column("seen_at_ms")
    op.drop_table("channels")
