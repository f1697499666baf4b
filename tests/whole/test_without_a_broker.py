"""A hub that has lost its broker still looks after whoever walks alone, and calls nothing else silent."""

from __future__ import annotations

from pathlib import Path

from tests.hub.patrol.posting import id_of
from tests.real.mosquitto import mosquitto
from tests.whole.hub_process import configure, hub, wait_until


def test_a_guard_alone_who_says_nothing_more_is_missed_while_the_broker_is_away(
    tmp_path: Path,
) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        config = configure(tmp_path, broker_port=broker.port)
        with config.open("a", encoding="utf-8") as text:
            text.write(
                '\n[rules."patrol.lone-worker"]\nfor = "5s"\n[rules."device.silent.cold"]\nafter = "1m"\n'
            )
        with hub(config) as process:
            guard, head = process.signed_in("zhang-wei"), process.signed_in("liu-yang")
            broker.kill()
            wait_until(lambda: head.get("/api/v1/health").json()["broker_problem"])
            word = {"id": id_of(1), "minutes": 10, "ago_s": 9 * 60 + 58}
            assert guard.post("/api/v1/patrol/alone", json={"words": [word]}).status_code == 200

            def alerts() -> set[str]:
                return {one["rule"] for one in head.get("/api/v1/alerts").json()}

            wait_until(lambda: "patrol.lone-worker" in alerts(), within_s=60)
            assert not {rule for rule in alerts() if rule.startswith("device.silent")}
