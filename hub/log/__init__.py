"""THE LOG: what happened, append-only, durable, in order of arrival; readers keep their own cursors."""
