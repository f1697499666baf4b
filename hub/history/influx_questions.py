"""Questions to InfluxDB over HTTP, and how its answers are read: each row with the device that it is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from devices.series import TAG_DEVICE
from hub.history.influx_http import InfluxHttp
from hub.history.port import HistoryUnavailableError, Link

Row = tuple[int | float | bool | str | None, ...]

_LONGEST_ADDRESS: Final = 4_000  # a longer question goes as a form: servers and proxies limit addresses


class QueryError(Exception):
    """InfluxDB answered the question with an error in its own words."""


class _Series(msgspec.Struct):
    values: list[Row] = []
    tags: Mapping[str, str] = {}


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result]


class Questions:
    """Asks one database. Raises QueryError, ContentRefusedError, HistoryUnavailableError."""

    def __init__(self, http: InfluxHttp, database: str, where: str) -> None:
        self._http = http
        self._database = database
        self._where = where

    def rows(self, question: str) -> list[Row]:
        """All rows; times are milliseconds."""
        return [row for series in self._series(question) for row in series.values]

    def by_device(self, question: str) -> dict[str, list[tuple[int, float]]]:
        """The (time, value) rows of each device, of a question that is grouped by it."""
        found: dict[str, list[tuple[int, float]]] = {}
        for series in self._series(question):
            found.setdefault(series.tags.get(TAG_DEVICE, ""), []).extend(numbers(series.values))
        return found

    def command(self, command: str) -> None:
        """Does something, such as making a database."""
        _series_in(self._http.post_form("/query", {"q": command}), self._where)

    def _series(self, question: str) -> list[_Series]:
        asked = {"db": self._database, "epoch": "ms", "q": question}
        if len(question) > _LONGEST_ADDRESS:
            return _series_in(self._http.post_form("/query", asked), self._where)
        return _series_in(self._http.get("/query", asked), self._where)


def numbers(rows: list[Row]) -> list[tuple[int, float]]:
    """Rows of a time and a number; what has no value, or a text, is left out."""
    return [
        (int(at), float(value))
        for at, value in rows
        if at is not None and value is not None and not isinstance(value, str)
    ]


def _series_in(body: bytes, where: str) -> list[_Series]:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise HistoryUnavailableError(
            Link.UNREACHABLE, f"{where} gave an answer that is not InfluxDB's, or only a part of one"
        ) from error
    for result in answer.results:
        if result.error:
            raise QueryError(result.error)
    return [series for result in answer.results for series in result.series]
