"""The lamp and the buzzer of a reader: the hub's reply to each tap, and how long it took to come."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_sim.plan import Words

_REMEMBERED: Final = 10_000
_NO_ROUND: Final = Words("不属于任何巡更", "counts for no round")
_LAST: Final = Words("本次巡更全部走完", "the round is complete")
_WHY: Final = {
    "unknown_tag": Words("未登记的标签", "no checkpoint has this tag"),
    "replay": Words("签名已被用过", "this read was used before"),
    "forgotten": Words("签名太旧", "this read is too old"),
    "forged": Words("签名是伪造的", "the signature is forged"),
    "unreadable": Words("签名读不懂", "the signature is unreadable"),
    "other_tag": Words("签名是别的标签的", "the signature is another tag's"),
    "void": Words("标签启用之前的签名", "read before the tag was put up"),
    "conflict": Words("编号重复", "the id is another tap's"),
    "clock_unset": Words("读卡器没有时间", "the reader's clock is not set"),
    "clock_ahead": Words("读卡器时间偏快", "the reader's clock is ahead"),
}


@dataclass(frozen=True, slots=True)
class Beep:
    """One reply. `took_s`: since the tap; None: nobody knows which tap it answers."""

    device: str
    green: bool
    words: Words
    took_s: float | None


class Beeps:
    """What the readers heard. `clock` gives Unix seconds, of real time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.green = 0
        self.red = 0
        self._clock = clock
        self._tapped_s: dict[str, float] = {}
        self._times_s: list[float] = []
        self._untold: list[Beep] = []

    @property
    def times_s(self) -> tuple[float, ...]:
        """How long the replies took, shortest first."""
        return tuple(sorted(self._times_s))

    @property
    def waiting(self) -> int:
        """How many taps have no reply."""
        return len(self._tapped_s)

    def tapped(self, tap_id: str) -> None:
        """A reader sends a tap now, and waits."""
        if len(self._tapped_s) >= _REMEMBERED:
            del self._tapped_s[next(iter(self._tapped_s))]
        self._tapped_s[tap_id] = self._clock()

    def heard(self, device: str, payload: bytes) -> Beep | None:
        """The reader was told something; None: it does not understand what."""
        try:
            reply = json.loads(payload)
            tap_id, accepted, reason = reply.get("tap_id"), reply["accepted"], reply.get("reason")
            words = _words(reply, accepted, reason)
            began_s = self._tapped_s.pop(tap_id, None)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        took_s = None if began_s is None else self._clock() - began_s
        if took_s is not None and len(self._times_s) < _REMEMBERED:
            self._times_s.append(took_s)
        self.green, self.red = self.green + bool(accepted), self.red + (not accepted)
        beep = Beep(device, bool(accepted), words, took_s)
        self._untold = [*self._untold[-_REMEMBERED:], beep]
        return beep

    def untold(self) -> tuple[Beep, ...]:
        """The beeps since it was last asked."""
        found, self._untold = tuple(self._untold), []
        return found


def _words(reply: dict[str, object], accepted: object, reason: object) -> Words:
    why = _WHY.get(str(reason), Words(str(reason), str(reason))) if reason is not None else None
    place = str(reply.get("checkpoint") or "?")
    if not accepted:
        why = why or Words("不计", "it does not count")
        return Words(f"红灯：{why.zh}", f"red: {why.en}")
    following = reply.get("next")
    if isinstance(following, dict):
        name = following["name"]
        then = Words(f"下一个：{name['zh-CN']}", f"next: {name['en']}")
    else:
        then = _LAST if reply.get("round") else _NO_ROUND
    told = Words(f"绿灯：{place}，{then.zh}", f"green: {place}, {then.en}")
    return told if why is None else Words(f"{told.zh}（{why.zh}）", f"{told.en} ({why.en})")
