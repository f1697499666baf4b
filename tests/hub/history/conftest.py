"""The stores that the shared tests run over: DuckDB and a real influxd.

A real InfluxDB 2 joins them where CAMPUSHUB_TEST_INFLUX2_URL and CAMPUSHUB_TEST_INFLUX2_TOKEN name one (its
bucket: campus, its organisation: school).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.config.model import HistoryKind
from hub.history.duck import DuckHistory
from hub.history.influx import InfluxHistory
from hub.history.port import Store
from tests.hub.history.samples import config
from tests.hub.history.stub_influx import StubInflux, stub_influx
from tests.real.influxd import InfluxdHandle, influxd

INFLUX2_URL = os.environ.get("CAMPUSHUB_TEST_INFLUX2_URL", "")
INFLUX2_TOKEN = os.environ.get("CAMPUSHUB_TEST_INFLUX2_TOKEN", "")
STORES = (
    "duckdb",
    pytest.param("influxdb1", marks=pytest.mark.real("influxd")),
    *(["influxdb2"] if INFLUX2_URL and INFLUX2_TOKEN else []),
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxdHandle]:
    with influxd(tmp_path_factory.mktemp("influxd")) as handle:
        yield handle


@pytest.fixture
def influx1(server: InfluxdHandle) -> Iterator[InfluxHistory]:
    """An InfluxHistory with a database of its own, on the real 1.x server."""
    history = InfluxHistory(config(HistoryKind.INFLUXDB1, server.url, f'it\'s "{uuid.uuid4()}"'))
    history.open()
    yield history
    history.close()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An open, empty history of each kind."""
    if request.param == "influxdb1":
        yield request.getfixturevalue("influx1")
        return
    history = DuckHistory(tmp_path / "history.duckdb") if request.param == "duckdb" else _influx2()
    history.open()
    yield history
    history.close()


@pytest.fixture
def stub() -> Iterator[StubInflux]:
    with stub_influx() as running:
        yield running


def _influx2() -> Store:
    return InfluxHistory(config(HistoryKind.INFLUXDB2, INFLUX2_URL, token=INFLUX2_TOKEN))
