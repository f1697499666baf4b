"""Holds what was acknowledged against log, history and verdicts, once the hub has ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from devices.series import measurement_of
from hub.config.model import Campus
from hub.history.choose import make_history
from hub.history.port import Aggregate, History
from hub.processes import AUTOSAVE_S
from hub.torture import verdicts
from hub.torture.plan import BrokerKind, FaultKind
from hub.torture.publisher import Publisher
from hub.torture.report import HistoryCheck, Losses, Struck, VerdictCheck
from hub.torture.tally import Tally
from hub.torture.traffic import STEP_MS, Traffic, is_clockless
from hub.torture.witness import Witness

_SAVING_MAY_TAKE_S: Final = 1.0
_YEAR_MS: Final = 366 * 86_400_000


def losses(
    publisher: Publisher,
    tally: Tally,
    witness: Witness,
    struck: Sequence[Struck],
    broker: BrokerKind,
) -> Losses:
    """Every message against the log. What the hub itself had acknowledged is never the broker's loss."""
    found = Losses([], [], [], [], tally.strange)
    broker_repeats = _broker_repeats(struck, broker)
    times = zip(publisher.sent_at, publisher.acknowledged_at, strict=True)
    for index, (seen, (sent_at, at)) in enumerate(zip(tally.times_seen, times, strict=True)):
        if seen == 0 and at:
            excused = not witness.acknowledged[index] and _broker_lost_it(
                sent_at, at, struck, broker, witness
            )
            (found.lost_by_broker if excused else found.lost).append(index)
        elif seen > 1:
            known = publisher.sent_again[index] or broker_repeats
            nameless = is_clockless(index % publisher.traffic.devices)
            (found.repeated if nameless and known else found.doubled).append(index)
    return found


def _broker_repeats(struck: Sequence[Struck], broker: BrokerKind) -> bool:
    """Whether the broker may have sent again, under other packet numbers, what the hub had acknowledged:
    mosquitto with a store from before, the embedded one after each of its ends, and it ends with the hub."""
    kinds = {one.fault.kind for one in struck}
    ends = {FaultKind.BROKER_KILLED}
    if broker is BrokerKind.EMBEDDED:
        ends |= {FaultKind.HUB_KILLED, FaultKind.HUB_RESTARTED}
    return bool(kinds & ends)


def history(campus: Campus, traffic: Traffic, tally: Tally) -> HistoryCheck:
    """Every fact of the log against the history."""
    store = make_history(campus.storage.history, campus.storage.folder)
    store.open()
    found = HistoryCheck(0, [], [])
    points = 0
    try:
        for number in range(traffic.devices):
            if is_clockless(number):
                points += _count_clockless(store, traffic, tally, number, found)
            else:
                points += _compare_times(store, traffic, tally, number, found)
    finally:
        store.close()
    return HistoryCheck(points, found.missing, found.doubled)


def verdict_check(campus: Campus, traffic: Traffic, tally: Tally, folder: Path) -> VerdictCheck:
    """What the rules said to the tortured hub, against two judgements that nothing disturbed."""
    log = campus.storage.folder / "log.sqlite"
    # What came after its last judgement is judged now, as at the hub's next start.
    tortured = verdicts.judge(campus, log, campus.storage.book_url)
    again = verdicts.judge(campus, log, f"sqlite:///{folder / 'again.sqlite'}", 0)
    clean = folder / "undisturbed.sqlite"
    verdicts.undisturbed_log(campus, traffic, tally.times_seen, clean)
    undisturbed = verdicts.judge(campus, clean, f"sqlite:///{folder / 'undisturbed-book.sqlite'}", 0)
    of_readings = verdicts.of_readings(tortured, campus)
    return VerdictCheck(
        alerts=sum(len(changes) for changes in tortured.values()),
        differ_from_log=verdicts.differing(tortured, again),
        differ_from_undisturbed=verdicts.differing(of_readings, undisturbed),
    )


def _broker_lost_it(
    sent_at: float, acknowledged_at: float, struck: Sequence[Struck], broker: BrokerKind, witness: Witness
) -> bool:
    """Whether only the broker can have lost it: it was killed before it saved, or its store was removed, and
    then it knows of no hub until the hub has subscribed again. What was on its way at that moment may have
    reached the broker before."""
    for one in struck:
        if one.fault.kind is FaultKind.SESSION_LOST:
            again = [at for at in witness.subscribed_at if at > one.ended_at]
            if sent_at <= min(again, default=one.ended_at):
                return True
        if one.fault.kind is FaultKind.BROKER_KILLED and broker is BrokerKind.MOSQUITTO:
            unsaved_since = one.began_at - AUTOSAVE_S - _SAVING_MAY_TAKE_S
            if unsaved_since <= acknowledged_at <= one.ended_at:
                return True
    return False


def _compare_times(store: History, traffic: Traffic, tally: Tally, number: int, found: HistoryCheck) -> int:
    """A fridge's readings have a time each: one point in every step."""
    device, kind = traffic.device(number), traffic.kind(number)
    indexes = range(number, traffic.messages, traffic.devices)
    expected = {traffic.measured_at_ms(index) for index in indexes if tally.times_seen[index]}
    end_ms = traffic.measured_at_ms(traffic.messages) + STEP_MS
    samples = store.range(
        measurement_of(kind), "temperature_c", device, traffic.first_ms, end_ms, STEP_MS, Aggregate.COUNT
    )
    there = {sample.at_ms: sample.value for sample in samples}
    found.missing.extend(f"{device} at {at_ms}" for at_ms in sorted(expected - there.keys()))
    found.doubled.extend(f"{device} at {at}" for at, n in there.items() if n > 1 or at not in expected)
    return int(sum(there.values()))


def _count_clockless(store: History, traffic: Traffic, tally: Tally, number: int, found: HistoryCheck) -> int:
    """A meter's stand at the hub's receive times: their number must be right."""
    device, kind = traffic.device(number), traffic.kind(number)
    facts = sum(tally.times_seen[number :: traffic.devices])
    first = traffic.first_ms - _YEAR_MS
    samples = store.range(
        measurement_of(kind), "energy_kwh", device, first, first + 3 * _YEAR_MS, _YEAR_MS, Aggregate.COUNT
    )
    points = int(sum(sample.value for sample in samples))
    found.missing.extend([f"{device}: {facts} facts, {points} points"] * max(0, facts - points))
    found.doubled.extend([f"{device}: {facts} facts, {points} points"] * max(0, points - facts))
    return points
