"""What holds for every test."""

from __future__ import annotations

import os

# The command line's console takes its width when it is imported: the same for all, whoever comes first.
os.environ["COLUMNS"] = "200"
