"""Which history the configuration asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Final, assert_never

from hub.config.model import History as HistoryConfig
from hub.config.model import HistoryKind
from hub.history.port import Store

DUCK_FILE: Final = "history.duckdb"


def make_history(config: HistoryConfig, folder: Path) -> Store:
    """The configured history, not yet opened. `folder`: where the embedded one keeps its file."""
    match config.kind:
        case HistoryKind.DUCKDB:
            from hub.history.duck import DuckHistory  # each store's library loads only where it is used

            return DuckHistory(folder / DUCK_FILE)
        case HistoryKind.INFLUXDB1 | HistoryKind.INFLUXDB2:
            from hub.history.influx import InfluxHistory

            return InfluxHistory(config)
        case _:
            assert_never(config.kind)
