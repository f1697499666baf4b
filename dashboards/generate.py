"""Writes the dashboards as the JSON that is committed and published: `python -m dashboards.generate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.limits import shipped_rules
from dashboards.wall import wall

COMMAND: Final = "python -m dashboards.generate"
WALL_FILE: Final = Path(__file__).parent / "generated" / "wall.json"


def render() -> str:
    """The wall dashboard as JSON, the same text for the same code and catalogue."""
    board = wall(shipped_rules())
    text = json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n"


def main() -> None:
    """Writes what `render` gives over the committed file."""
    WALL_FILE.write_text(render(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
