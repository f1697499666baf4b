"""A decision about a round in a real hub: answered once it is judged, there after a kill, and shown."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from tests.hub.patrol_page.campus import GUARDS, all_day_campus
from tests.whole.hub_process import HubProcess, wait_until


def _run_of(client: httpx.Client) -> dict[str, Any]:
    """A round that is under way now."""

    def found() -> dict[str, Any] | None:
        runs: list[dict[str, Any]] = client.get("/api/v1/rounds").json()
        return next((run for run in runs if run["state"] in ("due", "in_progress")), None)

    wait_until(lambda: found() is not None, within_s=60)
    run = found()
    assert run is not None
    return run


def test_a_decision_is_answered_as_judged_and_outlives_a_kill(tmp_path: Path) -> None:
    process = HubProcess(all_day_campus(tmp_path))
    process.start()
    head = process.signed_in("liu-yang")
    run = _run_of(head)
    said = {"id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "order": "excuse", "reason": "台风"}
    began_s = monotonic()

    answer = head.post(f"/api/v1/rounds/{run['id']}/orders", json=said)

    assert answer.status_code == 200, answer.text
    assert answer.json()["round"]["state"] == "excused"
    assert monotonic() - began_s < 5
    process.kill()
    process.start()
    again = process.signed_in("liu-yang")
    assert (
        again.post(f"/api/v1/rounds/{run['id']}/orders", json=said).json()["order"] == answer.json()["order"]
    )
    told = again.get(f"/api/v1/rounds/{run['id']}").json()
    assert (told["state"], [one["order"] for one in told["orders"]]) == ("excused", ["excuse"])
    assert "台风" in again.get(f"/rounds/{run['id']}").text
    assert run["round"].removeprefix("all-day-") in GUARDS
    assert process.stop() == 0
