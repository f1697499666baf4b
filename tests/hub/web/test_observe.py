from __future__ import annotations

from devices.facts import Kind
from hub.log.model import Fate
from tests.hub.web.world import World


def test_the_process_is_alive_for_anybody(world: World) -> None:
    assert world.browser().get("/healthz").json() == {"status": "ok"}


def test_ready_says_why_not_but_no_details(world: World) -> None:
    assert world.browser().get("/readyz").status_code == 200
    world.healthy = False

    answer = world.browser().get("/readyz")

    assert (answer.status_code, answer.json()["reasons"]) == (503, ["broker", "log"])
    assert "private" not in answer.text
    assert "192.0.2.1" not in answer.text


def test_metrics_are_for_this_computer_and_for_administrators(world: World) -> None:
    def status(address: str, person: str | None = None, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return world.browser(person, address=address).get("/metrics", headers=named).status_code

    assert status("127.0.0.1") == status("::1") == status("::ffff:127.0.0.1") == 200
    assert status("192.0.2.7") == status("not an address") == 401
    assert status("127.0.0.1", x_forwarded_for="192.0.2.7") == 401
    assert status("192.0.2.7", "admin") == 200
    assert status("192.0.2.7", "guard") == 403


def test_metrics_tell_what_was_counted(world: World) -> None:
    world.alert()
    world.counts.messages = 12
    world.counts.facts[Fate.DUPLICATE] = 2
    world.counts.letters["not_json"] = 3
    world.counts.replies = 2
    world.counts.replies_dropped["backlog"] = 7
    world.counts.reply_times.add(0.2)

    text = world.browser(address="127.0.0.1").get("/metrics").text

    for line in (
        "campushub_messages_total 12.0",
        'campushub_facts_total{fate="duplicate"} 2.0',
        'campushub_dead_letters_total{reason="not_json"} 3.0',
        'campushub_reader_behind{reader="history"} 3.0',
        'campushub_history_state{state="behind"} 1.0',
        f'campushub_devices_silent{{kind="{Kind.FRIDGE.value}"}} 1.0',
        "campushub_event_stream_clients 0.0",
        "campushub_replies_total 2.0",
        'campushub_replies_dropped_total{reason="backlog"} 7.0',
        'campushub_reply_seconds_bucket{le="0.1"} 0.0',
        'campushub_reply_seconds_bucket{le="0.3"} 1.0',
        'campushub_reply_seconds_bucket{le="+Inf"} 1.0',
    ):
        assert line in text
