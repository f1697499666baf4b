"""Rules over the past at full speed: the facts of then, shared out among processes."""
