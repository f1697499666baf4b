"""DESK: the face of responsibility: what is wrong, whose it is, what was done, and the record of it."""
