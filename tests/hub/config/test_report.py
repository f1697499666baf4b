"""What `campushub check` prints."""

from __future__ import annotations

from importlib import resources
from io import StringIO
from pathlib import Path

from rich.console import Console

from hub.config.load import load
from hub.config.model import Campus
from hub.config.report import understood
from tests.hub.config.writing import VALID, changed, loaded


def _printed(campus: Campus) -> str:
    page = StringIO()
    Console(file=page, width=250).print(understood(campus))
    return page.getvalue()


def test_the_example_is_understood_as_it_was_meant() -> None:
    page = _printed(load(Path(str(resources.files("hub.demo"))) / "campus.toml", {}))

    for piece in (
        "实验小学 (shiyan), Asia/Shanghai",
        "embedded, 127.0.0.1:18830, MQTT 3.1.1",
        "9 areas, 8 checkpoints, 12 devices, 8 rounds, 7 people",
        "0 to 8 °C",
        "at most -12 °C",
        "zigbee2mqtt zigbee2mqtt/cold-4, every 1 min",
        "21:00 to 23:30, grace 15 min",
        "张伟 (badge), 李强 (badge)",
    ):
        assert piece in page


def test_a_device_s_own_limit_is_the_one_shown(tmp_path: Path) -> None:
    campus = loaded(tmp_path, changed('interval = "1m"', 'interval = "90s"\nhigh = 5.5'))
    page = _printed(campus)
    assert "0 to 5.5 °C" in page
    assert "every 90 s" in page
    assert "temperature_c above 5.5" in page


def test_rules_that_are_off_and_warnings_are_named(tmp_path: Path) -> None:
    rules = '[rules."cold.chilled.warm"]\nenabled = false\n[rules."cold.frozen.warm"]\nlimit = -11\n'
    page = _printed(loaded(tmp_path, f"{VALID}\n{rules}"))
    assert "Rules switched off: cold.chilled.warm" in page
    assert "warning: " in page
    assert "selects nothing" in page


def test_names_are_printed_as_they_are(tmp_path: Path) -> None:
    assert "[bold]Fridge" in _printed(loaded(tmp_path, changed('"Fridge"', '"[bold]Fridge"')))


def test_an_external_broker_and_database_are_shown_without_their_secrets(tmp_path: Path) -> None:
    broker = '\n[broker]\nembedded = false\nhost = "mqtt.school"\ntls = true\nusername = "hub"\n'
    history = '[storage.history]\nkind = "influxdb1"\nurl = "http://db:8086"\n'
    page = _printed(loaded(tmp_path, f"{VALID}{broker}password_env = 'A'\n{history}", {"A": "hunter2"}))
    assert "external, mqtt.school:1883, MQTT 3.1.1 as hub with TLS" in page
    assert "influxdb1 at http://db:8086, campushub" in page
    assert "hunter2" not in page
