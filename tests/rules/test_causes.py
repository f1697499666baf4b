"""Which alert is whose cause."""

from __future__ import annotations

from importlib import resources

from hypothesis import given
from hypothesis import strategies as st

from rules.catalogue import parse
from rules.causes import SETTLING_MS, SHIPPED, Causation, OpenAlert, Topology, Way, parents

HOUR = 3_600_000
CAMPUS = Topology(
    via={f"cold-{n}": "gateway-1" for n in range(20)} | {"gateway-1": "gateway-0"},
    fed_by={"cold-1": "meter-2", "meter-2": "meter-1", "gateway-1": "meter-1"},
)
GATEWAY = OpenAlert(1, "device.silent.gateway", "gateway-1", HOUR)
CUT = OpenAlert(2, "power.cut", "meter-1", HOUR)


def test_a_gateway_takes_its_twenty_sensors_along() -> None:
    silent = [OpenAlert(10 + n, "device.silent.cold", f"cold-{n}", HOUR) for n in range(20)]
    assert parents([GATEWAY, *silent], CAMPUS) == {alert.id: 1 for alert in silent}


def test_a_power_cut_takes_the_fridge_along_that_it_feeds_and_no_other() -> None:
    warm = [OpenAlert(10 + n, "cold.chilled.warm", f"cold-{n}", 2 * HOUR) for n in (1, 2)]
    assert parents([*warm, CUT], CAMPUS) == {11: 2}


def test_the_first_cause_of_a_chain_is_the_parent() -> None:
    silent = OpenAlert(11, "device.silent.cold", "cold-3", HOUR + 1)
    assert parents([GATEWAY, CUT, silent], CAMPUS) == {1: 2, 11: 2}


def test_a_consequence_may_be_noticed_first_but_not_long_before() -> None:
    warm = OpenAlert(10, "cold.chilled.warm", "cold-1", HOUR - SETTLING_MS)
    before = OpenAlert(11, "cold.chilled.freezing", "cold-1", HOUR - SETTLING_MS - 1)
    assert parents([warm, before, CUT], CAMPUS) == {10: 2}


def test_what_begins_after_its_end_has_another_cause() -> None:
    over = OpenAlert(2, "power.cut", "meter-1", HOUR, 2 * HOUR, closed=True)
    inside = OpenAlert(10, "cold.chilled.warm", "cold-1", 2 * HOUR + SETTLING_MS)
    later = OpenAlert(11, "cold.frozen.warm", "cold-1", 2 * HOUR + SETTLING_MS + 1)
    assert parents([inside, later, over], CAMPUS) == {10: 2}


def test_a_cause_that_nobody_is_told_of_hides_nothing() -> None:
    shelved = OpenAlert(2, "power.cut", "meter-1", HOUR, explains=False)
    warm = OpenAlert(10, "cold.chilled.warm", "cold-1", 2 * HOUR)
    assert parents([warm, shelved], CAMPUS) == {}


def test_another_rule_s_alert_upstream_is_no_cause() -> None:
    high = OpenAlert(2, "power.voltage-high.l1", "meter-1", HOUR)
    warm = OpenAlert(10, "cold.chilled.warm", "cold-1", 2 * HOUR)
    assert parents([warm, high], CAMPUS) == {}


def test_a_rule_of_the_catalogue_names_its_causes() -> None:
    text = resources.files("rules").joinpath("catalogue.toml").read_text("utf-8")
    line = 'id = "device.battery-low"'
    named = text.replace(line, f'{line}\ncauses = {{ via = ["device.silent.*"], fed_by = ["power.*"] }}')
    (rule,) = [rule for rule in parse(named) if rule.id == "device.battery-low"]
    assert rule.causes == (
        Causation("device.battery-low*", Way.VIA, ("device.silent.*",)),
        Causation("device.battery-low*", Way.FED_BY, ("power.*",)),
    )
    low = OpenAlert(10, "device.battery-low", "cold-1", HOUR)
    assert parents([low, GATEWAY], CAMPUS) == {}
    assert parents([low, GATEWAY], CAMPUS, rule.causes) == {10: 1}


RULES = (
    "device.silent.cold",
    "device.silent.gateway",
    "cold.chilled.warm",
    "power.cut",
    "power.voltage-low.l1",
)
DEVICES = ("a", "b", "c", "d", "e")


@st.composite
def campuses(draw: st.DrawFn) -> tuple[list[OpenAlert], Topology]:
    links = st.dictionaries(st.sampled_from(DEVICES), st.sampled_from(DEVICES))  # loops as well
    alerts = [
        OpenAlert(
            number + 1,
            draw(st.sampled_from(RULES)),
            draw(st.sampled_from(DEVICES)),
            draw(st.integers(0, 3)) * SETTLING_MS,
            explains=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    return alerts, Topology(draw(links), draw(links))


@given(campuses())
def test_chains_end_lose_nobody_and_begin_with_somebody_who_explains(
    drawn: tuple[list[OpenAlert], Topology],
) -> None:
    alerts, topology = drawn
    found = parents(alerts, topology, SHIPPED)
    known = {alert.id: alert for alert in alerts}
    for consequence, cause in found.items():
        assert cause != consequence
        assert known[cause].explains
        assert cause not in found or found[cause] in found  # a first cause has none, but in a loop
