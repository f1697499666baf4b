"""What devices say: facts, topics, formats, serial protocols. Nothing of ours is imported; IO: `gateway`."""
