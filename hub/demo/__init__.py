"""The demonstration: an example campus, with simulated devices."""
