"""The quick way to read the plain case: one object of a fridge or meter, as nearly every message is.

Whatever is not plain (an array, an error, a repeated key, an odd spelling) is left to `devices.native`, that
decides and gives reasons. What is taken here, it would have taken with the same result: tests compare.

A device says the same few things again and again. So its reader keeps a decoder for exactly what it said
last, by the number of quotes in it; anything else is read by the decoder of all that its kind can say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import astuple

from devices.clock import AHEAD_TOLERANCE_MS, FIRST_S, LAST_S, resolve
from devices.facts import Clock, Kind, Reading, Value
from devices.identity import MAX_KEY_CHARS, numbered, prefix_of
from devices.series import FieldType
from devices.topics import Channel
from devices.values import bounds_of, fields_of
from devices.wire import WireError

_LONGEST: Final = 2_048
_MAX_BOOT_CHARS: Final = 64
_MAX_SEQ: Final = 2**63 - 1
_MAX_SEQ_CHARS: Final = len(str(_MAX_SEQ))
# Of one kind: a decoder takes a while to make, and memory. Honest devices need a handful.
MAX_EXACT: Final = 256
_MINUS: Final = ord("-")
_DEVICE: Final = Clock.DEVICE  # in Python 3.11 looking up an Enum's member takes long
_NOT_PLAIN: Final = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, WireError)
_COUNT: Final = Annotated[int, Meta(ge=0, le=_MAX_SEQ)]

PlainReader: TypeAlias = Callable[[bytes, int], Reading | None]
_Values: TypeAlias = tuple[tuple[str, Value], ...]


def reader(device: str, kind: Kind) -> PlainReader | None:
    """How to read this device's plain readings; None for a kind that has none.

    The reader takes a payload and its receive time, gives the reading or None, and never raises. It keeps
    what it saw last, so one thread at a time may use it."""
    if not fields_of(kind):
        return None
    return _Reader(device, kind).read


class _Reader:
    """Of one device."""

    __slots__ = ("_boot", "_device", "_exact", "_forms", "_prefix", "_stem")

    def __init__(self, device: str, kind: Kind) -> None:
        self._device = device
        self._forms = _forms(kind)
        self._exact: dict[int, _Form] = {}  # by the number of quotes
        self._prefix = prefix_of(Channel.READING, device)
        self._boot: str | int | None = None  # the last one, and what the keys of its readings begin with
        self._stem = ""

    def read(self, payload: bytes, received_at_ms: int) -> Reading | None:
        """By the decoder for what the device said last, if that fits."""
        if len(payload) > _LONGEST:
            return None
        quotes = payload.count(b'"')
        form = self._exact.get(quotes)
        if form is None:
            return self._read_any(payload, quotes, received_at_ms)
        try:
            if form.only:
                at, boot, seq, value = astuple(form.decode(payload))
                values: _Values = ((form.only, value or form.zeros[0]),)
            else:
                at, boot, seq, *said = astuple(form.decode(payload))
                # Without a minus there is no -0.0 among the zeros.
                if 0.0 in said and _MINUS in payload:
                    values = _values(form, said)
                else:
                    values = tuple(zip(form.names, said))  # noqa: B905 - `strict` costs half as much again
            if FIRST_S <= at <= LAST_S and (at_ms := round(at * 1000)) <= received_at_ms + AHEAD_TOLERANCE_MS:
                measured_at_ms, clock = at_ms, _DEVICE  # as `resolve` would say
            else:
                measured_at_ms, clock = resolve(at, received_at_ms, None)
        except _NOT_PLAIN:
            return self._read_any(payload, quotes, received_at_ms)
        if boot == self._boot:
            key = f"{self._stem}{seq}"
        elif _is_boot(boot):
            key = self._key_of_new(boot, seq)
        else:
            return None
        return Reading(key, self._device, measured_at_ms, received_at_ms, clock, values)

    def _read_any(self, payload: bytes, quotes: int, received_at_ms: int) -> Reading | None:
        form = self._forms.any
        try:
            at, boot, seq, *said = astuple(form.decode(payload))
            if at is UNSET:
                measured_at_ms, clock = received_at_ms, Clock.NONE
            else:
                measured_at_ms, clock = resolve(at, received_at_ms, None)
        except _NOT_PLAIN:
            return None
        values = _values(form, said)
        strings = (type(at) is str) + (type(boot) is str)
        keys = len(values) + 2 + (at is not UNSET)
        # Two quotes for each key and each string: more of them are an escape or a key given twice. With the
        # number of quotes given, that holds for a decoder of exactly these keys and types too.
        if not values or quotes != 2 * (keys + strings) or seq is UNSET or not _is_boot(boot):
            return None
        if type(at) is float:
            exact = self._forms.exactly(type(boot), tuple([name for name, _ in values]))
            if exact is not None:
                self._exact[quotes] = exact
        key = numbered(self._prefix, boot, seq)
        return Reading(key, self._device, measured_at_ms, received_at_ms, clock, values)

    def _key_of_new(self, boot: str | int, seq: int) -> str:
        """The key after a start of the device; what keys begin with is kept if all of them will be short."""
        stem = numbered(self._prefix, boot, 0)[:-1]
        if stem.startswith(self._prefix) and len(stem) + _MAX_SEQ_CHARS <= MAX_KEY_CHARS:
            self._boot, self._stem = boot, stem
        return numbered(self._prefix, boot, seq)


def _is_boot(boot: object) -> bool:
    if type(boot) is int:
        return True
    return isinstance(boot, str) and 0 < len(boot) <= _MAX_BOOT_CHARS and boot.isprintable()


class _Form(msgspec.Struct, frozen=True):
    """What a payload can say: its decoder gives `at`, `boot`, `seq` and the named values. `only`: the name if
    there is one; `zeros`: of the values' types."""

    decode: Callable[[bytes], Any]
    names: tuple[str, ...]
    zeros: tuple[Value, ...]
    only: str


def _values(form: _Form, said: Sequence[Any]) -> _Values:
    return tuple(
        [
            (name, value or zero)  # -0.0 becomes 0.0
            for name, value, zero in zip(form.names, said, form.zeros, strict=True)
            if value is not UNSET
        ]
    )


class _Forms:
    """Of one kind. `any` takes all that it can say."""

    def __init__(self, kind: Kind) -> None:
        self._fields = fields_of(kind)
        self._exact: dict[tuple[type, tuple[str, ...]], _Form] = {}
        stamp = {"at": float | str, "boot": _COUNT | str, "seq": _COUNT}
        self.any: Final = self._form(stamp, tuple(sorted(self._fields)), may_lack=True)

    def exactly(self, boot: type, names: tuple[str, ...]) -> _Form | None:
        """A time in seconds, a boot of this type, a number and all of these values, but nothing else."""
        form = self._exact.get((boot, names))
        if form is None and len(self._exact) < MAX_EXACT:
            form = self._form({"at": float, "boot": _COUNT if boot is int else str, "seq": _COUNT}, names)
            self._exact[boot, names] = form
        return form

    def _form(self, stamp: dict[str, Any], names: tuple[str, ...], *, may_lack: bool = False) -> _Form:
        types = stamp | {name: _type_of(name, self._fields[name]) for name in names}
        layout: list[Any] = [
            (name, kind | UnsetType, UNSET) if may_lack else (name, kind) for name, kind in types.items()
        ]
        struct = msgspec.defstruct("Plain", layout, forbid_unknown_fields=True, gc=False)
        zeros = tuple([False if self._fields[name] is FieldType.BOOL else 0.0 for name in names])
        only = names[0] if len(names) == 1 else ""
        return _Form(msgspec.json.Decoder(struct).decode, names, zeros, only)


def _type_of(name: str, field: FieldType) -> Any:
    if field is FieldType.BOOL:
        return bool
    low, high = bounds_of(name)
    return Annotated[float, Meta(ge=low, le=high)]


@cache
def _forms(kind: Kind) -> _Forms:
    return _Forms(kind)
