"""The torture at a size that fits: hub, broker, connections end under load; nothing is lost or doubled."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from hub.torture import disk
from tests.real import require
from tests.whole.hub_process import CAMPUSHUB

MESSAGES = 3_000
MOSQUITTO_SEED = 1  # connections cut; broker restarted; hub killed; hub stopped for a while
EMBEDDED_SEED = 3  # the broker killed too
FULL_DISKS = 1 if disk.is_possible() else 0


def tortured(folder: Path, broker: str, seed: int, *more: str) -> dict[str, Any]:
    size = ["--messages", str(MESSAGES), "--kills", "4", "--full-disks", str(FULL_DISKS)]
    size += ["--seed", str(seed), "--broker", broker]
    done = subprocess.run(
        [CAMPUSHUB, "torture", *size, "--keep", folder, "--json", *more],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["faults_found"] == [], done.stderr
    assert done.returncode == 0
    assert report["acknowledged"] == MESSAGES
    kinds = [struck["fault"]["kind"] for struck in report["struck"]]
    assert len(kinds) == 4 + FULL_DISKS
    assert kinds.count("disk full for a while") >= FULL_DISKS
    assert ("disk full" in report["left_out"]) == (not FULL_DISKS)
    assert report["verdicts"]["alerts"] > 0
    return report


def test_with_mosquitto_every_acknowledged_message_is_there_once_and_judged_as_if_nothing_had_happened(
    tmp_path: Path,
) -> None:
    require("mosquitto")
    report = tortured(tmp_path, "mosquitto", MOSQUITTO_SEED)
    kinds = {struck["fault"]["kind"] for struck in report["struck"]}
    assert "hub killed" in kinds
    assert report["losses"]["lost_by_broker"] == []


def test_with_the_embedded_broker_it_is_the_same(tmp_path: Path) -> None:
    report = tortured(tmp_path, "embedded", EMBEDDED_SEED)
    assert "hub killed" in {struck["fault"]["kind"] for struck in report["struck"]}
    assert report["losses"]["lost_by_broker"] == []


def test_what_is_asked_for_in_vain_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [CAMPUSHUB, "torture", "--broker", "rabbitmq", "--keep", tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "mosquitto or embedded" in done.stderr
