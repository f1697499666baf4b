"""A real InfluxDB with the campus of the tests in it, asked as Grafana would ask."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dashboards.queries import NO_DEVICE, Query, Storing

NOW_MS: Final = 1_793_000_000_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer."""

    tags: Mapping[str, str]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Influx:
    """One database of a running server."""

    url: str
    database: str

    def create(self) -> None:
        """Makes the database."""
        self._send("query", {"q": f"CREATE DATABASE {self.database}"}, b"")

    def write(self, lines: Iterable[str]) -> None:
        """Writes line protocol with times in milliseconds."""
        self._send("write", {"db": self.database, "precision": "ms"}, "\n".join(lines).encode())

    def ask(
        self, query: Query, stored: Mapping[Storing, str] | None = None, since_ms: int = DAY_MS
    ) -> tuple[Series, ...]:
        """The answer for the range that ends at NOW_MS."""
        asked = {"db": self.database, "epoch": "ms", "q": filled_in(query, stored or {}, since_ms)}
        result = json.loads(self._send("query", asked, None))["results"][0]
        assert "error" not in result, result["error"]
        return tuple(
            Series(one.get("tags", {}), tuple(one["columns"]), tuple(map(tuple, one["values"])))
            for one in result.get("series", [])
        )

    def _send(self, path: str, asked: Mapping[str, str], body: bytes | None) -> bytes:
        address = f"{self.url}/{path}?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(urllib.request.Request(address, data=body), timeout=10) as answer:
            return bytes(answer.read())


def filled_in(query: Query, stored: Mapping[Storing, str], since_ms: int) -> str:
    """The text after Grafana has put in its macros and the dashboard's variables."""
    text = query.text
    for way in Storing:
        text = text.replace(f"${{{way.value}:raw}}", stored.get(way, NO_DEVICE))
    text = text.replace("$timeFilter", f"time >= {NOW_MS - since_ms}ms and time <= {NOW_MS}ms")
    text = text.replace("$__interval", "10m").replace("${__to}", str(NOW_MS))
    assert "$" not in text.replace(")$/", ")/"), text
    return text


def line(measurement: str, device: str, ago_ms: int, fields: str, tags: str = "area=canteen") -> str:
    """One point of line protocol, `ago_ms` before NOW_MS; `fields` as line protocol writes them."""
    more = f",{tags}" if tags else ""
    return f"{measurement},site=school{more},device={device} {fields} {NOW_MS - ago_ms}"
