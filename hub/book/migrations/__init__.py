"""Alembic's scripts; run by `hub.book.store.Book` at every start."""
