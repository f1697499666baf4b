"""A campus whose guards have a long round each that is under way, so that every test has one of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

from hub.book.store import Book
from hub.clock import system_now_ms
from hub.web.accounts import set_secret
from tests.whole.hub_process import SECRET, configure, under_way

# Their rounds lead past the boiler room, which has a picture, a floor and a checklist; they walk alone.
NIGHT_GUARDS: Final = tuple(f"night-{number}" for number in range(1, 61))
GUARDS: Final = tuple(f"guard-{number}" for number in range(1, 61))
# Theirs are of fixed order.
STRICT_GUARDS: Final = tuple(f"strict-{number}" for number in range(1, 7))
PLACES: Final = ("gatehouse", "building-a", "library")
TAGS: Final = {
    "gatehouse": "04:a1:b2:c3:d4:e5:80",
    "building-a": "04:2f:6a:91:c7:5b:80",
    "library": "04:4e:18:b3:6d:92:80",
    "playground": "04:82:f3:07:6d:c4:80",
    "boiler-room": "04:69:d4:1e:8c:57:80",
}


def all_day_campus(folder: Path) -> Path:
    """The example's campus with these guards and their rounds; returns the configuration's file."""
    path = configure(folder, broker_port=None)
    text = path.read_text(encoding="utf-8")
    text = text.partition("# --- rounds ---")[0]
    stops = ", ".join(f'"{place}"' for place in PLACES)
    text += f'\n[[route]]\nid = "strict"\norder = "fixed"\ncheckpoints = [{stops}]\n'
    text += 'name = { zh = "顺序路线", en = "Fixed route" }\n'
    for guard in STRICT_GUARDS:
        text += (
            f'\n[[person]]\nid = "{guard}"\nname = "{guard}"\nrole = "guard"\n'
            f'\n[[round]]\nid = "in-order-{guard}"\nname = {{ zh = "顺序巡查", en = "Round in order" }}\n'
            f'{under_way()}grace = "1h"\nguard = "{guard}"\nroute = "strict"\n'
        )
    for guard in GUARDS:
        text += (
            f'\n[[person]]\nid = "{guard}"\nname = "{guard}"\nrole = "guard"\n'
            f'\n[[round]]\nid = "all-day-{guard}"\nname = {{ zh = "全天巡查", en = "All-day round" }}\n'
            f'{under_way()}grace = "1h"\nguard = "{guard}"\n'
            f"checkpoints = [{stops}]\n"
        )
    text += "".join(map(_night_guard, range(len(NIGHT_GUARDS))))
    text += '\n[rules."patrol.lone-worker"]\nfor = "10s"\n'
    text = text.replace(
        'checklist = "boiler-room"\n', 'checklist = "boiler-room"\npicture = "boiler.jpg"\n', 1
    )
    _draw_boiler(folder / "boiler.jpg")
    path.write_text(text, encoding="utf-8")
    book = Book(f"sqlite:///{folder / 'data' / 'book.sqlite'}")
    for guard in (*GUARDS, *STRICT_GUARDS, *NIGHT_GUARDS):
        assert set_secret(book, guard, SECRET, one_time=False, now_ms=system_now_ms()) is None
    book.close()
    return path


def badge_of(night_guard: str) -> str:
    """The number of a night guard's badge."""
    return f"04BADBADBA{NIGHT_GUARDS.index(night_guard):02X}80"


def _night_guard(number: int) -> str:
    guard = NIGHT_GUARDS[number]
    return (
        f'\n[[person]]\nid = "{guard}"\nname = "夜班{number + 1}"\nrole = "guard"\n'
        f'badge = "{badge_of(guard)}"\n'
        f'\n[[round]]\nid = "alone-{guard}"\nname = {{ zh = "夜间巡查", en = "Night round" }}\n'
        f'{under_way()}grace = "1h"\nalone = "30m"\nguard = "{guard}"\n'
        'checkpoints = ["boiler-room", "gatehouse"]\n'
    )


def _draw_boiler(path: Path) -> None:
    """A wall, a door, a boiler."""
    image = Image.new("RGB", (1600, 1200), "#c9cfd4")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 900, 1600, 1200), fill="#7d8388")
    draw.rectangle((180, 300, 620, 980), fill="#3b5d8a")
    draw.ellipse((560, 640, 600, 680), fill="#e8c64a")
    draw.rounded_rectangle((900, 380, 1400, 1000), 120, fill="#a8442f")
    draw.ellipse((1080, 460, 1220, 600), fill="#f3f3f0", outline="#333333", width=8)
    draw.line((1150, 530, 1195, 495), fill="#222222", width=8)
    image.save(path)
