"""The configuration decides which history there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.model import HistoryKind
from hub.history.choose import make_history
from hub.history.duck import DuckHistory
from hub.history.influx import InfluxHistory
from hub.history.port import Cursors
from tests.hub.history.samples import config


def test_the_embedded_history_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    history = make_history(config(HistoryKind.DUCKDB), tmp_path)
    assert isinstance(history, DuckHistory)
    assert list(tmp_path.iterdir()) == [], "nothing happens before it is opened"
    history.open()
    history.write([], Cursors(1))
    history.close()
    assert [file.name for file in tmp_path.iterdir()] == ["history.duckdb"]


@pytest.mark.parametrize("kind", [HistoryKind.INFLUXDB1, HistoryKind.INFLUXDB2])
def test_influxdb_is_not_asked_before_it_is_opened(tmp_path: Path, kind: HistoryKind) -> None:
    history = make_history(config(kind, "http://127.0.0.1:1", token="secret"), tmp_path)
    assert isinstance(history, InfluxHistory)
    history.close()
    assert list(tmp_path.iterdir()) == []
