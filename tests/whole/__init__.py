"""The whole program, as its users run it: real processes, real servers, a real browser."""
