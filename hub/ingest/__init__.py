"""INGEST: takes what devices say, makes facts of it, appends them durably, and only then acknowledges."""
