"""How Alembic reaches the book: over the connection that the caller hands in."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from hub.book.tables import Base

_connection = context.config.attributes.get("connection")
if not isinstance(_connection, Connection):
    raise TypeError("migrations run through hub.book.store, which hands in a connection")
context.configure(connection=_connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
