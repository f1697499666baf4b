"""Every query of the dashboards, as InfluxQL that InfluxDB 1.x, 2.x and 3.x all answer.

Grafana fills in what begins with a dollar: `$timeFilter`, `$__interval`, `${__to}` (the end of the range in
milliseconds) and the dashboard's own variables, one for each way of storing, which hold device ids.
"""

# No value from outside reaches a text: every name comes from `devices.series`.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from devices.series import ALERT, DEVICE, FIELDS, FRIDGE, METER, ROUND, TAG_DEVICE, TAG_RULE, TAGS

FRESH: Final = "20m"  # a value older than this is shown as "no data", never as the present one
FRESH_MS: Final = 1_200_000
NO_DEVICE: Final = "-"  # what a variable holds while no device is stored that way


class Storing(Enum):
    """The ways of storing that have limits of their own; the value is also the dashboard variable's name."""

    CHILLED = "chilled"
    SAMPLE = "sample"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Query:
    """One named question. `columns` come after `time`; `tags` split the answer into series."""

    name: str
    text: str
    columns: tuple[str, ...]
    tags: tuple[str, ...]
    shows: str


def field(measurement: str, name: str) -> str:
    """The name, once it is known to be a field of the measurement; raises KeyError when it is not."""
    if name not in FIELDS[measurement]:
        raise KeyError(f"{measurement} has no field {name}")
    return name


TEMPERATURE: Final = field(FRIDGE, "temperature_c")
POWER: Final = field(METER, "power_w")
ENERGY: Final = field(METER, "energy_kwh")
STATE: Final = field(ROUND, "state")
VISITED: Final = field(ROUND, "visited")
REQUIRED: Final = field(ROUND, "required")
OPEN: Final = field(ALERT, "open")
ACTIVE: Final = field(ALERT, "active")
ALERT_ID: Final = field(ALERT, "alert_id")
CHANGE: Final = field(ALERT, "change")
SEVERITY: Final = field(ALERT, "severity")
ONLINE: Final = field(DEVICE, "online")

PROGRESS: Final = "visited_pct"
LAST_SEEN: Final = "last_value"

_BY_TAGS: Final = ", ".join(f'"{tag}"' for tag in TAGS)
_BY_ALERT_TAGS: Final = f'{_BY_TAGS}, "{TAG_RULE}"'
_ALERT_DETAILS: Final = tuple(name for name in FIELDS[ALERT] if name not in (OPEN, ACTIVE))
_ALERT_COLUMNS: Final = ", ".join(f'"{name}"' for name in _ALERT_DETAILS)
_TAG_OF_DEVICE: Final = f'"{TAG_DEVICE}"'


def _stored(*ways: Storing) -> str:
    # `:raw` because Grafana would escape the bars between the ids inside a regular expression.
    ids = "|".join(f"${{{way.value}:raw}}" for way in ways)
    return f"{_TAG_OF_DEVICE} =~ /^({ids})$/"


def _not_stored(*ways: Storing) -> str:
    return _stored(*ways).replace("=~", "!~", 1)


def _latest_while_fresh(name: str, measurement: str, value: str, shows: str, where: str = "") -> Query:
    """Windows that end exactly now: the newest one is null when the device has been silent for FRESH."""
    condition = f" AND {where}" if where else ""
    text = (
        f'SELECT last("{value}") AS "{value}" FROM "{measurement}"'
        f" WHERE $timeFilter AND time < ${{__to}}ms{condition}"
        f" GROUP BY time({FRESH}, ${{__to}}ms), {_BY_TAGS} fill(null)"
    )
    return Query(name, text, (value,), TAGS, shows)


def _curve(name: str, measurement: str, value: str, shows: str, where: str = "") -> Query:
    condition = f" AND {where}" if where else ""
    text = (
        f'SELECT mean("{value}") AS "{value}" FROM "{measurement}"'
        f" WHERE $timeFilter{condition} GROUP BY time($__interval), {_BY_TAGS} fill(null)"
    )
    return Query(name, text, (value,), TAGS, shows)


def _last_seen(name: str, measurement: str, value: str, shows: str) -> Query:
    text = (
        f'SELECT last("{value}") AS "{LAST_SEEN}" FROM "{measurement}" WHERE $timeFilter GROUP BY {_BY_TAGS}'
    )
    return Query(name, text, (LAST_SEEN,), TAGS, shows)


COLD_NOW: Final = {
    way: _latest_while_fresh(
        f"cold_{way.value}_now", FRIDGE, TEMPERATURE, f"latest temperature of {way.value} units", _stored(way)
    )
    for way in Storing
}
COLD_OTHER_NOW: Final = _latest_while_fresh(
    "cold_other_now",
    FRIDGE,
    TEMPERATURE,
    "latest temperature of units that nobody said how they store: no limits",
    _not_stored(*Storing),
)
CHILLED_CURVE: Final = _curve(
    "chilled_curve", FRIDGE, TEMPERATURE, "temperature of everything not frozen", _not_stored(Storing.FROZEN)
)
FROZEN_CURVE: Final = _curve(
    "frozen_curve", FRIDGE, TEMPERATURE, "temperature of frozen units", _stored(Storing.FROZEN)
)

ROUNDS_LATEST: Final = Query(
    "rounds_latest",
    f'SELECT last("{STATE}") AS "{STATE}", "{VISITED}", "{REQUIRED}" FROM "{ROUND}"'
    f" WHERE $timeFilter GROUP BY {_BY_TAGS}",
    (STATE, VISITED, REQUIRED),
    TAGS,
    "where each round stands, and when it last moved",
)
ROUNDS_PROGRESS: Final = Query(
    "rounds_progress",
    f'SELECT 100 * last("{VISITED}") / last("{REQUIRED}") AS "{PROGRESS}" FROM "{ROUND}"'
    f" WHERE $timeFilter GROUP BY {_BY_TAGS}",
    (PROGRESS,),
    TAGS,
    "how much of each round has been walked, in percent",
)

POWER_NOW: Final = _latest_while_fresh("power_now", METER, POWER, "latest power of each meter, in watts")
POWER_CURVE: Final = _curve("power_curve", METER, POWER, "power of each meter, in watts")
ENERGY_TODAY: Final = Query(
    "energy_today",
    # Differences of neighbours, so that a counter that starts anew loses one interval and not the day.
    f'SELECT sum("{ENERGY}") AS "{ENERGY}" FROM'
    f' (SELECT non_negative_difference("{ENERGY}") AS "{ENERGY}" FROM "{METER}"'
    f" WHERE $timeFilter GROUP BY {_BY_TAGS}) WHERE $timeFilter GROUP BY {_BY_TAGS}",
    (ENERGY,),
    TAGS,
    "energy of each meter since midnight, in kilowatt hours",
)

ALERTS_OPEN: Final = Query(
    "alerts_open",
    f'SELECT "{OPEN}", {_ALERT_COLUMNS} FROM'
    f' (SELECT last("{OPEN}") AS "{OPEN}", {_ALERT_COLUMNS}'
    f' FROM "{ALERT}" WHERE $timeFilter GROUP BY {_BY_ALERT_TAGS})'
    f' WHERE $timeFilter AND "{OPEN}" = 1 GROUP BY {_BY_ALERT_TAGS}',
    (OPEN, *_ALERT_DETAILS),
    (*TAGS, TAG_RULE),
    "the alerts that are open, and when each last changed",
)
ALERTS_OPEN_COUNT: Final = Query(
    "alerts_open_count",
    f'SELECT sum("{OPEN}") AS "{OPEN}" FROM'
    f' (SELECT last("{OPEN}") AS "{OPEN}" FROM "{ALERT}" WHERE $timeFilter GROUP BY {_BY_ALERT_TAGS})'
    f" WHERE $timeFilter",
    (OPEN,),
    (),
    "how many alerts are open",
)

LAST_SEEN_FRIDGES: Final = _last_seen(
    "last_seen_fridges", FRIDGE, TEMPERATURE, "when each cold unit last measured"
)
LAST_SEEN_METERS: Final = _last_seen("last_seen_meters", METER, POWER, "when each meter last measured")
DEVICES_OFFLINE: Final = Query(
    "devices_offline",
    f'SELECT count("{ONLINE}") AS "{ONLINE}" FROM'
    f' (SELECT last("{ONLINE}") AS "{ONLINE}" FROM "{DEVICE}" WHERE $timeFilter GROUP BY {_BY_TAGS})'
    f' WHERE $timeFilter AND "{ONLINE}" = false',
    (ONLINE,),
    (),
    "how many devices said, or had said for them, that they are off line",
)

WALL: Final = (
    *COLD_NOW.values(),
    COLD_OTHER_NOW,
    CHILLED_CURVE,
    FROZEN_CURVE,
    ROUNDS_LATEST,
    ROUNDS_PROGRESS,
    POWER_NOW,
    POWER_CURVE,
    ENERGY_TODAY,
    ALERTS_OPEN,
    ALERTS_OPEN_COUNT,
    LAST_SEEN_FRIDGES,
    LAST_SEEN_METERS,
    DEVICES_OFFLINE,
)
