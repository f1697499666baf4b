"""A real broker and a real hub are killed, stopped and cut off under load, and nothing may be lost."""
