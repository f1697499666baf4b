"""Which history the configuration asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Final, assert_never

from hub.config.model import History as HistoryConfig
from hub.config.model import HistoryKind
from hub.history.port import Store

DUCK_FILE: Final = "history.duckdb"


def left_behind(config: HistoryConfig, folder: Path) -> Path | None:
    """The file of the embedded history of an earlier configuration, if it is still there."""
    path = folder / DUCK_FILE
    return path if config.kind is not HistoryKind.DUCKDB and path.is_file() else None


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
