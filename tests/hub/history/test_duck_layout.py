"""Files of other layouts: earlier ones go on, later ones are left alone."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from hub.history.duck import DuckHistory
from hub.history.duck_settling import Settler
from hub.history.port import Aggregate, Cursors, HistoryUnavailableError, Link, Newest, Sample
from tests.hub.history.samples import MINUTE, NOON, counted

HOUR = 60 * MINUTE

FIRST_LAYOUT = """
CREATE TABLE series (id INTEGER, measurement VARCHAR, site VARCHAR, area VARCHAR,
    device VARCHAR, rule VARCHAR, field VARCHAR, type VARCHAR);
CREATE TABLE points (series INTEGER, at_ms BIGINT, sub_ns INTEGER, value DOUBLE);
CREATE TABLE texts (series INTEGER, at_ms BIGINT, sub_ns INTEGER, value VARCHAR);
CREATE TABLE cursors (log BIGINT, book BIGINT);
INSERT INTO cursors VALUES (77, 8);
INSERT INTO series VALUES (1, 'meter', 'main', 'boiler', 'meter-1', '', 'energy_kwh', 'float'),
    (2, 'tap', 'main', 'gate', 'gate-1', '', 'badge', 'text');
"""


def first_layout(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(FIRST_LAYOUT)
        connection.execute(
            f"INSERT INTO points SELECT 1, {NOON} + n * {MINUTE}, 0, n / 2 FROM range(300) AS numbers(n)"
        )
        connection.execute(f"INSERT INTO texts VALUES (2, {NOON}, 5, 'B1')")


def settled(path: Path) -> int:
    with duckdb.connect(str(path)) as connection:
        [(rows,)] = connection.execute("SELECT count(*) FROM settled").fetchall()
    return int(rows)


def test_a_file_of_the_first_layout_goes_on_with_all_that_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "history.duckdb"
    first_layout(path)
    history = DuckHistory(path, Settler(run=50, piece=20))
    assert history.cursors() == Cursors(77, 8)
    assert history.latest("meter", "energy_kwh") == (Newest("meter-1", NOON + 299 * MINUTE, 149.5),)
    ends = (NOON, NOON + 6 * HOUR, HOUR)
    before = history.range("meter", "energy_kwh", "meter-1", *ends, Aggregate.MEAN)
    for n in range(20):
        history.write([counted(150.0 + n, NOON + (300 + n) * MINUTE)], Cursors(78 + n))
    assert history.range("meter", "energy_kwh", "meter-1", *ends, Aggregate.MEAN)[:5] == before
    assert history.range("tap", "badge", "gate-1", *ends, Aggregate.COUNT) == (Sample(NOON, 1.0),)
    history.close()
    assert settled(path) >= 250


def test_a_file_whose_new_layout_was_not_finished_is_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.duckdb"
    first_layout(path)
    monkeypatch.setattr("hub.history.duck_layout._TABLES", "CREATE TABLE settled (x INTEGER); SELECT nothing")
    with pytest.raises(HistoryUnavailableError):
        DuckHistory(path).open()
    monkeypatch.undo()
    history = DuckHistory(path)
    assert history.cursors() == Cursors(77, 8)
    assert len(history.samples("meter", "energy_kwh", "meter-1", 0, 2 * NOON)) == 300
    history.close()


def test_a_file_of_a_later_layout_is_left_alone_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "history.duckdb"
    history = DuckHistory(path)
    history.open()
    history.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE layout SET version = 99")
    with pytest.raises(HistoryUnavailableError, match="later version of this program") as raised:
        history.open()
    assert raised.value.link is Link.REFUSED
