"""How a run stands, in one word and one colour; pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hub.book.model import RoundRun
from rules.model import RoundState
from rules.progress import UNDER_WAY

TONES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "planned": "off",
        "due": "warn",
        "in_progress": "info",
        "paused": "warn",
        "late": "warn",
        "excused": "off",
        "completed": "ok",
        "completed_late": "ok",
        "incomplete": "crit",
        "missed": "crit",
    }
)


def word_of(run: RoundRun, now_ms: int) -> str:
    """The run's state; `due` once its window has opened without a tap, `late` once it has closed."""
    if run.state not in UNDER_WAY or now_ms < run.starts_ms:
        return run.state.value
    if now_ms > run.ends_ms:
        return "late"
    return "due" if run.state is RoundState.PLANNED else run.state.value


def deadline_of(run: RoundRun) -> int:
    """Until when visits count; an older book says nothing of decisions."""
    return run.deadline_ms or run.ends_ms + run.grace_ms
