"""LIVE: the third reader of the log: what is so right now, and what has just changed."""
