"""Dead letters are counted exactly, whichever thread finds them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from hub.ingest.counts import Counts

MANY = 5_000


@pytest.fixture(autouse=True)
def _threads_change_places_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_letters_of_several_threads_are_all_counted() -> None:
    counts = Counts()

    def find() -> None:
        for _ in range(MANY):
            counts.died(("flood", "not_json"))

    threads = [threading.Thread(target=find) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.letters == {"flood": 4 * MANY, "not_json": 4 * MANY}
