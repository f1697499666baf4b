"""Points and configurations that the tests of the history share."""

from __future__ import annotations

from hub.config.model import History as HistoryConfig
from hub.config.model import HistoryKind
from hub.history.port import FieldValue, Point

NOON = 1_790_000_000_000 - 1_790_000_000_000 % 3_600_000  # a whole hour: steps of an hour begin here
MINUTE = 60_000


def point(
    value: FieldValue,
    at_ms: int = NOON,
    device: str = "cold-1",
    field: str = "temperature_c",
    sub_ns: int = 0,
) -> Point:
    return Point("fridge", "main", "kitchen", device, at_ms, ((field, value),), sub_ns)


def config(
    kind: HistoryKind, url: str = "", database: str = "campus", token: str | None = None
) -> HistoryConfig:
    return HistoryConfig(kind, url, database, "school", token, None, None)


def counted(kwh: float, at_ms: int = NOON, device: str = "meter-1") -> Point:
    """A meter's counter."""
    return Point("meter", "main", "boiler", device, at_ms, (("energy_kwh", kwh),))
