"""PATROL: the guard's face: which rounds are planned, how they go, who tapped where."""
