"""What devices say: facts, topics, formats, serial protocols. Imports nothing of ours; only `gateway` does IO."""
