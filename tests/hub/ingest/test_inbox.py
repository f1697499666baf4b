"""Nothing is acknowledged before it is in the log; what came together is acknowledged together."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.facts import Tick
from hub.ingest import inbox as inbox_module
from hub.ingest.counts import Counts
from hub.ingest.inbox import BATCH, CAPACITY, Inbox
from hub.log.model import Entry, Fate, Letter, LogFaultError
from hub.log.writer import LogWriter

NOW = 1_790_000_000_000


class World:
    """An inbox over a real log, turned by hand."""

    def __init__(self, folder: Path) -> None:
        self.log = LogWriter(folder / "log.sqlite")
        self.counts = Counts()
        self.commits = 0
        self.acknowledged: list[tuple[str, tuple[Fate, ...]]] = []
        self.inbox = Inbox(self.log, lambda: NOW, self.counts, self._committed)

    def acknowledge(self, name: str) -> Callable[[tuple[Fate, ...]], None]:
        return lambda fates: self.acknowledged.append((name, fates))

    def _committed(self) -> None:
        self.commits += 1


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.log.close()


def tick(number: int) -> Entry:
    return Entry(facts=(Tick(f"tick:{number}", NOW + number, NOW),))


LETTER = Entry(letters=(Letter(NOW, "t", b"", "empty", "nothing"),))


def test_bundles_are_committed_together_and_each_gets_its_own_fates(world: World) -> None:
    world.inbox.put_many([tick(1), LETTER, tick(2)], world.acknowledge("first"))
    world.inbox.put(tick(1), world.acknowledge("second"))
    assert world.inbox.waiting == 4
    world.inbox.turn()
    assert world.commits == 1
    assert world.inbox.waiting == 0
    assert world.acknowledged == [
        ("first", (Fate.APPENDED, Fate.APPENDED)),
        ("second", (Fate.DUPLICATE,)),
    ]


def test_nothing_is_acknowledged_in_its_turn_and_without_a_commit(world: World) -> None:
    world.inbox.put(tick(1), world.acknowledge("before"))
    world.inbox.put_many([], world.acknowledge("nothing"))
    world.inbox.turn()
    assert [name for name, _ in world.acknowledged] == ["before", "nothing"]
    world.inbox.put_many([], world.acknowledge("alone"))
    world.inbox.turn()
    assert world.acknowledged[-1] == ("alone", ())
    assert world.commits == 1


def test_a_log_that_takes_nothing_acknowledges_nothing_and_gets_the_same_batch_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, attempts = world.log.append, []

    def full_at_first(entries: list[Entry], now_ms: int) -> object:
        attempts.append(list(entries))
        if len(attempts) < 3:
            assert world.acknowledged == []
            raise LogFaultError("the disk is full", full=True)
        return append(entries, now_ms)

    monkeypatch.setattr(inbox_module, "_PAUSE_WHEN_BROKEN_S", 0.0)
    monkeypatch.setattr(world.log, "append", full_at_first)
    world.inbox.put_many([tick(1), tick(2)], world.acknowledge("kept"))
    world.inbox.turn()
    assert attempts[0] == attempts[1] == attempts[2]
    assert world.acknowledged == [("kept", (Fate.APPENDED, Fate.APPENDED))]
    assert world.inbox.fault is None
    assert world.counts.log_faults == 2


def test_an_inbox_that_is_closed_gives_up_on_a_broken_log_and_acknowledges_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        world.inbox.close()
        raise LogFaultError("gone")

    monkeypatch.setattr(world.log, "append", broken)
    world.inbox.put(tick(1), world.acknowledge("lost"))
    world.inbox.turn()
    assert world.acknowledged == []
    assert not world.inbox.put(tick(2), world.acknowledge("late"))


def test_a_full_batch_does_not_wait_for_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "LINGER_S", 3_600.0)
    world.inbox.put_many([LETTER] * BATCH, world.acknowledge("full"))
    world.inbox.turn()
    assert [name for name, _ in world.acknowledged] == ["full"]


def test_a_linger_ends_when_the_batch_fills_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "LINGER_S", 3_600.0)
    world.inbox.put(LETTER, world.acknowledge("one"))
    turning = threading.Thread(target=world.inbox.turn)
    turning.start()
    world.inbox.put_many([LETTER] * BATCH, world.acknowledge("many"))
    turning.join(10)
    assert [name for name, _ in world.acknowledged] == ["one", "many"]


def test_what_has_no_room_is_refused_whole_and_counted(world: World) -> None:
    assert world.inbox.put_many([LETTER] * (CAPACITY - 1), world.acknowledge("much"))
    assert not world.inbox.put_many([LETTER] * 2, world.acknowledge("too much"))
    assert world.counts.refused == 2
    assert world.inbox.waiting == CAPACITY - 1
    world.inbox.submit(LETTER)
    with pytest.raises(queue.Full):
        world.inbox.submit(LETTER)


def test_a_caller_that_went_away_does_not_spoil_the_batch(world: World) -> None:
    gone = world.inbox.submit(tick(1))
    assert gone.cancel()
    stays = world.inbox.submit(tick(2))
    world.inbox.put(tick(3), world.acknowledge("other"))
    world.inbox.turn()
    assert stays.result(0) == (Fate.APPENDED,)
    assert world.acknowledged == [("other", (Fate.APPENDED,))]


def test_chores_are_done_between_batches(world: World) -> None:
    done: list[LogWriter] = []
    world.inbox.between_batches(done.append)
    world.inbox.put_many([], world.acknowledge("nothing"))
    world.inbox.turn()
    assert done == [world.log]
