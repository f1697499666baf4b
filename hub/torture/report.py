"""The outcome of one torture: what was sent, what went wrong on purpose, and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

from hub.torture.plan import BrokerKind, Fault

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that was done, from when to when (Unix seconds), and what the hub failed to do meanwhile."""

    fault: Fault
    began_at: float
    ended_at: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Losses:
    """Message numbers. What the broker had acknowledged and then lost itself stands apart.

    `repeated`: messages without clock and number that their sender or the broker sent again as if new, which
    QoS 1 allows: nobody can know that they are the same."""

    lost: list[int]
    lost_by_broker: list[int]
    doubled: list[int]
    repeated: list[int]
    strange: list[str]


@dataclass(frozen=True, slots=True)
class HistoryCheck:
    """Facts of the log that the history lacks, and points that it has twice."""

    points: int
    missing: list[str]
    doubled: list[str]


@dataclass(frozen=True, slots=True)
class VerdictCheck:
    """`alerts`: changes of alerts. Which rule and subject differ from the same log judged again without any
    disturbance, and from what an undisturbed hub would have said to the same devices."""

    alerts: int
    differ_from_log: list[str]
    differ_from_undisturbed: list[str]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    seed: int
    broker: BrokerKind
    history: str
    messages: int
    acknowledged: int
    sent_again: int
    in_log: int
    seconds: float
    struck: tuple[Struck, ...]
    losses: Losses
    in_history: HistoryCheck
    verdicts: VerdictCheck
    left_out: str = ""  # a fault that this computer does not let us do, and why

    @property
    def holds(self) -> bool:
        """Whether the promise was kept."""
        return not self.faults_found()

    def faults_found(self) -> list[str]:
        """What broke the promise, one line each."""
        found = []
        if self.acknowledged < self.messages:
            found.append(f"{self.messages - self.acknowledged} messages were never acknowledged")
        broken: dict[str, list[Any]] = {
            "failings while it went wrong": [what for struck in self.struck for what in struck.missing],
            "acknowledged messages lost by the hub": self.losses.lost,
            "messages twice in the log": self.losses.doubled,
            "facts in the log that nobody sent": self.losses.strange,
            "facts that the history lacks": self.in_history.missing,
            "points twice in the history": self.in_history.doubled,
            "verdicts unlike those of the same log": self.verdicts.differ_from_log,
            "verdicts unlike those of an undisturbed run": self.verdicts.differ_from_undisturbed,
        }
        for what, cases in broken.items():
            if cases:
                found.append(f"{len(cases)} {what}: {', '.join(str(case) for case in cases[:_SHOWN])}")
        return found

    def rows(self) -> list[tuple[str, str]]:
        """The loss table."""
        return [
            ("messages sent at QoS 1", f"{self.messages:,}"),
            ("acknowledged by the broker", f"{self.acknowledged:,}"),
            ("sent again by the devices", f"{self.sent_again:,}"),
            ("in the log", f"{self.in_log:,}"),
            ("lost by the hub", f"{len(self.losses.lost):,}"),
            ("lost by the broker alone", f"{len(self.losses.lost_by_broker):,}"),
            ("twice in the log", f"{len(self.losses.doubled):,}"),
            ("repeated, without an identity", f"{len(self.losses.repeated):,}"),
            ("points in the history", f"{self.in_history.points:,}"),
            ("missing in the history", f"{len(self.in_history.missing):,}"),
            ("twice in the history", f"{len(self.in_history.doubled):,}"),
            ("changes of alerts", f"{self.verdicts.alerts:,}"),
            ("verdicts unlike the same log's", f"{len(self.verdicts.differ_from_log):,}"),
            ("verdicts unlike an undisturbed run's", f"{len(self.verdicts.differ_from_undisturbed):,}"),
        ]

    def faults_done(self) -> Counter[str]:
        """How often each fault was done."""
        return Counter(struck.fault.kind.value for struck in self.struck)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        plain = asdict(self)
        plain["broker"] = self.broker.value
        for struck in plain["struck"]:
            struck["fault"]["kind"] = struck["fault"]["kind"].value
        return {"holds": self.holds, "faults_found": self.faults_found(), **plain}
