"""Imports the SDK once, where its warning can be borne."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # The SDK warns at import that a newer schema exists; what `/api/dashboards/db` takes is this one.
    warnings.simplefilter("ignore", DeprecationWarning)
    import dashboards.generate  # noqa: F401 -- for its side effect: the modules are then imported
