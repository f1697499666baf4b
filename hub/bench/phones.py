"""Many phones come back from where there is no signal, all at once: is every tap kept, and once?

The hub is killed while they post, and some of them lose the answer and post again. Each tap carries the
signed message of its tag, so that the hub has all of its work.
"""

from __future__ import annotations

import secrets
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from devices.facts import Tap, Trust
from devices.tag_keys import MasterKey, SiteKeys
from hub import processes
from hub.bench.phone import Account, Phone, Told, tag_says
from hub.bench.progress import Progress
from hub.bench.report import Row
from hub.book.store import Book
from hub.clock import system_now_ms
from hub.config.load import load
from hub.config.model import Campus
from hub.log.reader import LogReader
from hub.web.accounts import set_secret
from hub.web.cookies import SESSION
from hub.web.sessions import Sessions
from rules.local_time import local

SECONDS_AT_MOST: Final = 60.0
_CHECKPOINTS: Final = 20
_MOST_SESSIONS: Final = 20  # of one person
_LOOKS_EVERY_S: Final = 0.01
_AT_A_TIME: Final = 10_000
_ZONE: Final = ZoneInfo("Asia/Shanghai")
# A hub judges nothing of a round that was half over when it first ran: so there is one under way that is not.
_BEGAN_MS: Final = 11 * 3_600_000  # before now
_LASTS_MS: Final = 23 * 3_600_000

_CAMPUS: Final = """\
[site]
id = "bench"
name = "Bench"
zone = "{zone}"
language = "en"
[broker]
port = {broker_port}
[storage]
folder = "data"
[web]
port = {web_port}
[tags]
master_key_file = "tag-key"
[[area]]
id = "campus"
name = "Campus"
[[person]]
id = "admin"
name = "Admin"
role = "admin"
"""
_GUARD: Final = """\
[[person]]
id = "guard-{number}"
name = "Guard {number}"
role = "guard"
[[round]]
id = "round-{number}"
name = "Round {number}"
starts = "{starts:%H:%M}"
ends = "{ends:%H:%M}"
guard = "guard-{number}"
checkpoints = [{places}]
"""
_PLACE: Final = """\
[[checkpoint]]
id = "place-{number}"
name = "Place {number}"
area = "campus"
tag_uid = "{uid}"
tag_count = 0
"""


class Asked(msgspec.Struct, frozen=True):
    """`taps`: of each phone. `kills`: how often the hub dies meanwhile. `folder`: where to write; None: where
    temporary files go."""

    phones: int
    taps: int
    kills: int
    folder: Path | None = None


def measure(asked: Asked, progress: Progress) -> tuple[Row, ...]:
    """One run; what is lost or double should be 0. Raises TrialError."""
    processes.embedded_is_there()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        progress("a school with so many guards", 0)
        port = processes.free_port()
        keys = _write_school(folder, asked, port)
        config = folder / "campus.toml"
        campus = load(config, {})
        accounts = _sign_in(campus, asked)
        phones = _phones(asked, accounts, keys, port)
        hub = processes.hub_process(config, port)
        hub.start()
        try:
            hub.await_up()
            seconds, told = _posted(phones, hub, asked, progress)
        finally:
            hub.stop()
        progress("looking for what is lost or double", 0.95)
        return _rows(campus, phones, told, seconds)


def _write_school(folder: Path, asked: Asked, port: int) -> SiteKeys:
    secret = secrets.token_hex(16)
    key = folder / "tag-key"
    key.touch(mode=0o600)
    key.write_text(secret, encoding="ascii")
    guards = -(-asked.phones // _MOST_SESSIONS)
    places = ", ".join(f'"place-{number}"' for number in range(_CHECKPOINTS))
    began_ms = system_now_ms() - _BEGAN_MS
    starts, ends = local(_ZONE, began_ms), local(_ZONE, began_ms + _LASTS_MS)
    text = _CAMPUS.format(broker_port=processes.free_port(), web_port=port, zone=_ZONE)
    text += "".join(_PLACE.format(number=number, uid=_uid(number)) for number in range(_CHECKPOINTS))
    text += "".join(
        _GUARD.format(number=number, places=places, starts=starts, ends=ends) for number in range(guards)
    )
    (folder / "campus.toml").write_text(text, encoding="utf-8")
    return SiteKeys(MasterKey.from_hex(secret), "bench")


def _uid(number: int) -> str:
    return f"04{number:010X}80"


def _sign_in(campus: Campus, asked: Asked) -> list[Account]:
    campus.storage.folder.mkdir(parents=True, exist_ok=True)
    book = Book(campus.storage.book_url)
    try:
        now_ms = system_now_ms()
        sessions = Sessions(book, campus, system_now_ms)
        accounts = []
        for number in range(asked.phones):
            person = f"guard-{number // _MOST_SESSIONS}"
            if number % _MOST_SESSIONS == 0:
                set_secret(book, person, secrets.token_urlsafe(16), one_time=False, now_ms=now_ms)
            opened = sessions.begin(person)
            accounts.append(Account(f"{SESSION}={opened.token}", opened.csrf))
        return accounts
    finally:
        book.close()


def _phones(asked: Asked, accounts: Sequence[Account], keys: SiteKeys, port: int) -> list[Phone]:
    """Phones with taps of the last hours, in no order; the tags count on from phone to phone."""
    counters: Counter[str] = Counter()
    now_ms = system_now_ms()
    phones = []
    for account in accounts:
        taps = []
        for number in range(asked.taps):
            uid = _uid(number % _CHECKPOINTS)
            counters[uid] += 1
            at_s = (now_ms - (asked.taps - number) * 60_000 // 2) / 1000
            taps.append(tag_says(keys, uid, counters[uid], at_s))
        phones.append(Phone(port, account, taps))
    return phones


def _posted(
    phones: Sequence[Phone], hub: processes.Process, asked: Asked, progress: Progress
) -> tuple[float, list[Told]]:
    total = len(phones) * asked.taps
    begun_s = time.monotonic()
    ended = threading.Event()
    with ThreadPoolExecutor(len(phones)) as threads:
        work: list[Future[Told]] = [threads.submit(phone.send_all, ended) for phone in phones]
        try:
            kills = 0
            while not all(one.done() for one in work):
                done = sum(phone.accepted for phone in phones)
                progress("phones post", 0.1 + 0.8 * done / total)
                if kills < asked.kills and done >= total * (kills + 1) // (asked.kills + 1):
                    kills += 1
                    hub.kill()
                    hub.start()
                    hub.await_up()
                time.sleep(_LOOKS_EVERY_S)
        finally:
            ended.set()
    return time.monotonic() - begun_s, [one.result() for one in work]


def _rows(campus: Campus, phones: Sequence[Phone], told: Sequence[Told], seconds: float) -> tuple[Row, ...]:
    sent = {tap.key for phone in phones for tap in phone.taps}
    kept: Counter[str] = Counter()
    proved = 0
    log = LogReader(campus.storage.folder / "log.sqlite")
    try:
        seq = 0
        while stretch := log.after(seq, _AT_A_TIME):
            seq = stretch.last
            taps = [fact for fact in stretch.facts if isinstance(fact, Tap)]
            kept.update(tap.key for tap in taps)
            proved += sum(tap.trust is Trust.SUN for tap in taps)
    finally:
        log.close()
    answers = sorted(answer_s for one in told for answer_s in one.answers_s) or [0.0]
    return (
        Row("all taps accepted", seconds, "s", at_most=SECONDS_AT_MOST),
        Row("taps accepted", sum(one.accepted for one in told), ""),
        Row("lost", len(sent - kept.keys()), "", at_most=0),
        Row("double", sum(kept.values()) - len(kept), "", at_most=0),
        Row("not proved", len(sent) - proved, "", at_most=0),
        Row("posts answered", len(answers), ""),
        Row("posts again, without an answer", sum(one.again for one in told), ""),
        Row("answer to a post, p50", answers[len(answers) // 2] * 1000, "ms"),
        Row("answer to a post, longest", answers[-1] * 1000, "ms"),
    )
