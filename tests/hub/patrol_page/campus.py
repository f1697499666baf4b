"""A campus whose guards have a round for the whole day each, so that every test has one of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hub.book.store import Book
from hub.clock import system_now_ms
from hub.web.accounts import set_secret
from tests.whole.hub_process import SECRET, configure

GUARDS: Final = tuple(f"guard-{number}" for number in range(1, 41))
PLACES: Final = ("gatehouse", "building-a", "library")
TAGS: Final = {
    "gatehouse": "04:a1:b2:c3:d4:e5:80",
    "building-a": "04:2f:6a:91:c7:5b:80",
    "library": "04:4e:18:b3:6d:92:80",
    "playground": "04:82:f3:07:6d:c4:80",
}


def all_day_campus(folder: Path) -> Path:
    """The example's campus with these guards and their rounds; returns the configuration's file."""
    path = configure(folder, broker_port=None)
    text = path.read_text(encoding="utf-8")
    text = text.partition("# --- rounds ---")[0]
    stops = ", ".join(f'"{place}"' for place in PLACES)
    for guard in GUARDS:
        text += (
            f'\n[[person]]\nid = "{guard}"\nname = "{guard}"\nrole = "guard"\n'
            f'\n[[round]]\nid = "all-day-{guard}"\nname = {{ zh = "全天巡查", en = "All-day round" }}\n'
            f'starts = "00:00"\nends = "23:59"\ngrace = "1h"\nguard = "{guard}"\n'
            f"checkpoints = [{stops}]\n"
        )
    path.write_text(text, encoding="utf-8")
    book = Book(f"sqlite:///{folder / 'data' / 'book.sqlite'}")
    for guard in GUARDS:
        assert set_secret(book, guard, SECRET, one_time=False, now_ms=system_now_ms()) is None
    book.close()
    return path
