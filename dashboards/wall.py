"""The wall dashboard: what the office sees from five metres, told by words as well as by colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import bargauge, stat, table, timeseries
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common, dashboard

from dashboards import panels, queries, values
from dashboards.limits import COLOUR_OF, GREEN, GREY, UNLIMITED, Band, temperature_bands
from dashboards.queries import Query, Storing
from devices.series import TAG_DEVICE, TAG_RULE, TAG_SITE
from rules.model import RoundState, Rule, Severity

UID: Final = "campushub-wall"
TITLE: Final = "校园安全墙 · Campus wall"
SOURCE_UID: Final = "campushub"  # the data source that publishing creates; the viewer may choose another

# An alert or a device that last changed long ago still counts, so these look further back than a day.
_STANDING: Final = "90d"
_LAST_SEEN: Final = "7d"
_TODAY: Final = "now/d"

_CELSIUS: Final = "celsius"
_OTHER: Final = "other"

_ROUND_WORDS: Final = {
    RoundState.PLANNED: ("未开始 PLANNED", GREY),
    RoundState.IN_PROGRESS: ("巡更中 WALKING", "blue"),
    RoundState.DUE: ("待巡 DUE", "yellow"),
    RoundState.PAUSED: ("已暂停 PAUSED", "yellow"),
    RoundState.COMPLETED: ("已完成 DONE", GREEN),
    RoundState.COMPLETED_LATE: ("宽限内完成 DONE LATE", GREEN),
    RoundState.EXCUSED: ("已免巡 EXCUSED", GREY),
    RoundState.INCOMPLETE: ("未走完 INCOMPLETE", "orange"),
    RoundState.MISSED: ("漏巡 MISSED", "red"),
}
_SEVERITY_WORDS: Final = {
    Severity.INFO: "提示 INFO",
    Severity.WARNING: "警告 WARNING",
    Severity.CRITICAL: "紧急 CRITICAL",
}


def wall(rules: Sequence[Rule]) -> dashboard.Dashboard:
    """The dashboard, its limits and rule titles taken from these rules."""
    board = (
        builders.Dashboard(TITLE)
        .uid(UID)
        .tags(["campushub"])
        .readonly()
        .timezone("browser")
        .refresh("10s")
        .time("now-24h", "now")
        .with_variable(_source())
    )
    for way in Storing:
        board.with_variable(builders.ConstantVariable(way.value).value(queries.NO_DEVICE))
    bands = {way: temperature_bands(rules, way) for way in Storing}
    for panel in (
        _alerts_count(),
        _rounds(),
        _rounds_progress(),
        _devices_offline(),
        _cold_numbers(bands),
        _cold_words(bands),
        _alerts_list(rules),
        _cold_curve(7, "冷藏 24 小时 · Chilled 24 h", 10, queries.CHILLED_CURVE, bands[Storing.CHILLED]),
        _cold_curve(8, "冷冻 24 小时 · Frozen 24 h", 17, queries.FROZEN_CURVE, bands[Storing.FROZEN]),
        _power_now(),
        _energy_today(),
        _power_curve(),
        _data_age(),
    ):
        board.with_panel(panel)
    return board.build()


def _source() -> builders.DatasourceVariable:
    return (
        builders.DatasourceVariable(panels.SOURCE_VARIABLE)
        .label("数据源 · Data source")
        .type(panels.SOURCE_TYPE)
        .current(dashboard.VariableOption(selected=True, text=SOURCE_UID, value=SOURCE_UID))
        .hide(dashboard.VariableHide.HIDE_VARIABLE)
    )


def _count(number: int, title: str, place: dashboard.GridPos, query: Query) -> stat.Panel:
    """How many things are wrong: a word and green for none."""
    text, colour = values.NONE_OPEN
    return (
        panels.tile(number, title, place, query.shows)
        .with_target(panels.Target(query))
        .time_from(_STANDING)
        .hide_time_override(hide_time_override=True)
        .text_mode(common.BigValueTextMode.VALUE)
        .text(panels.sizes(24, 72))
        .reduce_options(panels.reduced("lastNotNull"))
        .no_value(text)
        .mappings([*values.called({"0": (text, colour)}), values.missing(1, text, colour)])
        .thresholds(values.colours([(None, GREEN), (1, COLOUR_OF[Severity.CRITICAL])]))
    )


def _alerts_count() -> stat.Panel:
    return _count(1, "未结警报 · Open alerts", panels.place(0, 0, 4, 6), queries.ALERTS_OPEN_COUNT)


def _devices_offline() -> stat.Panel:
    return _count(3, "离线设备 · Devices off line", panels.place(20, 0, 4, 6), queries.DEVICES_OFFLINE)


def _rounds() -> stat.Panel:
    query = queries.ROUNDS_LATEST
    return (
        panels.tile(2, "巡更 · Rounds", panels.place(4, 0, 10, 6), query.shows)
        .with_target(panels.Target(query, table=True))
        .reduce_options(panels.each_row(f"/^{queries.STATE}$/"))
        .display_name(f"${{__data.fields.{TAG_DEVICE}}}")
        .text(panels.sizes(24, 40))
        .no_value(values.NO_DATA)
        .mappings(values.called({state.value: words for state, words in _ROUND_WORDS.items()}))
        .thresholds(values.colours(values.PLAIN))
    )


def _rounds_progress() -> bargauge.Panel:
    query = queries.ROUNDS_PROGRESS
    return (
        bargauge.Panel()
        .id(13)
        .title("巡更进度 · Walked so far")
        .description(query.shows)
        .grid_pos(panels.place(14, 0, 6, 6))
        .datasource(panels.SOURCE)
        .with_target(panels.Target(query))
        .reduce_options(panels.reduced("lastNotNull"))
        .orientation(common.VizOrientation.HORIZONTAL)
        .display_mode(common.BarGaugeDisplayMode.BASIC)
        .unit("percent")
        .decimals(0)
        .min(0)
        .max(100)
        .no_value(values.NO_DATA)
        .thresholds(values.colours([(None, "orange"), (100, GREEN)]))
    )


def _cold(panel: stat.Panel, bands: dict[Storing, tuple[Band, ...]]) -> stat.Panel:
    """One target for each way of storing, each coloured by its own limits."""
    for way, limits in bands.items():
        panel.with_target(panels.Target(queries.COLD_NOW[way], way.value))
        panel.override_by_query(way.value, [values.colours_setting(values.colour_steps(limits))])
    panel.with_target(panels.Target(queries.COLD_OTHER_NOW, _OTHER))
    return panel.reduce_options(panels.reduced("last")).no_value(values.NO_DATA)


def _cold_numbers(bands: dict[Storing, tuple[Band, ...]]) -> stat.Panel:
    shows = f"latest temperature of each cold unit, if it is younger than {queries.FRESH}"
    panel = panels.tile(4, "冷链 · Cold chain", panels.place(0, 6, 24, 6), shows)
    return (
        _cold(panel, bands)
        .graph_mode(common.BigValueGraphMode.AREA)
        .color_mode(common.BigValueColorMode.VALUE)
        .text(panels.sizes(24, 64))
        .unit(_CELSIUS)
        .decimals(1)
        .mappings([values.missing()])
        .thresholds(values.colours(values.PLAIN))
    )


def _cold_words(bands: dict[Storing, tuple[Band, ...]]) -> stat.Panel:
    shows = "the same readings against their limits, in words"
    panel = panels.tile(5, "冷链状态 · Cold chain state", panels.place(0, 12, 24, 4), shows)
    _cold(panel, bands).text(panels.sizes(18, 32)).mappings(values.words(UNLIMITED))
    for way, limits in bands.items():
        panel.override_by_query(way.value, [values.setting("mappings", values.words(limits))])
    return panel.thresholds(values.colours(values.PLAIN))


def _alerts_list(rules: Sequence[Rule]) -> table.Panel:
    query = queries.ALERTS_OPEN
    titles = {rule.id: (f"{rule.title.zh} · {rule.title.en}", COLOUR_OF[rule.severity]) for rule in rules}
    severities = {level.value: (text, COLOUR_OF[level]) for level, text in _SEVERITY_WORDS.items()}
    return (
        panels.rows(6, "未结警报 · Open alerts", panels.place(0, 16, 10, 6), _STANDING, query.shows)
        .with_target(panels.Target(query, table=True))
        .no_value(values.NONE_OPEN[0])
        .with_transformation(panels.sorted_by(panels.TIME_COLUMN, newest_first=True))
        .with_transformation(panels.without(queries.OPEN, queries.ALERT_ID, queries.CHANGE, TAG_SITE))
        .override_by_name(panels.TIME_COLUMN, panels.age_column("变化 · Changed"))
        .override_by_name(
            TAG_RULE,
            [*panels.column("规则 · Rule"), values.setting("mappings", values.called(titles))],
        )
        .override_by_name(
            queries.SEVERITY,
            [
                *panels.column("级别 · Severity"),
                values.setting("mappings", values.called(severities)),
                values.setting("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
            ],
        )
    )


def _cold_curve(number: int, title: str, x: int, query: Query, bands: tuple[Band, ...]) -> timeseries.Panel:
    return (
        panels.curve(number, title, panels.place(x, 16, 7, 6), query)
        .unit(_CELSIUS)
        .decimals(1)
        .thresholds(values.colours(values.colour_steps(bands)))
        .thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        )
    )


def _power_curve() -> timeseries.Panel:
    place = panels.place(12, 22, 6, 6)
    return panels.curve(11, "功率 24 小时 · Power 24 h", place, queries.POWER_CURVE).unit("watt")


def _power_now() -> stat.Panel:
    query = queries.POWER_NOW
    return (
        panels.tile(9, "用电功率 · Power now", panels.place(0, 22, 6, 6), query.shows)
        .with_target(panels.Target(query))
        .reduce_options(panels.reduced("last"))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.AREA)
        .unit("watt")
        .no_value(values.NO_DATA)
        .mappings([values.missing()])
        .thresholds(values.colours([(None, "blue")]))
    )


def _energy_today() -> stat.Panel:
    query = queries.ENERGY_TODAY
    return (
        panels.tile(10, "今日用电 · Energy today", panels.place(6, 22, 6, 6), query.shows)
        .with_target(panels.Target(query))
        .time_from(_TODAY)
        .hide_time_override(hide_time_override=True)
        .reduce_options(panels.reduced("lastNotNull"))
        .color_mode(common.BigValueColorMode.VALUE)
        .unit("kwatth")
        .decimals(1)
        .no_value(values.NO_DATA)
        .thresholds(values.colours([(None, "blue")]))
    )


def _data_age() -> table.Panel:
    shows = "when each device last measured, the oldest first"
    return (
        panels.rows(12, "数据年龄 · Data age", panels.place(18, 22, 6, 6), _LAST_SEEN, shows)
        .with_target(panels.Target(queries.LAST_SEEN_FRIDGES, "A", table=True))
        .with_target(panels.Target(queries.LAST_SEEN_METERS, "B", table=True))
        .no_value(values.NO_DATA)
        .with_transformation(panels.merged())
        .with_transformation(panels.sorted_by(panels.TIME_COLUMN, newest_first=False))
        .with_transformation(panels.without(queries.LAST_SEEN, TAG_SITE))
        .override_by_name(panels.TIME_COLUMN, panels.age_column("最后数据 · Last data"))
    )
