"""Open alerts whose rule has other numbers than at the last start: their records say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.alerts import keeping
from hub.book.tables import AlertRow, MetaRow
from hub.config.model import Campus, Device
from rules.life import Change, Lived
from rules.model import Rule

_NUMBERS: Final = "rules_at_last_start"
_OWN: Final = ("low", "high", "interval")


def note(session: Session, campus: Campus, now_ms: int) -> None:
    """Writes to each open alert's record what changed for it, in the words of `campus.toml`."""
    now = {
        **{rule.id: _of_rule(rule) for rule in campus.rules.values()},
        **{f"device {device.id}": _of_device(device) for device in campus.devices.values()},
    }
    row = session.get(MetaRow, _NUMBERS)
    before = msgspec.json.decode(row.value, type=dict[str, dict[str, str]]) if row else {}
    if before == now:
        return
    for alert in session.scalars(select(AlertRow).where(AlertRow.closed.is_(False))):
        said = [
            *_differences(before.get(alert.rule), now.get(alert.rule)),
            *_differences(before.get(f"device {alert.subject}"), now.get(f"device {alert.subject}")),
        ]
        if said:
            lived = Lived(keeping.state_of(alert), (Change.RULE_CHANGED,))
            keeping.record_changes(session, alert, lived, now_ms, now_ms=now_ms, note="; ".join(said))
    session.merge(MetaRow(name=_NUMBERS, value=msgspec.json.encode(now).decode()))


def _differences(before: Mapping[str, str] | None, now: Mapping[str, str] | None) -> list[str]:
    """`limit: 8 → 7.5`; nothing for what is new or gone."""
    if before is None or now is None:
        return []
    names = dict.fromkeys((*before, *now))
    # A number that an older campushub did not know has not been changed by anybody.
    return [
        f"{name}: {before.get(name) or '–'} → {now.get(name) or '–'}"
        for name in names
        if name in before and before[name] != now.get(name, "")
    ]


def _of_rule(rule: Rule) -> dict[str, str]:
    numbers = msgspec.structs.asdict(rule.parameters)
    found = {name.removesuffix("_ms"): _written(name, value) for name, value in numbers.items()}
    return {**found, "severity": rule.severity.value, "closing": rule.closing.value}


def _of_device(device: Device) -> dict[str, str]:
    own = (device.low, device.high, device.interval_ms or None)
    return {
        name: _written(f"{name}_ms" if name == "interval" else name, value)
        for name, value in zip(_OWN, own, strict=True)
    }


def _written(name: str, value: object) -> str:
    """A number as `campus.toml` has it; empty for none."""
    if value is None or value == ():
        return ""
    if name.endswith("_ms") and isinstance(value, int):
        return _duration(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(getattr(value, "value", value))


def _duration(ms: int) -> str:
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if ms >= length and ms % length == 0:
            return f"{ms // length}{unit}"
    return f"{ms}ms"
