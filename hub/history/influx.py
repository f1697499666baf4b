"""The history in InfluxDB 1.x or 2.x: writes are line protocol, reads are InfluxQL, over HTTP."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from hub.config.model import History as HistoryConfig
from hub.config.model import HistoryKind
from hub.history import influxql
from hub.history.excursions import excursions
from hub.history.influx_http import ContentRefusedError, InfluxHttp
from hub.history.influx_meters import energy_of
from hub.history.influx_questions import QueryError, Questions, numbers
from hub.history.line_protocol import PRECISION, UnencodableError, line
from hub.history.port import (
    Aggregate,
    Cursors,
    Excursion,
    HistoryUnavailableError,
    Limits,
    Link,
    Newest,
    Point,
    Refused,
    Sample,
    Used,
)

_GZIP_FROM_BYTES: Final = 1024
_GZIP_LEVEL: Final = 1  # higher levels cost ten times as much and save little
_UNSUPPORTED_MEDIA: Final = 415

_Line = tuple[Point, bytes]


class InfluxHistory:
    """`History` in InfluxDB. Safe to use from several threads; keeps no cursors."""

    def __init__(self, config: HistoryConfig, http: InfluxHttp | None = None) -> None:
        self._is_v1 = config.kind is HistoryKind.INFLUXDB1
        self._database = config.database
        self._organisation = config.organisation
        self._where = config.url
        self._http = http or InfluxHttp(config)
        self._questions = Questions(self._http, config.database, config.url)
        self._gzip = True

    def open(self) -> None:
        """Checks address and credentials; on 1.x makes the database (a bucket is an administrator's)."""
        with self._refusing():
            if not self._is_v1:
                self._questions.rows("SHOW MEASUREMENTS LIMIT 1")
            elif (self._database,) not in self._questions.rows("SHOW DATABASES"):
                # Only then: it takes an administrator.
                self._questions.command(influxql.create_database(self._database))

    def cursors(self) -> None:
        """InfluxDB has no transactions to keep cursors in."""
        return

    def write(self, points: Sequence[Point], cursors: Cursors) -> tuple[Refused, ...]:  # noqa: ARG002 # port
        """Sends points; what InfluxDB refuses is narrowed down to single points."""
        lines: list[_Line] = []
        refused: list[Refused] = []
        for point in points:
            try:
                lines.append((point, line(point)))
            except UnencodableError as error:
                refused.append(Refused(point, error.reason))
        return (*refused, *self._kept(lines))

    def range(
        self,
        measurement: str,
        field: str,
        device: str,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        aggregate: Aggregate,
    ) -> tuple[Sample, ...]:
        """One series in [start, end) by steps."""
        if not influxql.answers(measurement, field, aggregate) or start_ms >= end_ms:
            return ()
        is_raw = influxql.is_raw(measurement, field, aggregate)
        if is_raw:
            question = influxql.select(measurement, field, device, start_ms, end_ms)
        else:
            question = influxql.select_steps(measurement, field, device, start_ms, end_ms, step_ms, aggregate)
        with self._refusing():
            rows = numbers(self._questions.rows(question))
        if is_raw:
            return influxql.fold(rows, step_ms, aggregate)
        return tuple(Sample(at_ms, value) for at_ms, value in rows)

    def latest(self, measurement: str, field: str) -> tuple[Newest, ...]:
        """The newest value of every device."""
        if not influxql.answers(measurement, field, Aggregate.LAST):
            return ()
        with self._refusing():
            found = self._questions.by_device(influxql.select_latest(measurement, field))
        return tuple(Newest(device, *max(rows)) for device, rows in sorted(found.items()) if rows)

    def samples(
        self, measurement: str, field: str, device: str, start_ms: int, end_ms: int
    ) -> tuple[Sample, ...]:
        """The values themselves in [start, end)."""
        if not influxql.answers(measurement, field, Aggregate.LAST) or start_ms >= end_ms:
            return ()
        with self._refusing():
            found = self._questions.rows(influxql.select(measurement, field, device, start_ms, end_ms))
        return tuple(Sample(at_ms, value) for at_ms, value in numbers(found))

    def energy(self, devices: Sequence[str], start_ms: int, end_ms: int, step_ms: int) -> tuple[Used, ...]:
        """Energy by intervals from `start_ms`."""
        with self._refusing():
            return energy_of(self._questions, devices, start_ms, end_ms, step_ms)

    def excursions(
        self, measurement: str, field: str, device: str, limits: Limits, start_ms: int, end_ms: int
    ) -> tuple[Excursion, ...]:
        """The stretches outside the limits."""
        return excursions(self.samples(measurement, field, device, start_ms, end_ms), limits)

    def prune(self, before_ms: int) -> None:
        """Retention is InfluxDB's own, and its administrator's."""

    def close(self) -> None:
        """Lets go of the connections."""
        self._http.close()

    def _kept(self, lines: list[_Line]) -> list[Refused]:
        """Halves what is refused until each refusal is one point; a point sent twice is the same point."""
        refused: list[Refused] = []
        waiting = [lines] if lines else []
        while waiting:
            batch = waiting.pop()
            try:
                self._send(b"\n".join(text for _, text in batch))
            except ContentRefusedError as error:
                if error.status == _UNSUPPORTED_MEDIA:
                    raise self._refusal(error) from error  # not this point's fault: it would refuse any
                middle = len(batch) // 2
                if middle:
                    waiting += (batch[middle:], batch[:middle])
                else:
                    refused.append(Refused(batch[0][0], error.reason))
        return refused

    def _send(self, body: bytes) -> None:
        path, query = self._write_address()
        if not self._gzip or len(body) <= _GZIP_FROM_BYTES:
            self._http.post_lines(path, query, body, "identity")
            return
        try:
            self._http.post_lines(path, query, gzip.compress(body, _GZIP_LEVEL, mtime=0), "gzip")
        except ContentRefusedError as error:
            if error.status != _UNSUPPORTED_MEDIA:
                raise
            self._gzip = False
            self._http.post_lines(path, query, body, "identity")

    def _write_address(self) -> tuple[str, Mapping[str, str]]:
        if self._is_v1:
            return "/write", {"db": self._database, "precision": PRECISION}
        address = {"org": self._organisation, "bucket": self._database, "precision": PRECISION}
        return "/api/v2/write", address

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """An error in the answer to a question needs a person: no later try will fare better."""
        try:
            yield
        except (QueryError, ContentRefusedError) as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> HistoryUnavailableError:
        what = "database" if self._is_v1 else "bucket"
        return HistoryUnavailableError(Link.REFUSED, f"{self._where}, {what} {self._database}: {error}")
