"""What devices say: typed facts, topics, payload formats. Imports nothing of ours and does no IO."""
