"""The configuration: `campus.toml` checked whole, every fault at once, resolved to one frozen `Campus`."""
