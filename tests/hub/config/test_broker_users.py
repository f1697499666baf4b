"""From `[[broker.user]]` to rights at the embedded broker, and what is said of a broker open to a network."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from hub.broker.rights import User
from hub.config.model import Campus
from hub.config.report import understood
from tests.hub.config.writing import VALID, loaded
from tests.hub.config.wrong_plans import HASH

_PLUG = """
[[device]]
id = "plug"
name = "Plug"
kind = "meter"
area = "canteen"
owner = "wang"
interval = "1m"
format = "tasmota"
topic = "canteen/plug"

[[device]]
id = "cold-2"
name = "Sensor"
kind = "fridge"
storing = "chilled"
area = "canteen"
owner = "wang"
interval = "1m"
format = "zigbee2mqtt"
topic = "zigbee2mqtt/cold-2"
"""


def campus_with(folder: Path, *users: str, broker: str = "") -> Campus:
    tables = "".join(f'\n[[broker.user]]\npassword_hash = "{HASH}"\n{user}\n' for user in users)
    return loaded(folder, f"{VALID}{_PLUG}\n[broker]\n{broker}\n{tables}")


def refused_devices(campus: Campus) -> set[str]:
    return {warning.key for warning in campus.warnings if "no [[broker.user]]" in warning.problem}


def test_a_user_named_after_a_device_speaks_as_that_device_only(tmp_path: Path) -> None:
    campus = campus_with(tmp_path, 'name = "cold-1"', 'name = "plug"')
    own = "campus/school/+/cold-1"
    assert campus.broker.users == (
        User("cold-1", HASH, (f"{own}/reading", f"{own}/tap", f"{own}/status"), (f"{own}/reply",)),
        User(
            "plug",
            HASH,
            ("tele/canteen/plug/#", "stat/canteen/plug/#"),
            ("cmnd/canteen/plug", "cmnd/canteen/plug/#"),
        ),
    )
    assert HASH not in repr(campus)


def test_a_gateway_speaks_for_its_devices_and_below_its_topics(tmp_path: Path) -> None:
    user = 'name = "gateway"\ndevices = ["cold-1"]\ntopics = ["zigbee2mqtt"]'
    (gateway,) = campus_with(tmp_path, user).broker.users
    assert gateway.publishes is not None
    assert gateway.publishes[-2:] == ("zigbee2mqtt", "zigbee2mqtt/#")
    assert "campus/school/+/cold-1/reading" in gateway.publishes
    assert gateway.reads == ("campus/school/+/cold-1/reply", "zigbee2mqtt", "zigbee2mqtt/#")


def test_a_device_that_no_user_may_speak_for_is_a_warning(tmp_path: Path) -> None:
    assert refused_devices(campus_with(tmp_path)) == set()
    assert refused_devices(campus_with(tmp_path, 'name = "cold-1"')) == {"device.plug.id", "device.cold-2.id"}
    everybody = ('name = "cold-1"', 'name = "g"\ntopics = ["zigbee2mqtt", "tele/canteen"]')
    assert refused_devices(campus_with(tmp_path, *everybody)) == set()


def test_a_broker_that_is_open_to_a_network_on_purpose_is_a_warning(tmp_path: Path) -> None:
    campus = campus_with(tmp_path, broker='host = "0.0.0.0"\nanonymous = true\nport = 1884')
    (warning,) = [warning for warning in campus.warnings if warning.key == "broker.anonymous"]
    assert "0.0.0.0:1884 may speak as any device" in warning.problem
    assert "broker.anonymous" not in {
        w.key for w in campus_with(tmp_path, broker="anonymous = true").warnings
    }


def test_check_says_who_may_come_in(tmp_path: Path) -> None:
    page = StringIO()
    for users in ((), ('name = "cold-1"',)):
        Console(file=page, width=250).print(understood(campus_with(tmp_path, *users)))
    assert "MQTT 3.1.1 for anybody who reaches it" in page.getvalue()
    assert "MQTT 3.1.1 for 1 user" in page.getvalue()


def test_with_users_the_broker_may_listen_to_a_network(tmp_path: Path) -> None:
    campus = campus_with(tmp_path, 'name = "cold-1"', broker='host = "0.0.0.0"')
    assert "broker" not in {warning.key.partition(".")[0] for warning in campus.warnings}
