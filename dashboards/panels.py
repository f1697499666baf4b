"""Parts that panels are made of: what they ask, what becomes of the answer, where they stand."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models

from dashboards.queries import FRESH_MS, Query
from dashboards.values import NO_DATA, setting
from devices.series import TAG_AREA, TAG_DEVICE

SOURCE_VARIABLE: Final = "datasource"
SOURCE_TYPE: Final = "influxdb"
SOURCE: Final = common.DataSourceRef(type_val=SOURCE_TYPE, uid=f"${{{SOURCE_VARIABLE}}}")

TIME_COLUMN: Final = "Time"  # Grafana's own name for InfluxDB's `time`
_STEP: Final = "1m"  # no curve is drawn finer than devices usually measure


class Target(Builder[Dataquery]):
    """A query as Grafana's InfluxDB data source takes it: the SDK has no model of it."""

    def __init__(self, query: Query, ref_id: str = "A", *, table: bool = False) -> None:
        self._query = query
        self._ref_id = ref_id
        self._table = table

    def build(self) -> Dataquery:
        """The target; a time series is called by its area and device."""
        target: dict[str, object] = {
            "datasource": {"type": SOURCE.type_val, "uid": SOURCE.uid},
            "query": self._query.text,
            "rawQuery": True,
            "refId": self._ref_id,
            "resultFormat": "table" if self._table else "time_series",
        }
        if not self._table and TAG_DEVICE in self._query.tags:
            target["alias"] = f"$tag_{TAG_AREA} $tag_{TAG_DEVICE}"
        return UnknownDataquery(target)


def place(x: int, y: int, w: int, h: int) -> models.GridPos:
    """A place on the 24 columns of a dashboard."""
    return models.GridPos(x=x, y=y, w=w, h=h)


def reduced(calc: str, fields: str = "") -> common_builders.ReduceDataOptions:
    """One value of each series: `last` is null when the newest window is, `lastNotNull` never is."""
    return common_builders.ReduceDataOptions().values(values=False).calcs([calc]).fields(fields)


def each_row(fields: str) -> common_builders.ReduceDataOptions:
    """One value of each row of a table, from the columns that the regular expression names."""
    return common_builders.ReduceDataOptions().values(values=True).calcs([]).fields(fields)


def sizes(title: int, value: int) -> common_builders.VizTextDisplayOptions:
    """Letter heights in pixels, so that a panel can be read from 5 m."""
    return common_builders.VizTextDisplayOptions().title_size(title).value_size(value)


def column(title: str, width: int | None = None) -> list[models.DynamicConfigValue]:
    """A table column's heading, and its width in pixels."""
    return [setting("displayName", title), *([] if width is None else [setting("custom.width", width)])]


def age_column(title: str) -> list[models.DynamicConfigValue]:
    """A column of times, shown as how long ago they were."""
    return [*column(title), setting("unit", "dateTimeFromNow")]


def without(*columns: str) -> models.DataTransformerConfig:
    """Leaves out columns that only the machine needs."""
    return models.DataTransformerConfig(
        id_val="organize",
        options={"excludeByName": dict.fromkeys(columns, True), "indexByName": {}, "renameByName": {}},
    )


def sorted_by(name: str, *, newest_first: bool) -> models.DataTransformerConfig:
    """Sorts rows by one column."""
    return models.DataTransformerConfig(
        id_val="sortBy", options={"fields": {}, "sort": [{"field": name, "desc": newest_first}]}
    )


def merged() -> models.DataTransformerConfig:
    """Makes one table of several queries' tables."""
    return models.DataTransformerConfig(id_val="merge", options={})


def tile(number: int, title: str, at: models.GridPos, shows: str) -> stat.Panel:
    """Big tiles, one for each value, side by side, so that two rows of them line up."""
    return (
        stat.Panel()
        .id(number)
        .title(title)
        .description(shows)
        .grid_pos(at)
        .datasource(SOURCE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
        .text_mode(common.BigValueTextMode.VALUE_AND_NAME)
        .justify_mode(common.BigValueJustifyMode.CENTER)
        .orientation(common.VizOrientation.VERTICAL)
    )


def rows(number: int, title: str, at: models.GridPos, time_from: str, shows: str) -> table.Panel:
    """A table of what and where, looking back as far as `time_from`, such as `7d`."""
    return (
        table.Panel()
        .id(number)
        .title(title)
        .description(shows)
        .grid_pos(at)
        .datasource(SOURCE)
        .time_from(time_from)
        .hide_time_override(hide_time_override=True)
        .cell_height(common.TableCellHeight.MD)
        .override_by_name(TAG_AREA, column("地点 · Place"))
        .override_by_name(TAG_DEVICE, column("对象 · What"))
    )


def curve(number: int, title: str, at: models.GridPos, query: Query) -> timeseries.Panel:
    """One line for each device; a gap longer than FRESH stays a gap."""
    return (
        timeseries.Panel()
        .id(number)
        .title(title)
        .description(query.shows)
        .grid_pos(at)
        .datasource(SOURCE)
        .with_target(Target(query))
        .interval(_STEP)
        .no_value(NO_DATA)
        .line_width(2)
        .fill_opacity(0)
        .show_points(common.VisibilityMode.NEVER)
        .span_nulls(FRESH_MS)
    )
