"""The names of the time series: one place that writers, queries and dashboards all import.

A measurement is a kind of thing; a field is one value of it, with its unit in its name. Tags are `site`,
`area` and `device` (for `alert`: the subject; for `round`: the round's name); `alert` has `rule` too, so that
two alerts of one device do not hide each other.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from devices.facts import Kind


class FieldType(Enum):
    """The type of a field is fixed: a store refuses a point that changes it."""

    FLOAT = "float"
    BOOL = "bool"
    INT = "int"
    TEXT = "text"


FRIDGE: Final = "fridge"
METER: Final = "meter"
TAP: Final = "tap"
ROUND: Final = "round"
ALERT: Final = "alert"
DEVICE: Final = "device"

TAG_SITE: Final = "site"
TAG_AREA: Final = "area"
TAG_DEVICE: Final = "device"
TAGS: Final = (TAG_SITE, TAG_AREA, TAG_DEVICE)  # of every measurement
TAG_RULE: Final = "rule"  # of ALERT only
ALL_TAGS: Final = (*TAGS, TAG_RULE)

_SENSOR_HEALTH: Final = {"battery_pct": FieldType.FLOAT, "rssi_dbm": FieldType.FLOAT}

FIELDS: Final[dict[str, dict[str, FieldType]]] = {
    FRIDGE: {
        "temperature_c": FieldType.FLOAT,
        "humidity_pct": FieldType.FLOAT,
        "door_open": FieldType.BOOL,
        "defrost": FieldType.BOOL,
        **_SENSOR_HEALTH,
    },
    METER: {
        "energy_kwh": FieldType.FLOAT,
        "power_w": FieldType.FLOAT,
        "voltage_l1_v": FieldType.FLOAT,
        "voltage_l2_v": FieldType.FLOAT,
        "voltage_l3_v": FieldType.FLOAT,
        "current_l1_a": FieldType.FLOAT,
        "current_l2_a": FieldType.FLOAT,
        "current_l3_a": FieldType.FLOAT,
        "power_factor": FieldType.FLOAT,
        "frequency_hz": FieldType.FLOAT,
        "residual_current_ma": FieldType.FLOAT,
        **_SENSOR_HEALTH,
    },
    # One point a tap, at the time of the tap: which tag, whose badge, how trusted.
    TAP: {"tag_uid": FieldType.TEXT, "badge": FieldType.TEXT, "trust": FieldType.TEXT},
    # One point each time a round moves, at the hub's time; `state` is a `rules.model.RoundState` value.
    ROUND: {"visited": FieldType.INT, "required": FieldType.INT, "state": FieldType.TEXT},
    # One point each time an alert changes, at the hub's time; `open` is 1 until it is closed, `active` while
    # the cause lasts.
    ALERT: {
        "alert_id": FieldType.TEXT,
        "severity": FieldType.TEXT,
        "change": FieldType.TEXT,
        "open": FieldType.INT,
        "active": FieldType.INT,
    },
    # `sos`: somebody calls for help, on a guard's phone. `alone_min`: whoever has it walks alone, and says
    # within so many minutes that all is well; 0: no more.
    # `certificate_days`: how long the certificate of the hub's pages is still good; negative: it has expired.
    DEVICE: {
        "online": FieldType.BOOL,
        "certificate_days": FieldType.FLOAT,
        "sos": FieldType.BOOL,
        "alone_min": FieldType.FLOAT,
    },
}

_MEASUREMENT_OF_KIND: Final = {Kind.FRIDGE: FRIDGE, Kind.METER: METER}


def measurement_of(kind: Kind) -> str:
    """The measurement that readings of a device of this kind go to; kinds without one share `device`."""
    return _MEASUREMENT_OF_KIND.get(kind, DEVICE)
