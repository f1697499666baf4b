"""Every kind of condition says its limits in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import rules
from devices.facts import Kind
from hub.config.model import Language
from hub.words import conditions, texts
from rules.bind import DeviceTarget, bind
from rules.catalogue import parse
from rules.model import (
    Condition,
    Direction,
    Forecast,
    OddTaps,
    RoundFlaw,
    RoundIncomplete,
    Shape,
    Subject,
    TooFewPatrols,
)

SAID = texts.load((texts.OWN_PACKAGE,))
RULES = parse(Path(rules.__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))
DUE = Forecast(
    "temperature_c", Direction.ABOVE, 8.0, 5.0, Shape.LINE, 60_000, 60_000, 3, 0.1, 0, 0, -60.0, 120.0
)


def test_every_shipped_kind_of_condition_is_said() -> None:
    seen = set()
    for rule in RULES:
        if rule.select.subject is not Subject.DEVICE:
            continue
        kind = (rule.select.kinds or (Kind.FRIDGE,))[0]
        storing = (rule.select.storages or ("",))[0]
        part = DeviceTarget("part", kind, "", 60_000, fed_by="d")
        id_ = rule.select.ids[0].replace("*", "d") if rule.select.ids else "d"
        target = DeviceTarget(id_, kind, storing, 60_000, labels=rule.select.labels, tag="A", tags=("A", "B"))
        watch = bind(rule, target, others=(part,))
        assert watch is not None
        seen.add(type(watch.condition))
        for language in Language:
            said = conditions.said(watch.condition, SAID[language])
            assert said or isinstance(watch.condition, OddTaps)  # which has no number but the clock's
            conditions.value_said(12.0, watch.condition, SAID[language])
    assert seen == set(get_args(Condition)) - {RoundIncomplete, RoundFlaw, TooFewPatrols}


def test_a_forecast_says_when_and_afterwards_when_it_should_have_been() -> None:
    zh, en = SAID[Language.ZH], SAID[Language.EN]
    assert conditions.due_said(720_000, DUE, 0, en) == "reaches 8.0\N{NO-BREAK SPACE}°C in 12 min"
    assert conditions.due_said(720_000, DUE, 0, zh) == "预计 12 分钟后达到 8.0\N{NO-BREAK SPACE}°C"
    assert conditions.due_said(0, DUE, 180_000, en) == "should have reached 8.0\N{NO-BREAK SPACE}°C 3 min ago"
    assert conditions.due_said(None, DUE, 0, en) == ""
