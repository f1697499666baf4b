"""PHOTOS: what guards and maintenance photograph, kept once and shown to whoever may see the matter."""
