"""Which facts somebody wants, seen before they are decoded: decoding is most of what reading costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from devices.facts import OF_THE_HUB, Fact, Tap
from hub.log.body import CLOCK_SET, ROUND_ORDER, TAP, TICK, decode

# msgpack: a byte 0xA0 + n is the head of a text of n bytes, up to 31; 0xD9 of one whose length comes next.
_TEXTS_END: Final = 0xC0
_TEXT_8: Final = 0xD9
_BEFORE_DEVICE: Final = 0xA0 - 3  # array, tag and the key's head
_BEFORE_END: Final = 0xA0 - 1
_encode: Final = msgspec.msgpack.Encoder().encode


class Sieve:
    """Lets through the facts of `devices` and of the hub itself; with `all_taps` the taps of every device."""

    def __init__(self, devices: Iterable[str], *, all_taps: bool) -> None:
        self.devices = frozenset(devices)
        self.all_taps = all_taps
        self._names = frozenset(map(_encode, self.devices))
        of_all = {TICK, CLOCK_SET, ROUND_ORDER}
        self._tags = frozenset(of_all | {TAP} if all_taps else of_all)

    def wants(self, fact: Fact) -> bool:
        """Whether it lets this fact through."""
        of_all = (*OF_THE_HUB, Tap) if self.all_taps else OF_THE_HUB
        return fact.device in self.devices or isinstance(fact, of_all)

    def pick(self, bodies: Sequence[bytes]) -> list[bytes]:
        """The bodies of the facts that it lets through, in order. What is torn is let through, too: whoever
        decodes it learns what is wrong."""
        names, tags = self._names, self._tags
        picked: list[bytes] = []
        for kept in bodies:  # the head of an array, the tag, the key, the device, and so on
            try:
                head = kept[2]
                at = head - _BEFORE_DEVICE if head < _TEXTS_END else kept[3] + 4 if head == _TEXT_8 else 0
                name = kept[at : at + kept[at] - _BEFORE_END]
                if (
                    name in names
                    or kept[1] in tags
                    or ((not at or kept[at] >= _TEXTS_END) and self.wants(decode(kept)))
                ):
                    picked.append(kept)
            except (IndexError, msgspec.MsgspecError):
                picked.append(kept)
        return picked
