"""A campus for measuring rules: every kind of device, watched by the whole catalogue, and what it says.

Most readings are calm and move a little, as real ones do; now and then something is wrong for a while: a warm
cabinet, a door left open, a phase too high. Everything follows from the numbers alone: two runs are the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from devices.facts import Clock, Fact, Reading, Tick, Value
from hub.bench.servers import campus_text

MINUTE_MS: Final = 60_000
# Of ten devices: so many of each sort, and how many series each of the sort has.
_SORTS: Final = (
    "chilled",
    "frozen",
    "chilled",
    "meter",
    "chilled",
    "meter",
    "frozen",
    "chilled",
    "meter",
    "frozen",
)
_METER_SERIES: Final = 11
_FRIDGE_SERIES: Final = 6
SERIES_OF_TEN: Final = sum(_METER_SERIES if sort == "meter" else _FRIDGE_SERIES for sort in _SORTS)
_WRONG_EVERY: Final = 40  # devices, of which one at a time has trouble …
_WRONG_FOR: Final = 25  # … for so many of …
_WRONG_OF: Final = 1_440  # … so many of its readings
_OFF_EVERY: Final = 20  # devices, of which a meter is switched off at night
_MORNING: Final = 390  # minutes since midnight
_EVENING: Final = 1_200
_FRIDGE: Final = """\
[[device]]
id = "d{number}"
name = "Fridge {number}"
kind = "fridge"
storing = "{sort}"
area = "cold-room"
owner = "admin"
interval = "1m"
"""
_METER: Final = """\
[[device]]
id = "d{number}"
name = "Meter {number}"
kind = "meter"
area = "cold-room"
owner = "admin"
interval = "1m"
labels = [{labels}]
"""


def devices_for(series: int) -> int:
    """How many devices have about so many series."""
    return max(10, round(series / SERIES_OF_TEN * 10))


def campus_of(devices: int) -> str:
    """The configuration of a campus of so many devices, as `campus.toml`."""
    text = campus_text(broker_port=1, web_port=1, devices=0)
    return text + "".join(
        [
            (_METER if sort_of(n) == "meter" else _FRIDGE).format(
                number=n, sort=sort_of(n), labels=_labels(n)
            )
            for n in range(devices)
        ]
    )


def sort_of(number: int) -> str:
    """`meter`, or what the fridge of this number is storing."""
    return _SORTS[number % len(_SORTS)]


def facts_of(devices: int, turns: int, begins_ms: int) -> Iterator[list[Fact]]:
    """A reading of each device in each turn, one a minute, with a tick at its beginning; the first turn is at
    midnight."""
    for turn in range(turns):
        at_ms = begins_ms + turn * MINUTE_MS
        facts: list[Fact] = [Tick(f"tick/{at_ms}", at_ms, begins_ms)]
        for number in range(devices):
            measured_ms = at_ms + number * MINUTE_MS // devices
            facts.append(
                Reading(
                    f"d{number}/{turn}",
                    f"d{number}",
                    measured_ms,
                    measured_ms + 150,
                    Clock.DEVICE,
                    values_of(number, turn),
                )
            )
        yield facts


def values_of(number: int, turn: int) -> tuple[tuple[str, Value], ...]:
    """What a device says in its reading number `turn`."""
    place = (turn + number * 37) % _WRONG_OF
    wrong = place if number % _WRONG_EVERY == 7 and place < _WRONG_FOR else None
    by_day = _MORNING <= turn % 1_440 < _EVENING
    wave = math.sin((turn + 11 * number) / 4)
    dither = (turn * 7 + number) % 10
    sort = sort_of(number)
    if sort == "meter":
        return _meter(number, turn, wave if by_day or not _is_off_at_night(number) else None, dither, wrong)
    base = 3.4 if sort == "chilled" else -21.0
    degrees = base + wave + dither / 20 + (0.0 if wrong is None else 0.6 * wrong)
    return (
        ("temperature_c", round(degrees, 1)),
        ("humidity_pct", 62.0 + dither),
        ("door_open", (by_day and (turn + number) % 45 == 0) or (wrong is not None and number % 80 == 7)),
        ("defrost", (turn + 5 * number) % 480 < 20),
        ("battery_pct", 100.0 - turn % 40_000 / 1_000),
        ("rssi_dbm", -60.0 - dither),
    )


def _is_off_at_night(number: int) -> bool:
    return number % _OFF_EVERY == 3


def _labels(number: int) -> str:
    more = ', "off-at-night", "off-in-holidays"' if _is_off_at_night(number) else ""
    return f'"three-phase", "compensated"{more}'


def _meter(
    number: int, turn: int, wave: float | None, dither: int, wrong: int | None
) -> tuple[tuple[str, Value], ...]:
    """`wave` None: switched off."""
    volts = 230.0 + 3 * (wave or 0.0) + dither / 5
    amperes = 0.1 if wave is None else 12.0 + 2 * wave + dither / 10
    return (
        ("energy_kwh", 1_000.0 + number + turn * 0.08),
        ("power_w", round(volts * amperes * 2.9, 1)),
        ("voltage_l1_v", round(volts + (0.0 if wrong is None else 22.0), 1)),
        ("voltage_l2_v", round(volts - 1.1, 1)),
        ("voltage_l3_v", round(volts + 0.7, 1)),
        ("current_l1_a", round(amperes, 2)),
        ("current_l2_a", round(amperes * 1.03, 2)),
        ("current_l3_a", round(amperes * 0.98, 2)),
        ("power_factor", 0.95),
        ("frequency_hz", 50.0 + (dither - 5) / 250),
        ("residual_current_ma", 6.0 + dither / 5),
    )
