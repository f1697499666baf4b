"""The faults follow from the seed, all happen under load, and fit the broker."""

from __future__ import annotations

import pytest

from hub.torture.plan import BrokerKind, Fault, FaultKind, Mix, draw, limit_before


def faults(
    seed: int = 1,
    broker: BrokerKind = BrokerKind.MOSQUITTO,
    count: int = 20,
    losses: int = 0,
    full_disks: int = 0,
    *,
    influx: bool = False,
    can_fill: bool = True,
) -> tuple[Fault, ...]:
    return draw(Mix(count, losses, full_disks, broker, influx, can_fill), 10_000, seed)


def test_the_same_seed_gives_the_same_faults() -> None:
    assert faults(seed=5) == faults(seed=5)
    assert faults(seed=5) != faults(seed=6)


def test_every_kind_comes_before_any_comes_twice() -> None:
    kinds = {fault.kind for fault in faults(count=8, influx=True)}
    assert kinds == set(FaultKind) - {FaultKind.SESSION_LOST}


def test_sessions_are_lost_only_when_asked() -> None:
    assert FaultKind.SESSION_LOST not in {fault.kind for fault in faults(count=100)}
    assert [fault.kind for fault in faults(count=0, losses=2)] == [FaultKind.SESSION_LOST] * 2


def test_full_disks_come_by_themselves_where_they_can_and_as_often_more_as_asked() -> None:
    assert FaultKind.DISK_FULL in {fault.kind for fault in faults(count=7)}
    assert FaultKind.DISK_FULL not in {fault.kind for fault in faults(count=100, can_fill=False)}
    assert [fault.kind for fault in faults(count=0, full_disks=2)] == [FaultKind.DISK_FULL] * 2


def test_the_embedded_broker_is_not_restarted_apart_from_its_hub() -> None:
    kinds = {fault.kind for fault in faults(broker=BrokerKind.EMBEDDED, count=100)}
    assert FaultKind.BROKER_RESTARTED not in kinds
    assert FaultKind.BROKER_KILLED in kinds


@pytest.mark.parametrize("seed", range(20))
def test_publishing_may_always_reach_the_next_fault_and_never_ends_before_the_last(seed: int) -> None:
    drawn = faults(seed=seed)
    for done, fault in enumerate(drawn):
        limit = limit_before(drawn, done, 10_000)
        assert fault.after < limit <= 10_000
    assert limit_before(drawn, len(drawn), 10_000) == 10_000
    assert [fault.after for fault in drawn] == sorted(fault.after for fault in drawn)
