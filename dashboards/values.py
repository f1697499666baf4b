"""How values look: the words and colours that stand for them, and the limits where they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from dashboards.limits import GREEN, GREY, Band

NO_DATA: Final = "无数据 NO DATA"
NO_DATA_COLOUR: Final = "purple"
NONE_OPEN: Final = ("无 NONE", GREEN)
PLAIN: Final[tuple[tuple[float | None, str], ...]] = ((None, GREY),)

# A threshold colours from its value on, but a limit is broken only beyond it: one step of a display away.
_BEYOND: Final = 0.01


def colours(steps: Sequence[tuple[float | None, str]]) -> builders.ThresholdsConfig:
    """Colours from each value on; the first value is None, without beginning."""
    return (
        builders.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value=value, color=colour) for value, colour in steps])
    )


def colour_steps(bands: Sequence[Band]) -> list[tuple[float | None, str]]:
    """The bands as thresholds: below normal each begins at its lower end, above it just beyond."""
    normal = bands[0]
    steps: list[tuple[float | None, str]] = []
    for band in sorted(bands, key=lambda band: float("-inf") if band.lowest is None else band.lowest):
        above = normal.highest is not None and band.lowest is not None and band.lowest >= normal.highest
        start = None if band.lowest is None else band.lowest + _BEYOND if above else band.lowest
        steps.append((start, band.colour))
    return steps


def words(bands: Sequence[Band]) -> list[models.ValueMapping]:
    """The bands as words: the first that holds a value wins, and a missing value says so."""
    ranges: list[models.ValueMapping] = [
        models.RangeMap(
            models.DashboardRangeMapOptions(
                from_val=band.lowest,
                to=band.highest,
                result=models.ValueMappingResult(text=band.word, color=band.colour, index=index),
            )
        )
        for index, band in enumerate(bands)
    ]
    return [*ranges, missing(len(bands))]


def missing(index: int = 0, text: str = NO_DATA, colour: str = NO_DATA_COLOUR) -> models.SpecialValueMap:
    """What stands for a value that is not there."""
    return models.SpecialValueMap(
        models.DashboardSpecialValueMapOptions(
            match=models.SpecialValueMatch.NULL_AND_NAN,
            result=models.ValueMappingResult(text=text, color=colour, index=index),
        )
    )


def called(names: Mapping[str, tuple[str, str]]) -> list[models.ValueMapping]:
    """Words and colours for values that are names: value → (text, colour)."""
    results = {
        value: models.ValueMappingResult(text=text, color=colour, index=index)
        for index, (value, (text, colour)) in enumerate(names.items())
    }
    return [models.ValueMap(results)]


def setting(name: str, value: object) -> models.DynamicConfigValue:
    """One property of an override."""
    return models.DynamicConfigValue(id_val=name, value=value)


def colours_setting(steps: Sequence[tuple[float | None, str]]) -> models.DynamicConfigValue:
    """Thresholds as a property of an override."""
    return setting("thresholds", colours(steps).build())
