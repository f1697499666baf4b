"""What each action of a scenario does to the campus, and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firmware_sim.campus import Campus
from firmware_sim.cold import ColdUnit
from firmware_sim.firmware import NativeFirmware
from firmware_sim.plan import SimDevice, SimPlan, SimulationError
from firmware_sim.power import Meter
from firmware_sim.scenario import Action, Scenario, TimedAction, select

_POWER_ON_RAW_C: Final = 85.0
_DOOR_OPEN_S: Final = 600.0
_COPIED_AFTER_S: Final = 60.0
_LATE_S: Final = 1_200.0
_HURRIED_S: Final = 5.0


def check(scenario: Scenario, plan: SimPlan) -> None:
    """Raises SimulationError with everything that the scenario names and the plan lacks."""
    faults: list[str] = []
    rounds = {planned.id for planned in plan.rounds}
    for action in scenario.actions:
        if action.round and action.round not in rounds:
            faults.append(f"the scenario names the round {action.round!r}, which is not planned")
        try:
            _targets(action, plan)
        except SimulationError as error:
            faults.extend(error.faults)
    if faults:
        raise SimulationError(tuple(faults))


def arrange(scenario: Scenario, campus: Campus) -> None:
    """Puts every action of the scenario on the campus's agenda."""
    for action in scenario.actions:
        campus.schedule(action.at_s, _doer(action, campus))


def _doer(action: TimedAction, campus: Campus) -> Callable[[float], None]:
    def act(at_s: float) -> None:
        _act(action, campus, at_s)
        if action.repeat_s is not None:
            campus.schedule(at_s + action.repeat_s, act)

    return act


def _targets(action: TimedAction, plan: SimPlan) -> tuple[SimDevice, ...]:
    return select(action.device, plan) if action.device else plan.devices


def _act(action: TimedAction, campus: Campus, at_s: float) -> None:
    match action.action:
        case Action.POWER_CUT | Action.POWER_BACK:
            _switch_mains(action, campus, at_s)
        case Action.GO_OFFLINE | Action.COME_BACK:
            _switch_network(action, campus, at_s)
        case Action.SET_CLOCK:
            _set_clocks(action, campus, at_s)
        case Action.FAIL | Action.HEAL | Action.SENSOR_FAULT | Action.OPEN_DOOR:
            for planned in _targets(action, campus.plan):
                _touch(action, planned, campus, at_s)
        case _:
            _guide(action, campus, at_s)


def _guide(action: TimedAction, campus: Campus, at_s: float) -> None:
    """What the guard does differently the next time."""
    walking, value = campus.walking, action.value
    habits = walking.habits
    match action.action:
        case Action.SKIP_ROUND:
            walking.skip_round(at_s, action.round)
            return
        case Action.SKIP_CHECKPOINT:
            habits.skip_checkpoint = True
            words = "下一次巡更会漏掉一个点", "On the next round one checkpoint is passed without a tap"
        case Action.CLONE_TAG:
            habits.copied_after_s = _COPIED_AFTER_S if value is None else value
            words = "有人会复制标签的下一次签名", "Somebody will copy what a tag signs next"
        case Action.START_LATE:
            habits.late_s = _LATE_S if value is None else value
            words = "下一次巡更会晚开始", "The next round will begin late"
        case Action.PACE:
            habits.gap_s = _HURRIED_S if value is None else value
            words = "下一次巡更的快慢会不同", "The next round will be walked at another pace"
        case Action.GO_BACKWARDS:
            habits.backwards = True
            words = "下一次巡更会倒着走", "The next round will be walked backwards"
        case Action.LEND_BADGE:
            walking.lend_badge()
            words = "下一次巡更会用别人的卡", "The next round will be walked with another's badge"
        case Action.STRANGE_TAG:
            habits.strange_tag = True
            words = "下一次打卡前会读到陌生标签", "Before the next tap a strange tag will be read"
        case _:
            raise AssertionError(action)
    campus.tell(at_s, *words)


def _set_clocks(action: TimedAction, campus: Campus, at_s: float) -> None:
    for planned in _targets(action, campus.plan):
        firmware = campus.board_of(planned).firmware
        if not isinstance(firmware, NativeFirmware):
            continue
        firmware.set_clock(action.value)
        if action.value is None:
            campus.tell(at_s, f"{planned.id} 忘了时间", f"{planned.id} forgot the time")
        else:
            zh, en = (
                f"{planned.id} 的时钟快 {action.value:g} 秒",
                f"The clock of {planned.id} is {action.value:g} s ahead",
            )
            campus.tell(at_s, zh, en)


def _switch_mains(action: TimedAction, campus: Campus, at_s: float) -> None:
    on = action.action is Action.POWER_BACK
    for planned in _targets(action, campus.plan):
        board = campus.board_of(planned)
        campus.catch_up(board, at_s)
        unit = campus.unit_of(planned)
        if unit is not None:
            unit.mains = on
        if board.on_mains and on:
            board.device.power_on()
        elif board.on_mains:
            board.device.power_off()
    campus.tell(at_s, *(("来电了", "The power is back") if on else ("停电了", "The power is cut")))


def _switch_network(action: TimedAction, campus: Campus, at_s: float) -> None:
    back = action.action is Action.COME_BACK
    for planned in _targets(action, campus.plan):
        device = campus.board_of(planned).device
        if back:
            device.restore()
            campus.tell(at_s, f"{planned.id} 的网络恢复了", f"{planned.id} has its network back")
        else:
            device.cut()
            campus.tell(at_s, f"{planned.id} 掉线了", f"{planned.id} lost its network")


def _touch(action: TimedAction, planned: SimDevice, campus: Campus, at_s: float) -> None:
    campus.catch_up(campus.board_of(planned), at_s)
    match campus.unit_of(planned):
        case ColdUnit() as unit:
            _touch_cold(action, planned, unit, campus, at_s)
        case Meter() as meter if action.action is Action.FAIL:
            meter.fail()
            campus.tell(at_s, f"{planned.id} 后的线路漏电", f"Current leaks to earth behind {planned.id}")
        case Meter() as meter if action.action is Action.HEAL:
            meter.heal()
            campus.tell(at_s, f"{planned.id} 的漏电已排除", f"The leak behind {planned.id} is gone")
        case _:
            return


def _touch_cold(action: TimedAction, planned: SimDevice, unit: ColdUnit, campus: Campus, at_s: float) -> None:
    name = planned.id
    if action.action is Action.FAIL:
        unit.fail(action.pace)
        campus.tell(
            at_s, f"{name} 压缩机停机，温度开始上升", f"{name}: the compressor stops, it begins to warm"
        )
    elif action.action is Action.HEAL:
        unit.heal(action.pace)
        campus.tell(at_s, f"{name} 修好了，开始降温", f"{name}: repaired, it begins to cool")
    elif action.action is Action.SENSOR_FAULT:
        raw_c = _POWER_ON_RAW_C if action.value is None else action.value
        unit.break_sensor(raw_c)
        campus.tell(at_s, f"{name} 探头故障，只报 {raw_c:g}", f"{name}: its sensor says {raw_c:g} only")
    else:
        unit.open_door(_DOOR_OPEN_S if action.value is None else action.value)
        campus.tell(at_s, f"{name} 的门没关", f"{name}: its door stands open")
