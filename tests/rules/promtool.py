"""Prometheus's own judgement of a series, by `promtool test rules`, set beside ours.

promtool only says whether it found what was expected of it: so what is expected is what our `step` says, at
every evaluation, and a failure is a disagreement. One evaluation each sample, at the sample's own time.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from rules.judge import step
from rules.model import Cleared, Direction, Phase, Raised, State, Threshold, Watch
from tests.rules.facts import DEVICE, SECOND, reading

_ALERT: Final = "Wrong"
_OPERATORS: Final = {Direction.ABOVE: ">", Direction.BELOW: "<"}


class Gap(Enum):
    """A time without a sample, as promtool writes it."""

    MISSING = "_"  # Prometheus goes on with the sample before for up to five minutes
    STALE = "stale"  # Prometheus is told that the series has ended


class Case(msgspec.Struct, frozen=True):
    """A threshold without hysteresis, and a series with a sample every `step_s`."""

    step_s: int
    direction: Direction
    limit: float
    for_s: int
    keep_s: int
    samples: tuple[float | Gap, ...]


class Seen(msgspec.Struct, frozen=True):
    """What an alert is at one time: nothing (`since_ms` is None), pending or firing."""

    since_ms: int | None = None
    firing: bool = False


def ours(case: Case) -> list[Seen]:
    """By our engine: the alert at each sample's time; at a gap there is nothing to judge."""
    condition = Threshold(
        quantity="temperature_c",
        direction=case.direction,
        limit=case.limit,
        clear=case.limit,
        for_ms=case.for_s * SECOND,
        keep_for_ms=case.keep_s * SECOND,
        valid_low=-1e9,
        valid_high=1e9,
    )
    watch, state, raised = Watch("test.rule", DEVICE, condition), State(), None
    seen: list[Seen] = []
    for at_ms, sample in timed(case):
        if not isinstance(sample, Gap):
            state, events = step(watch, state, reading(at_ms, temperature_c=sample), at_ms)
            for event in events:
                assert isinstance(event, Raised | Cleared)
                assert event.at_ms == at_ms
                raised = event if isinstance(event, Raised) else None
        # What is firing is told by what was said, as people are told it, and not by the state.
        if raised is not None:
            seen.append(Seen(raised.since_ms, firing=True))
        elif state.phase is Phase.PENDING:
            seen.append(Seen(state.wrong_since_ms))
        else:
            seen.append(Seen())
    return seen


def timed(case: Case) -> Iterator[tuple[int, float | Gap]]:
    """Each sample with its time in milliseconds."""
    for number, sample in enumerate(case.samples):
        yield number * case.step_s * SECOND, sample


class Promtool:
    """The program, and a folder for what it reads."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._files = 0
        rule = {"alert": _ALERT, "expr": "m > 1", "keep_firing_for": "1m"}
        file = self._write({"groups": [{"name": "g", "rules": [rule]}]})
        self.knows_keep_firing_for = self._run("check", "rules", str(file)).returncode == 0

    def disagreeing(self, cases: Iterable[tuple[Case, Sequence[Seen]]]) -> list[Case]:
        """The cases in which Prometheus does not see the alert as expected; many go into one file."""
        cases = sorted(cases, key=lambda one: one[0].step_s)
        files = [self.write(list(same)) for _, same in groupby(cases, key=lambda one: one[0].step_s)]
        together = self.complaints(files)
        if not together:
            return []
        alone = [(case, self.complaints([self.write([(case, seen)])])) for case, seen in cases]
        different = [case for case, complaints in alone if complaints]
        assert different, f"only together do they differ: {together}"
        return different

    def write(self, cases: Sequence[tuple[Case, Sequence[Seen]]]) -> Path:
        """A test file for cases that all have the same step, with its rule file."""
        step_s = cases[0][0].step_s
        rules = [_rule(number, case) for number, (case, _) in enumerate(cases)]
        rule_file = self._write({"groups": [{"name": "g", "rules": rules}]})
        longest = max(len(case.samples) for case, _ in cases)
        times = range(longest)
        test = {
            "interval": f"{step_s}s",
            "input_series": [_series(number, case) for number, (case, _) in enumerate(cases)],
            "alert_rule_test": [_firing_at(time, step_s, cases) for time in times],
            "promql_expr_test": [_all_at(time, step_s, cases) for time in times],
        }
        return self._write(
            {"rule_files": [rule_file.name], "evaluation_interval": f"{step_s}s", "tests": [test]}
        )

    def complaints(self, files: Sequence[Path]) -> str:
        """What promtool says against these files; empty if all is as expected."""
        done = self._run("test", "rules", *map(str, files))
        assert done.returncode in (0, 1), done.stderr
        # "FAILED" alone could also mean a file that it cannot read.
        assert done.returncode == 0 or "exp:" in done.stdout + done.stderr, done.stdout + done.stderr
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def shortened(self, case: Case) -> Case:
        """A shorter case in which the two still disagree about our own view."""
        samples = case.samples
        size = len(samples) // 2
        while size:
            for start in range(0, len(samples), size):
                fewer = samples[:start] + samples[start + size :]
                smaller = replace(case, samples=fewer)
                if fewer and self.complaints([self.write([(smaller, ours(smaller))])]):
                    samples = fewer
                    break
            else:
                size //= 2
        return replace(case, samples=samples)

    def told(self, case: Case) -> str:
        """All that is needed to look into a disagreement: the case, both files, and promtool's words."""
        file = self.write([(case, ours(case))])
        rule_file = file.with_name(json.loads(file.read_text())["rule_files"][0])
        return "\n".join(
            [
                f"case: {msgspec.json.encode(case).decode()}",
                f"{rule_file.name}: {rule_file.read_text()}",
                f"{file.name}: {file.read_text()}",
                self.complaints([file]),
            ]
        )

    def _write(self, document: dict[str, Any]) -> Path:
        self._files += 1
        file = self._folder / f"{self._files}.yml"
        file.write_text(json.dumps(document), encoding="utf-8")  # all JSON is YAML
        return file

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *arguments], capture_output=True, text=True, timeout=120, check=False
        )


def _rule(number: int, case: Case) -> dict[str, Any]:
    rule = {
        "alert": _ALERT,
        "expr": f'm{{case="{number}"}} {_OPERATORS[case.direction]} {case.limit}',
        "for": f"{case.for_s}s",
    }
    return rule | ({"keep_firing_for": f"{case.keep_s}s"} if case.keep_s else {})


def _series(number: int, case: Case) -> dict[str, Any]:
    values = (sample.value if isinstance(sample, Gap) else f"{sample}" for sample in case.samples)
    return {"series": f'm{{case="{number}"}}', "values": " ".join(values)}


def _firing_at(time: int, step_s: int, cases: Sequence[tuple[Case, Sequence[Seen]]]) -> dict[str, Any]:
    firing = [
        {"exp_labels": {"case": str(number)}} for number, seen in _seen_at(time, step_s, cases) if seen.firing
    ]
    return {"eval_time": f"{time * step_s}s", "alertname": _ALERT, "exp_alerts": firing}


def _all_at(time: int, step_s: int, cases: Sequence[tuple[Case, Sequence[Seen]]]) -> dict[str, Any]:
    """Pending ones too, and since when each is so; that only queries can tell."""
    # On both sides of `*`: the state's series is 1, the other's value is the start in Unix seconds.
    query = "ALERTS * on (case) group_left () ALERTS_FOR_STATE"
    known = []
    for number, seen in _seen_at(time, step_s, cases):
        if seen.since_ms is not None:
            state = "firing" if seen.firing else "pending"
            labels = f'{{alertname="{_ALERT}", alertstate="{state}", case="{number}"}}'
            known.append({"labels": labels, "value": seen.since_ms // SECOND})
    return {"expr": query, "eval_time": f"{time * step_s}s", "exp_samples": known}


def _seen_at(
    time: int, step_s: int, cases: Sequence[tuple[Case, Sequence[Seen]]]
) -> Iterator[tuple[int, Seen]]:
    for number, (case, seen) in enumerate(cases):
        assert (case.step_s, len(case.samples)) == (step_s, len(seen))
        if time >= len(seen):
            raise ValueError("all cases of a file have as many samples")
        yield number, seen[time]
