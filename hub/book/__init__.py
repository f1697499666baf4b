"""THE BOOK: what was decided and who does what; relational, migrated by Alembic."""
