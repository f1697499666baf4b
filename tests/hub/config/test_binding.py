"""What is watched on a configured campus."""

from __future__ import annotations

from pathlib import Path

from devices.facts import Kind
from hub.config.binding import target_of, watches_of_devices
from rules.bind import DeviceTarget
from rules.model import Silent, Threshold
from tests.hub.config.writing import VALID, changed, loaded

_READER = '\n[[device]]\nid = "reader"\nname = "R"\nkind = "checkpoint"\narea = "canteen"\nowner = "zhang"\n'


def test_a_device_is_handed_to_the_rules_with_its_limits(tmp_path: Path) -> None:
    campus = loaded(tmp_path, changed('interval = "1m"', 'interval = "1m"\nlow = 1\nhigh = 5'))
    assert tuple(target_of(device) for device in campus.devices.values()) == (
        DeviceTarget("cold-1", Kind.FRIDGE, "chilled", 60_000, 1, 5, "canteen"),
    )


def test_a_device_s_own_limit_takes_the_place_of_the_rule_s(tmp_path: Path) -> None:
    campus = loaded(tmp_path, changed('interval = "1m"', 'interval = "1m"\nhigh = 5'))
    warm = [watch for watch in watches_of_devices(campus) if watch.rule == "cold.chilled.warm"]
    assert [watch.subject for watch in warm] == ["cold-1"]
    assert isinstance(warm[0].condition, Threshold)
    assert warm[0].condition.limit == 5


def test_a_device_that_has_no_interval_is_never_silent(tmp_path: Path) -> None:
    campus = loaded(tmp_path, VALID + _READER)
    silent = [watch.subject for watch in watches_of_devices(campus) if isinstance(watch.condition, Silent)]
    assert silent == ["cold-1"]


def test_a_rule_that_is_off_watches_nothing(tmp_path: Path) -> None:
    campus = loaded(tmp_path, f'{VALID}\n[rules."cold.chilled.warm"]\nenabled = false\n')
    assert "cold.chilled.warm" not in {watch.rule for watch in watches_of_devices(campus)}
