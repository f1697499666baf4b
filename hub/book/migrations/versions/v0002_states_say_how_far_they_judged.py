"""States say how far they judged"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("watches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("as_of", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "overheard",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    # Until now all that had changed was saved with the cursor, so every state is as of the cursor.
    op.execute("UPDATE watches SET as_of = coalesce((SELECT seq FROM cursors WHERE reader = 'alerts'), 0)")


def downgrade() -> None:
    # Without as_of and what was overheard, watches forget the newest of their calm readings, and after a
    # crash may say again what they said since the cursor: stop the hub in good order first.
    op.drop_table("overheard")
    with op.batch_alter_table("watches", schema=None) as batch_op:
        batch_op.drop_column("as_of")
