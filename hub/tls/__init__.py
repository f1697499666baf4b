"""HTTPS of the hub's own: a local certificate authority, the hub's certificate, and their renewal."""
