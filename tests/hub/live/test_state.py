from __future__ import annotations

from typing import Final

from devices.facts import Kind, Value
from hub.book.model import Alert
from hub.config.rulebook import shipped
from hub.live.board import DeviceNow, Quantity
from hub.live.state import DeviceState, Standing, limits, patience_ms, standing
from rules.bind import DeviceTarget, bind
from rules.model import Rule, Severity, Watch

NOW_MS: Final = 1_780_000_000_000
MINUTE_MS: Final = 60_000
RULES: Final = {rule.id: rule for rule in shipped()}


def watches(high: float | None = None) -> tuple[Watch, ...]:
    target = DeviceTarget("cold-1", Kind.FRIDGE, "chilled", MINUTE_MS, high=high)
    bound = (bind(rule, target) for rule in RULES.values() if _matters(rule))
    return tuple(watch for watch in bound if watch is not None)


def _matters(rule: Rule) -> bool:
    return rule.severity is not Severity.INFO


def now(age_ms: int = 0, online: bool | None = True, **values: Value) -> DeviceNow:
    at_ms = NOW_MS - age_ms
    quantities = tuple(Quantity(name, value, at_ms) for name, value in values.items())
    return DeviceNow("cold-1", quantities, at_ms, at_ms, online)


def alert(rule: str, *, active: bool = True) -> Alert:
    return Alert(
        id=1,
        rule=rule,
        subject="cold-1",
        severity=RULES[rule].severity,
        active=active,
        acknowledged=False,
        closed=False,
        raised_at_ms=NOW_MS,
        since_ms=NOW_MS,
        cleared_at_ms=None,
        closed_at_ms=None,
        value=None,
        acknowledged_by="",
        acknowledged_reason="",
        acknowledged_at_ms=None,
        closed_by="",
        closed_action="",
    )


def judge(device: DeviceNow, *alerts: Alert, high: float | None = None) -> Standing:
    return standing(device, watches(high), alerts, MINUTE_MS, NOW_MS)


def test_a_device_that_never_spoke_is_never_heard() -> None:
    assert judge(DeviceNow("cold-1")).state is DeviceState.NEVER


def test_a_value_within_its_limits_is_ok_and_the_limit_itself_too() -> None:
    assert judge(now(temperature_c=4.0)).state is DeviceState.OK
    assert judge(now(temperature_c=8.0)).state is DeviceState.OK


def test_a_value_beyond_its_limit_says_which_before_any_alert() -> None:
    found = judge(now(temperature_c=8.1))

    assert (found.state, found.severity) == (DeviceState.BEYOND, None)
    assert found.breach is not None
    assert found.breach.limit == 8.0


def test_the_device_s_own_limit_counts() -> None:
    assert judge(now(temperature_c=6.0), high=5.0).state is DeviceState.BEYOND
    assert limits(watches(high=5.0), "temperature_c") == (0.0, 5.0)


def test_silence_begins_after_five_minutes_or_three_intervals() -> None:
    assert patience_ms(MINUTE_MS) == 5 * MINUTE_MS
    assert patience_ms(15 * MINUTE_MS) == 45 * MINUTE_MS
    assert judge(now(5 * MINUTE_MS, temperature_c=4.0)).state is DeviceState.OK
    assert judge(now(5 * MINUTE_MS + 1, temperature_c=4.0)) == Standing(DeviceState.SILENT, stale=True)


def test_a_reader_that_waits_for_somebody_is_not_silent() -> None:
    assert patience_ms(0) is None
    assert standing(now(90 * MINUTE_MS), (), (), 0, NOW_MS).state is DeviceState.OK


def test_a_last_will_makes_it_offline_whatever_the_last_value_was() -> None:
    assert judge(now(online=False, temperature_c=4.0)).state is DeviceState.OFFLINE


def test_a_value_that_no_sensor_can_mean_is_a_fault_and_no_temperature() -> None:
    assert judge(now(temperature_c=85.0)).state is DeviceState.FAULT
    assert judge(now(temperature_c=-127.0)).state is DeviceState.FAULT
    assert judge(now(temperature_c=400.0)).state is DeviceState.FAULT


def test_an_open_alert_decides_first_even_when_the_value_is_right_again() -> None:
    found = judge(now(temperature_c=4.0), alert("cold.chilled.warm"))

    assert (found.state, found.severity) == (DeviceState.BEYOND, Severity.CRITICAL)


def test_the_gravest_alert_decides() -> None:
    found = judge(now(temperature_c=11.0), alert("cold.sensor-fault"), alert("cold.chilled.warm"))

    assert found.state is DeviceState.BEYOND


def test_an_alert_whose_cause_is_over_decides_nothing() -> None:
    assert judge(now(temperature_c=4.0), alert("cold.chilled.warm", active=False)).state is DeviceState.OK


def test_a_remark_hides_nothing() -> None:
    assert judge(now(temperature_c=4.0), alert("device.battery-low")).state is DeviceState.OK


def test_an_alert_on_a_device_that_fell_silent_is_shown_with_an_old_value() -> None:
    found = judge(now(20 * MINUTE_MS, temperature_c=11.0), alert("cold.chilled.warm"))

    assert (found.state, found.stale) == (DeviceState.BEYOND, True)


def test_a_silence_alert_says_offline_where_the_device_said_so() -> None:
    late = 20 * MINUTE_MS
    assert judge(now(late), alert("device.silent.cold")).state is DeviceState.SILENT
    assert judge(now(late, online=False), alert("device.silent.cold")).state is DeviceState.OFFLINE


def test_what_only_an_alert_can_say_is_noticed_unless_a_value_says_more() -> None:
    open_door = alert("cold.door-open")
    assert judge(now(temperature_c=4.0), open_door).state is DeviceState.NOTICED
    assert judge(now(temperature_c=8.5), open_door).state is DeviceState.BEYOND
    assert judge(now(temperature_c=85.0), open_door).state is DeviceState.FAULT
    warm = judge(now(temperature_c=8.5), alert("cold.chilled.forecast"), alert("cold.chilled.warm"))
    assert (warm.state, warm.severity) == (DeviceState.BEYOND, Severity.CRITICAL)


def test_a_number_that_never_moves_is_a_fault() -> None:
    assert judge(now(temperature_c=4.0), alert("cold.stuck")).state is DeviceState.FAULT


def test_a_defrost_excuses_a_warm_value() -> None:
    assert judge(now(temperature_c=9.0, defrost=True)).state is DeviceState.OK
    assert judge(now(temperature_c=9.0, defrost=False)).state is DeviceState.BEYOND
