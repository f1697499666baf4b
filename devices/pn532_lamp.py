"""A lamp of two colours at the pins of a PN532: which pin lights what, and the command that does it.

Source: NXP UM0701-02, PN532 user manual, 7.2 (WriteGPIO), and the PN532/C1 data sheet.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

_VALID: Final = 0x80  # these pins are meant, and not left as they are
_PORT_3: Final = 0x3F  # P30 to P35; P32 and P34 are the chip's own and stay high
_PORT_7: Final = 0x06  # P71 and P72


class Colour(Enum):
    """What the lamp can say."""

    GREEN = "green"
    RED = "red"
    YELLOW = "yellow"  # both at once


class Pin(Enum):
    """Pins of the chip that are free on a serial line. On most boards P71 is marked MISO, and P72 SCK."""

    P30 = "p30"
    P31 = "p31"
    P33 = "p33"
    P35 = "p35"
    P71 = "p71"
    P72 = "p72"


class Lamp(msgspec.Struct, frozen=True):
    """Which pin lights what. `low`: a pin lights when it is low: as the chip starts, its pins can draw a
    current of some milliamperes, and give next to none (PN532/C1 data sheet, quasi-bidirectional pins)."""

    green: Pin
    red: Pin
    low: bool = True


def pins_of(lamp: Lamp, lit: Colour | None) -> bytes:
    """The two bytes of WriteGPIO, ports 3 and 7: each with its other pins high, or left as it is."""
    ports = {"3": _PORT_3, "7": _PORT_7}
    for pin, colour in ((lamp.green, Colour.GREEN), (lamp.red, Colour.RED)):
        port, number = pin.value[1], int(pin.value[2])
        is_high = (lit in (colour, Colour.YELLOW)) is not lamp.low
        ports[port] = (ports[port] | _VALID) & ~(0 if is_high else 1 << number)
    return bytes(pins if pins & _VALID else 0 for pins in ports.values())
