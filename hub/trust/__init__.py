"""How phones come to trust the hub: the page `/trust`, and the plain door that leads there."""
