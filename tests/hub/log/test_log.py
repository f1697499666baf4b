"""The log keeps every fact once, whole batches or nothing, and says what became of each."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from devices.facts import Clock, ClockSet, Presence, Reading, Tap, Trust
from hub.log.asides import LETTERS_KEPT, STRANGERS_KEPT
from hub.log.model import Delivery, Entry, Fate, Letter, Meeting
from hub.log.reader import LogReader
from hub.log.writer import LogWriter
from tests.hub.log.samples import DAY, NOON, entry, reading


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


def test_facts_come_back_in_order_of_arrival_and_after_a_cursor(path: Path) -> None:
    writer = LogWriter(path)
    facts = [reading(n, at=NOON - n) for n in range(5)]
    result = writer.append([entry(*facts[:2]), entry(*facts[2:])], NOON)
    assert result.fates == (Fate.APPENDED,) * 5
    assert result.newest_seq == 5
    found = LogReader(path).after(2, 100)
    assert [logged.seq for logged in found] == [3, 4, 5]
    assert [logged.fact for logged in found] == facts[2:]


def test_the_same_key_is_one_fact_however_often_it_is_delivered(path: Path) -> None:
    writer = LogWriter(path)
    writer.append([entry(reading(1))], NOON)
    again = msgspec.structs.replace(reading(1), received_at_ms=NOON + 99_000)
    assert writer.append([entry(again), entry(again)], NOON).fates == (Fate.DUPLICATE,) * 2
    assert len(LogReader(path).after(0, 10)) == 1


def test_a_redelivery_on_a_later_day_is_still_the_same_fact(path: Path) -> None:
    writer = LogWriter(path)
    writer.append([entry(reading(1))], NOON)
    writer.append([entry(reading(2, at=NOON + DAY))], NOON + DAY)
    assert writer.append([entry(reading(1))], NOON + 3 * DAY).fates == (Fate.DUPLICATE,)


def test_a_key_without_a_clock_is_found_on_any_day(path: Path) -> None:
    writer = LogWriter(path)
    writer.append([entry(reading(1, clock=Clock.NONE))], NOON)
    late = reading(1, at=NOON + 5 * DAY, clock=Clock.NONE)
    assert writer.append([entry(late)], NOON + 5 * DAY).fates == (Fate.DUPLICATE,)


def test_the_same_key_with_another_value_is_kept_as_a_dead_letter(path: Path) -> None:
    writer = LogWriter(path)
    writer.append([entry(reading(1, 4.0))], NOON)
    assert writer.append([entry(reading(1, 5.0))], NOON).fates == (Fate.CONFLICT,)
    reader = LogReader(path)
    assert [letter.reason for letter in reader.letters(10)] == ["conflict"]
    assert reader.letter_counts() == {"conflict": 1}
    assert len(reader.after(0, 10)) == 1


def test_a_redelivered_message_without_identity_is_known_by_packet_id_and_content(path: Path) -> None:
    writer = LogWriter(path)
    first = Reading("c:1", "cold-4", NOON, NOON, Clock.NONE, (("temperature_c", 4.0),))
    second = Reading("c:2", "cold-4", NOON + 9, NOON + 9, Clock.NONE, (("temperature_c", 4.0),))
    writer.append([Entry((first,), delivery=Delivery(7, again=False, digest=b"same"))], NOON)
    assert writer.append(
        [
            Entry((second,), delivery=Delivery(7, again=True, digest=b"same")),
            Entry((second,), delivery=Delivery(8, again=True, digest=b"same")),
        ],
        NOON,
    ).fates == (Fate.DUPLICATE, Fate.APPENDED)


def test_latest_is_by_measured_time_and_keeps_the_type(path: Path) -> None:
    writer = LogWriter(path)
    writer.append([entry(reading(2, 9.0, NOON + 60_000), reading(1, 4.0, NOON))], NOON)
    door = Reading("r:cold-1:b:3", "cold-1", NOON, NOON, Clock.DEVICE, (("door_open", True),))
    writer.append([entry(door)], NOON)
    latest = {row.field: row.value for row in LogReader(path).latest()}
    assert latest == {"temperature_c": 9.0, "door_open": True}
    assert latest["door_open"] is True


def test_heard_knows_the_last_will(path: Path) -> None:
    writer = LogWriter(path)
    gone = Presence("p:1", "cold-1", NOON + 1, NOON + 1, Clock.NONE, online=False)
    writer.append([entry(reading(1), gone)], NOON)
    assert LogReader(path).heard() == {"cold-1": (reading(1).received_at_ms, False)}


def test_that_the_hub_s_clock_was_set_is_a_fact_among_the_others(path: Path) -> None:
    log = LogWriter(path)
    clock_set = ClockSet("clock:1", NOON - 3_600_000, NOON)
    log.append([entry(reading(1)), entry(clock_set), entry(clock_set)], NOON)
    reader = LogReader(path)
    assert [logged.fact for logged in reader.after(0, 10)] == [reading(1), clock_set]
    assert set(reader.heard()) == {reading(1).device}


def test_recent_taps_are_newest_first(path: Path) -> None:
    writer = LogWriter(path)
    taps = [
        Tap(f"tap:{n}", "reader-1", NOON + n, NOON + n, Clock.DEVICE, "04AABBCC", "", Trust.READER)
        for n in range(3)
    ]
    writer.append([entry(taps[0], reading(1), taps[1], taps[2])], NOON)
    assert LogReader(path).recent_taps(2) == (taps[2], taps[1])


def test_numbers_go_on_after_a_restart_even_when_the_newest_day_is_empty(path: Path) -> None:
    writer = LogWriter(path)
    writer.append([entry(reading(1))], NOON)
    writer.append([entry(reading(1))], NOON + DAY)
    writer.close()
    assert LogWriter(path).append([entry(reading(2))], NOON + DAY).newest_seq == 2


def test_a_clock_that_steps_back_appends_to_the_newest_day(path: Path) -> None:
    writer = LogWriter(path)
    writer.append([entry(reading(1))], NOON + DAY)
    writer.append([entry(reading(2))], NOON)
    assert [logged.seq for logged in LogReader(path).after(0, 10)] == [1, 2]


def test_dead_letters_and_strangers_are_bounded(path: Path) -> None:
    writer = LogWriter(path)
    letters = [Letter(NOON, "t", b"x" * 10_000, "not_json", "no") for _ in range(LETTERS_KEPT + 5)]
    writer.append([Entry(letters=tuple(letters))], NOON)
    meetings = [Meeting(NOON, f"campus/s/fridge/{n}/reading", "native", str(n)) for n in range(10_000)]
    writer.append([Entry(meetings=tuple(meetings))], NOON)
    reader = LogReader(path)
    assert len(reader.letters(10**6)) == LETTERS_KEPT
    assert reader.letter_counts() == {"not_json": LETTERS_KEPT + 5}
    assert reader.letters(1)[0].size == 10_000
    assert len(reader.strangers()) == STRANGERS_KEPT


_ENDLESS_WRITER = """
import sys
from pathlib import Path
from devices.facts import Clock, Reading
from hub.log.model import Entry
from hub.log.writer import LogWriter
from tests.hub.log.samples import DAY, NOON, entry, reading
writer, n = LogWriter(Path(sys.argv[1])), 0
while True:
    facts = tuple(Reading(f"k:{n + i}", "d", 1_790_000_000_000, 0, Clock.DEVICE, ()) for i in range(20))
    writer.append([Entry(facts)], 1_790_000_000_000)
    n += 20
    print(n, flush=True)
"""


def test_what_was_committed_survives_kill_9(path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS_WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(50)][-1]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    keys = [logged.fact.key for logged in LogReader(path).after(0, 10**6)]
    assert len(keys) == len(set(keys)) >= acknowledged
    assert len(keys) % 20 == 0


def test_a_clock_believed_only_at_the_second_delivery_is_no_conflict(path: Path) -> None:
    writer = LogWriter(path)
    ahead = reading(1, clock=Clock.AHEAD)
    writer.append([entry(ahead)], NOON)
    believed = msgspec.structs.replace(ahead, clock=Clock.DEVICE, measured_at_ms=NOON + 360_000)
    assert writer.append([entry(believed)], NOON).fates == (Fate.DUPLICATE,)
