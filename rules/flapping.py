"""Flapping as Icinga sees it: too many of the last 20 states differ from the one before; pure.

A watch has no regular checks, so its states are: every turn (raised, or cleared) as it comes, and in between
one unchanged state for every `EVERY_MS` without a turn. New changes weigh more than old ones.
"""

from __future__ import annotations

from typing import Final

import msgspec

STATES: Final = 20
OLDEST_WEIGHT: Final = 0.8
NEWEST_WEIGHT: Final = 1.15
ENTER_PCT: Final = 30.0
LEAVE_PCT: Final = 25.0
EVERY_MS: Final = 5 * 60_000

_MASK: Final = (1 << STATES) - 1
_STEP: Final = (NEWEST_WEIGHT - OLDEST_WEIGHT) / (STATES - 1)
# By age: the newest first.
_WEIGHTS: Final = tuple(NEWEST_WEIGHT - age * _STEP for age in range(STATES))


class Restless(msgspec.Struct, frozen=True):
    """What is remembered of one watch. `changed`: a bit for each state, the newest lowest, 1 where it differs
    from the one before; `to_ms`: up to when states are counted."""

    changed: int = 0
    to_ms: int = 0
    flapping: bool = False


def share_pct(restless: Restless) -> float:
    """How much of the last states are changes, weighted, in percent; 97.5 where all are."""
    weight = sum(_WEIGHTS[age] for age in range(STATES) if restless.changed >> age & 1)
    return 100.0 * weight / STATES


def turned(restless: Restless, at_ms: int) -> Restless:
    """After a turn at `at_ms`; one that is older than what is counted counts now."""
    quiet = passed(restless, at_ms)
    return _decided(quiet.changed << 1 & _MASK | 1, max(at_ms, quiet.to_ms), flapping=quiet.flapping)


def passed(restless: Restless, at_ms: int) -> Restless:
    """After time without a turn up to `at_ms`. Only whole `EVERY_MS` count: asking often changes nothing."""
    quiet_states = max(0, (at_ms - restless.to_ms) // EVERY_MS)
    if quiet_states == 0:
        return restless
    changed = restless.changed << min(quiet_states, STATES) & _MASK
    return _decided(changed, restless.to_ms + quiet_states * EVERY_MS, flapping=restless.flapping)


def _decided(changed: int, to_ms: int, *, flapping: bool) -> Restless:
    share = share_pct(Restless(changed))
    return Restless(changed, to_ms, share > ENTER_PCT or (flapping and share >= LEAVE_PCT))
