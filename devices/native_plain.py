"""The quick way to read the plain case: one object of a fridge or meter, as nearly every message is.

Whatever is not plain (an array, an error, a repeated key, an odd spelling) is left to `devices.native`, that
decides and gives reasons. What is taken here, it would have taken with the same result: tests compare.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import astuple

from devices.clock import resolve
from devices.facts import Clock, Kind, Reading, Value
from devices.identity import numbered, prefix_of
from devices.series import FieldType
from devices.topics import Channel
from devices.values import bounds_of, fields_of
from devices.wire import WireError

_LONGEST: Final = 2_048
_MAX_BOOT_CHARS: Final = 64
_NOT_PLAIN: Final = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, WireError)

PlainReader: TypeAlias = Callable[[bytes, int], Reading | None]


def reader(device: str, kind: Kind) -> PlainReader | None:
    """How to read this device's plain readings; None for a kind that has none.

    The reader takes a payload and its receive time, gives the reading or None, and never raises."""
    fields = fields_of(kind)
    if not fields:
        return None
    names = tuple(sorted(fields))
    zeros: tuple[Value, ...] = tuple(False if fields[name] is FieldType.BOOL else 0.0 for name in names)
    decode = _decoder(kind, names).decode
    prefix = prefix_of(Channel.READING, device)

    def read(payload: bytes, received_at_ms: int) -> Reading | None:
        if len(payload) > _LONGEST:
            return None
        try:
            at, boot, seq, *said = astuple(decode(payload))
            if at is UNSET:
                measured_at_ms, clock = received_at_ms, Clock.NONE
            else:
                measured_at_ms, clock = resolve(at, received_at_ms, None)
        except _NOT_PLAIN:
            return None
        values = tuple(
            [
                (name, value or zero)  # -0.0 becomes 0.0
                for name, value, zero in zip(names, said, zeros, strict=True)
                if value is not UNSET
            ]
        )
        strings = (type(at) is str) + (type(boot) is str)
        keys = len(values) + 2 + (at is not UNSET)
        # Two quotes for each key and each string: more of them are an escape or a key given twice.
        if not values or payload.count(b'"') != 2 * (keys + strings) or seq is UNSET or not _is_boot(boot):
            return None
        key = numbered(prefix, boot, seq)
        return Reading(key, device, measured_at_ms, received_at_ms, clock, values)

    return read


def _is_boot(boot: object) -> bool:
    if type(boot) is int:
        return True
    return isinstance(boot, str) and 0 < len(boot) <= _MAX_BOOT_CHARS and boot.isprintable()


@cache
def _decoder(kind: Kind, names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    fields = fields_of(kind)
    shape: list[tuple[str, Any, Any]] = [
        ("at", float | str | UnsetType, UNSET),
        ("boot", Annotated[int, Meta(ge=0, le=2**63 - 1)] | str | UnsetType, UNSET),
        ("seq", Annotated[int, Meta(ge=0, le=2**63 - 1)] | UnsetType, UNSET),
        *((name, _type_of(name, fields[name]) | UnsetType, UNSET) for name in names),
    ]
    struct = msgspec.defstruct("Plain", shape, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(struct)


def _type_of(name: str, field: FieldType) -> Any:
    if field is FieldType.BOOL:
        return bool
    low, high = bounds_of(name)
    return Annotated[float, Meta(ge=low, le=high)]
