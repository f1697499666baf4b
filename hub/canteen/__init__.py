"""CANTEEN: the face of the people who answer for the cold units."""
