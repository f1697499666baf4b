"""[[maintenance]], `via` and `fed_by`: what they come to, and what is wrong with them."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from hub.config.faults import ConfigurationError
from hub.config.load import load
from hub.config.model import Campus
from rules.windows import Fixed, Flexible, Recurring, Repeated, parse_hours
from tests.hub.config.writing import VALID

HEAD = """
[[maintenance]]
id = "work"
devices = ["cold-1"]
reason = "Work"
owner = "wang"
"""
HOUR_MS = 3_600_000
STARTS_MS = 1_796_083_200_000  # 1 December 2026, 08:00 in Shanghai


def loaded(folder: Path, more: str) -> Campus:
    path = folder / "campus.toml"
    path.write_text(f"{VALID}{more}", encoding="utf-8")
    return load(path, {}, folder=folder / "data")


@pytest.mark.parametrize(
    ("when", "plan"),
    [
        ('hours = "sat 14:00-16:00"', Repeated(parse_hours("sat 14:00-16:00"))),
        (
            'starts = "2026-12-01 08:00"\nends = 2026-12-01T10:00:00',
            Fixed(STARTS_MS, STARTS_MS + 2 * HOUR_MS),
        ),
        (
            'starts = "2026-12-01 08:00"\nends = "2026-12-01 10:00"\nlasts = "30m"',
            Flexible(STARTS_MS, STARTS_MS + 2 * HOUR_MS, HOUR_MS // 2),
        ),
        (
            'every = "FREQ=MONTHLY;BYDAY=1SA"\nfirst = 2026-09-01\nat = "14:00"\nlasts = "2h"',
            Recurring("FREQ=MONTHLY;BYDAY=1SA", date(2026, 9, 1), time(14), 2 * HOUR_MS),
        ),
    ],
    ids=["hours", "once", "flexible", "recurring"],
)
def test_a_window_is_one_of_four(tmp_path: Path, when: str, plan: object) -> None:
    (window,) = loaded(tmp_path, f"{HEAD}{when}\n").maintenance
    assert window.plan == plan
    assert (window.id, window.devices, window.areas, window.owner) == ("work", ("cold-1",), (), "wang")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (HEAD, ("maintenance.work.hours", "is missing", "starts")),
        (f'{HEAD}hours = "sat"\nstarts = "2026-12-01 08:00"\n', ("does not go with",)),
        (f'{HEAD}hours = "some day"\n', ("maintenance.work.hours", "are no hours")),
        (
            f'{HEAD}every = "FREQ=HOURLY"\nfirst = 2026-09-01\nat = "14:00"\nlasts = "2h"\n',
            ("is no recurrence",),
        ),
        (f'{HEAD}every = "FREQ=DAILY"\n', ("maintenance.work.first", "maintenance.work.lasts")),
        (f'{HEAD}starts = "2026-12-01 08:00"\nends = "2026-12-01 07:00"\n', ("is not after it starts",)),
        (f'{HEAD}starts = "tomorrow"\nends = "2026-12-01 07:00"\n', ("is no local date and time",)),
        (HEAD.replace('["cold-1"]', '["cold-9"]') + 'hours = "sat"\n', ("there is no [[device]]",)),
        (HEAD.replace('["cold-1"]', "[]") + 'hours = "sat"\n', ("would hide everything",)),
        (HEAD.replace('"wang"', '"wong"') + 'hours = "sat"\n', ("did you mean",)),
        (f'{HEAD}hours = "sat"\nrules = ["cald.*"]\n', ("no rule",)),
        (f'{HEAD}hours = "sat"\n{HEAD}hours = "sun"\n', ("has the same id",)),
    ],
)
def test_a_window_that_makes_no_sense_says_why(tmp_path: Path, more: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, more)
    for word in words:
        assert word in str(caught.value)


def _device(id_: str, kind: str, more: str = "") -> str:
    interval = 'interval = "1m"\n' if kind == "meter" else ""
    return (
        f'\n[[device]]\nid = "{id_}"\nname = "{id_}"\nkind = "{kind}"\narea = "canteen"\n'
        f'owner = "wang"\n{interval}{more}\n'
    )


def test_a_device_names_what_carries_and_what_feeds_it(tmp_path: Path) -> None:
    more = (
        _device("gateway-1", "gateway", 'fed_by = "meter-1"')
        + _device("meter-1", "meter")
        + _device("meter-2", "meter", 'via = "gateway-1"\nfed_by = "meter-1"')
    )
    found = loaded(tmp_path, more).devices["meter-2"]
    assert (found.via, found.fed_by) == ("gateway-1", "meter-1")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (_device("m", "meter", 'via = "gateway-9"'), ("device.m.via", "there is no [[device]]")),
        (_device("m", "meter", 'via = "cold-1"'), ("device.m.via", "is no gateway")),
        (_device("m", "meter", 'fed_by = "cold-1"'), ("device.m.fed_by", "is no meter")),
        (_device("m", "meter", 'fed_by = "m"'), ("leads back to this device",)),
        (
            _device("m", "meter", 'fed_by = "n"') + _device("n", "meter", 'fed_by = "m"'),
            ("leads back to this device",),
        ),
    ],
)
def test_a_topology_that_leads_nowhere_says_so(tmp_path: Path, more: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, more)
    for word in words:
        assert word in str(caught.value)
