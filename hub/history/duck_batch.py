"""What one write puts where: points sorted out into columns, quickly where they are as expected."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hub.history.duck_rows import Batch
from hub.history.duck_series import Series, SeriesBook
from hub.history.port import FieldValue, Point, Refused
from hub.history.typed import END_OF_TIME_MS, UnencodableError, typed_fields

_HIGHEST = sys.float_info.max
_NS_OF_MS = 1_000_000


def sort_out(points: Sequence[Point], book: SeriesBook, since_ms: int) -> Batch:
    """The batch of these points; adds new series to `book`. Earlier than `since_ms` is refused."""
    batch = Batch()
    frames = book.frames
    for point in points:
        at_ms, sub_ns, fields = point.at_ms, point.sub_ns, point.fields
        known = frames.get((point.measurement, point.site, point.area, point.device, point.rule))
        places = _expected(known, fields) if known else None
        if places and since_ms <= at_ms < END_OF_TIME_MS and 0 <= sub_ns < _NS_OF_MS:
            for (_, value), series in zip(fields, places, strict=True):
                _put(batch, series, at_ms, sub_ns, float(value))
        else:
            _closely(batch, book, point, since_ms)
    return batch


def _expected(known: dict[str, Series], fields: tuple[tuple[str, FieldValue], ...]) -> list[Series] | None:
    """The series of fields that are all known and have exactly their types; None: look more closely."""
    places = []
    for name, value in fields:
        series = known.get(name)
        if series is None or type(value) is not series.exactly:
            return None
        if not -_HIGHEST <= value <= _HIGHEST:  # type: ignore[operator] # a float or a bool
            return None
        places.append(series)
    return places if len(places) == 1 or len(set(places)) == len(places) else None


def _check_age(point: Point, since_ms: int) -> None:
    """What is summed up already cannot be summed up again."""
    if point.at_ms < since_ms:
        raise UnencodableError("older than the history keeps single values")


def _put(batch: Batch, series: Series, at_ms: int, sub_ns: int, value: float) -> None:
    if at_ms > series.newest_ms:
        series.newest_ms, series.newest_sub, series.newest = at_ms, sub_ns, value
        batch.series.append(series.id)
        batch.at_ms.append(at_ms)
        batch.sub_ns.append(sub_ns)
        batch.values.append(value)
    else:
        if at_ms == series.newest_ms and sub_ns >= series.newest_sub:
            series.newest_sub, series.newest = sub_ns, value
        batch.late[series.id, at_ms, sub_ns] = value


def _closely(batch: Batch, book: SeriesBook, point: Point, since_ms: int) -> None:
    try:
        fields = typed_fields(point)
        _check_age(point, since_ms)
        places = book.series_of(point, fields)
    except UnencodableError as error:
        batch.refused.append(Refused(point, error.reason))
        return
    for series, (_, _, value) in zip(places, fields, strict=True):
        if isinstance(value, str):
            batch.texts[series.id, point.at_ms, point.sub_ns] = value
        else:
            _put(batch, series, point.at_ms, point.sub_ns, float(value))
