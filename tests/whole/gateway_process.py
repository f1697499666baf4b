"""A gateway in a process of its own, started by the command that people use, beside a simulated reader."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from firmware_sim.plan import SimSigning
from firmware_sim.pn532_chip import Chip, Ntag21x, Ntag424, PlainCard, SimTag
from firmware_sim.pn532_port import Line, Manner, PtyPort
from firmware_sim.sun_tag import SunTag
from tests.whole.hub_process import CAMPUSHUB, wait_until

TOUCH_WITHIN_S: Final = 20
GATEWAY: Final = """\
[site]
id = "school"
language = "{language}"
[broker]
host = "127.0.0.1"
port = {port}
[outbox]
file = "outbox.sqlite"
[[guard]]
name = "Zhang Wei"
badge = "04B83A1C5E7280"
{readers}
"""
HANDHELD: Final = """\
[[reader]]
id = "{id}"
port = "{port}"
role = "handheld"
lamp = {{ green = "p72", red = "p71", low = false }}
"""
FIXED: Final = """\
[[reader]]
id = "{id}"
port = "{port}"
role = "fixed"
tag_uid = "{tag}"
"""
BADGE: Final = PlainCard(bytes.fromhex("04B83A1C5E7280"))


class GatewayProcess:
    """One `campushub gateway`. Its lines are in `folder/gateway.txt`."""

    def __init__(self, folder: Path, text: str) -> None:
        self.config = folder / "gateway.toml"
        self.config.write_text(text, encoding="utf-8")
        self.outbox = folder / "outbox.sqlite"
        self._output = folder / "gateway.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns at once."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [CAMPUSHUB, "gateway", "--config", self.config],
                stdout=output,
                stderr=output,
                env=environment,
            )

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """As Ctrl-C would; returns the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait(10)

    def output(self) -> str:
        """What it printed."""
        return self._output.read_text(encoding="utf-8") if self._output.exists() else ""

    def said(self, words: str) -> int:
        """How often it has said so."""
        return self.output().count(words)

    def has_said(self, words: str, times: int) -> bool:
        """Whether it has said so that often."""
        return self.said(words) >= times

    def await_said(self, words: str, times: int = 1) -> None:
        """Until it has said so that often."""
        wait_until(lambda: self.has_said(words, times), TOUCH_WITHIN_S, self.output)


@contextmanager
def gateway(folder: Path, text: str) -> Iterator[GatewayProcess]:
    """A gateway that runs, ended afterwards."""
    process = GatewayProcess(folder, text)
    process.start()
    try:
        yield process
    finally:
        process.stop()


@contextmanager
def plugged_in(manner: Manner = Manner.PERFECT) -> Iterator[tuple[PtyPort, Chip]]:
    """A reader on a pseudo-terminal."""
    chip = Chip()
    with PtyPort(Line(chip, manner)) as port:
        yield port, chip


def signing_tag(uid: str, signing: SimSigning, url: str) -> Ntag424:
    """An NTAG 424 DNA with keys: each touch writes its URL anew."""
    tag = SunTag(uid, signing, signing.count, Random(1))

    def touched() -> str:
        signed = tag.touch()
        assert signed is not None
        return signed.url(url)

    return Ntag424(bytes.fromhex(uid), touched)


def plain_tag(uid: str) -> Ntag21x:
    """An NTAG 213 without a URL."""
    return Ntag21x(bytes.fromhex(uid), None)


def touch(chip: Chip, tag: SimTag, seen: Callable[[], Any]) -> None:
    """Lays a tag on the reader until `seen()` is true, and takes it away until the reader knows."""
    looks = chip.commands
    chip.lay_on(tag)
    wait_until(seen, TOUCH_WITHIN_S)
    chip.take_away()
    after = looks[0x4A]
    wait_until(lambda: looks[0x4A] > after + 20, TOUCH_WITHIN_S)
