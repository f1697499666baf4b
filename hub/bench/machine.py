"""What a figure was measured on, and what a process has used."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class Machine(msgspec.Struct, frozen=True):
    """The computer and the versions that matter."""

    processor: str
    cores: int
    system: str
    python: str
    campushub: str


class Used(msgspec.Struct, frozen=True):
    """What a process has used so far: seconds of processor time, and bytes resident."""

    cpu_s: float
    resident_bytes: int


def machine() -> Machine:
    """This computer."""
    return Machine(
        _processor(),
        os.cpu_count() or 1,
        platform.platform(),
        platform.python_version(),
        version("campushub"),
    )


def used_by(pid: int) -> Used:
    """By one process, without its children. Linux only."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return Used((int(stat[11]) + int(stat[12])) / _TICKS_PER_S, pages * _PAGE_BYTES)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
