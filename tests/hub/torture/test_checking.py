"""The examiner is examined: a loss, a doubling and a broker's own loss are found and told apart."""

from __future__ import annotations

from pathlib import Path

from devices.facts import Clock, Reading
from hub.log.model import Entry
from hub.log.writer import LogWriter
from hub.torture import checking
from hub.torture.plan import BrokerKind, Fault, FaultKind
from hub.torture.publisher import Publisher
from hub.torture.report import HistoryCheck, Losses, Report, Struck, VerdictCheck
from hub.torture.tally import Tally
from hub.torture.traffic import Traffic
from hub.torture.verdicts import Said, differing
from hub.torture.witness import Witness

TRAFFIC = Traffic(messages=10, devices=5, seed=1, first_ms=1_790_000_000_000)
NOW_MS = 1_790_000_100_000


def fact(index: int, copy: int = 0) -> Reading:
    device = TRAFFIC.device(index)
    if device.startswith("meter"):
        values = (("energy_kwh", float(index)),)
        return Reading(f"r:{device}:{index}:#{copy}", device, NOW_MS, NOW_MS, Clock.NONE, values)
    key = f"r:{device}:1:{index // TRAFFIC.devices}"
    return Reading(
        key, device, TRAFFIC.measured_at_ms(index), NOW_MS, Clock.DEVICE, (("temperature_c", 4.0),)
    )


def tally_of(folder: Path, *facts: Reading) -> Tally:
    log = LogWriter(folder / "log.sqlite")
    log.append([Entry((one,)) for one in facts], NOW_MS)
    log.close()
    tally = Tally(folder / "log.sqlite", TRAFFIC)
    tally.catch_up()
    return tally


def acknowledged(*times: tuple[int, float]) -> Publisher:
    publisher = Publisher(TRAFFIC, port=1, rate_hz=1)
    for index, at in times:
        publisher.sent_at[index] = publisher.acknowledged_at[index] = at
    return publisher


def struck(kind: FaultKind, began_at: float) -> Struck:
    return Struck(Fault(kind, 0, 0.0, 0.0, 1), began_at, began_at + 1)


def losses_of(folder: Path, publisher: Publisher, *one: Struck, facts: tuple[Reading, ...]) -> Losses:
    return checking.losses(publisher, tally_of(folder, *facts), Witness(TRAFFIC), one, BrokerKind.MOSQUITTO)


def test_what_was_acknowledged_and_is_not_in_the_log_is_lost(tmp_path: Path) -> None:
    found = losses_of(tmp_path, acknowledged((0, 50.0), (1, 50.0)), facts=(fact(0),))
    assert found.lost == [1]


def test_what_was_never_acknowledged_is_nobodys_loss(tmp_path: Path) -> None:
    assert losses_of(tmp_path, acknowledged((0, 50.0)), facts=(fact(0),)).lost == []


def test_what_a_killed_mosquitto_had_not_saved_is_the_brokers_loss(tmp_path: Path) -> None:
    publisher = acknowledged((0, 99.5), (1, 50.0))
    found = losses_of(tmp_path, publisher, struck(FaultKind.BROKER_KILLED, 100.0), facts=())
    assert (found.lost, found.lost_by_broker) == ([1], [0])


def test_a_broker_without_its_store_excuses_losses_until_the_hub_has_subscribed_again(tmp_path: Path) -> None:
    publisher = acknowledged((0, 50.0), (1, 102.0), (2, 104.0))
    witness = Witness(TRAFFIC)
    witness.subscribed_at.extend((10.0, 103.0))
    lost_store = struck(FaultKind.SESSION_LOST, 100.0)
    tally = tally_of(tmp_path)
    found = checking.losses(publisher, tally, witness, [lost_store], BrokerKind.MOSQUITTO)
    assert (found.lost, found.lost_by_broker) == ([2], [0, 1])
    publisher.sent_at[2] = 102.9  # and the broker may have had it before the hub's subscription
    found = checking.losses(publisher, tally, witness, [lost_store], BrokerKind.MOSQUITTO)
    assert (found.lost, found.lost_by_broker) == ([], [0, 1, 2])


def test_a_killed_embedded_broker_excuses_nothing(tmp_path: Path) -> None:
    publisher = acknowledged((0, 99.5))
    kill = struck(FaultKind.BROKER_KILLED, 100.0)
    tally = tally_of(tmp_path)
    assert checking.losses(publisher, tally, Witness(TRAFFIC), [kill], BrokerKind.EMBEDDED).lost == [0]


def test_what_the_hub_had_acknowledged_itself_is_the_hubs_loss_whoever_was_killed(tmp_path: Path) -> None:
    publisher = acknowledged((0, 99.5))
    kill = struck(FaultKind.BROKER_KILLED, 100.0)
    witness = Witness(TRAFFIC)
    witness.acknowledged[0] = 1
    tally = tally_of(tmp_path)
    assert checking.losses(publisher, tally, witness, [kill], BrokerKind.MOSQUITTO).lost == [0]


def test_a_message_that_stands_twice_in_the_log_is_found(tmp_path: Path) -> None:
    found = losses_of(tmp_path, acknowledged((4, 50.0)), facts=(fact(4), fact(4, copy=1)))
    assert (found.doubled, found.repeated) == ([4], [])


def test_what_its_sender_repeated_without_an_identity_is_told_apart(tmp_path: Path) -> None:
    publisher = acknowledged((4, 50.0))
    publisher.sent_again[4] = 1
    found = losses_of(tmp_path, publisher, facts=(fact(4), fact(4, copy=1)))
    assert (found.doubled, found.repeated) == ([], [4])


def test_verdicts_that_one_side_lacks_or_tells_otherwise_differ() -> None:
    one: Said = {("warm", "a"): [("raised", 1, 9.0)], ("warm", "b"): [("raised", 1, 9.0)]}
    other: Said = {
        ("warm", "a"): [("raised", 1, 9.0)],
        ("warm", "b"): [("raised", 2, 9.0)],
        ("cold", "c"): [],
    }
    assert differing(one, one) == []
    assert differing(one, {**one, ("cold", "c"): [("raised", 1, -2.0)]}) == ["cold c"]
    assert differing(one, other)[-1] == "warm b"


def test_a_report_breaks_the_promise_for_each_kind_of_fault_and_not_for_the_brokers_own_losses() -> None:
    def report(losses: Losses, missing: list[str], differ: list[str]) -> Report:
        return Report(1, BrokerKind.MOSQUITTO, "duckdb", 10, 10, 0, 10, 1.0, (), losses,
                      HistoryCheck(10, missing, []), VerdictCheck(0, [], differ))  # fmt: skip

    nothing = Losses([], [], [], [], [])
    assert report(nothing, [], []).holds
    assert report(Losses([], [3], [], [4], []), [], []).holds
    assert not report(Losses([3], [], [], [], []), [], []).holds
    assert not report(Losses([], [], [3], [], []), [], []).holds
    assert not report(nothing, ["cold-1 at 5"], []).holds
    assert not report(nothing, [], ["warm cold-1"]).holds
    assert report(nothing, [], []).as_json()["holds"] is True


def test_a_hub_that_said_nothing_of_a_fault_breaks_the_promise() -> None:
    said_nothing = Struck(Fault(FaultKind.DISK_FULL, 0, 0.0, 0.0, 1), 1.0, 2.0, ("the hub did not say so",))
    report = Report(
        1,
        BrokerKind.MOSQUITTO,
        "duckdb",
        10,
        10,
        0,
        10,
        1.0,
        (said_nothing,),
        Losses([], [], [], [], []),
        HistoryCheck(10, [], []),
        VerdictCheck(0, [], []),
    )
    assert not report.holds
    assert "did not say so" in report.faults_found()[0]
