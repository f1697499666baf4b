"""POWER: the face of the people who answer for electricity."""
