"""Why a port or a broker is not there, by the names that the texts have; pure."""

from __future__ import annotations

import errno
import re
from enum import Enum
from typing import Final


class Trouble(Enum):
    """What people can do something about."""

    NO_PORT = "no_port"
    FORBIDDEN = "forbidden"
    IN_USE = "in_use"
    NO_SERIAL_PORT = "no_serial_port"
    UNPLUGGED = "unplugged"
    NOBODY_LISTENS = "nobody_listens"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    NO_SUCH_HOST = "no_such_host"
    BROKEN_OFF = "broken_off"


_OF_NETWORKS: Final = {
    errno.ECONNREFUSED: Trouble.NOBODY_LISTENS,
    errno.EHOSTUNREACH: Trouble.UNREACHABLE,
    errno.ENETUNREACH: Trouble.UNREACHABLE,
    errno.ECONNRESET: Trouble.BROKEN_OFF,
    errno.EPIPE: Trouble.BROKEN_OFF,
    errno.ETIMEDOUT: Trouble.NO_ANSWER,
}
# A port may be one of a serial server on the network.
_OF_PORTS: Final = {
    **_OF_NETWORKS,
    errno.ENOENT: Trouble.NO_PORT,
    errno.EACCES: Trouble.FORBIDDEN,
    errno.EPERM: Trouble.FORBIDDEN,
    errno.EAGAIN: Trouble.IN_USE,
    errno.EBUSY: Trouble.IN_USE,
    errno.ENOTTY: Trouble.NO_SERIAL_PORT,
    errno.EISDIR: Trouble.NO_SERIAL_PORT,
    errno.EIO: Trouble.UNPLUGGED,
    errno.ENXIO: Trouble.UNPLUGGED,
    errno.ENODEV: Trouble.UNPLUGGED,
}
# What pyserial says without a number of its own.
_SAID_BY_PORTS: Final = {
    "returned no data": Trouble.UNPLUGGED,
    "reports error (poll)": Trouble.UNPLUGGED,
    "socket disconnected": Trouble.BROKEN_OFF,
}
_NUMBER: Final = re.compile(r"\[Errno -?\d+\] ?")


def of_port(error: Exception) -> Trouble | str:
    """What is the matter with a serial port; in the system's own words where we have none.

    pyserial often keeps the system's error only as what its own came from."""
    known = next((found for one in behind(error) if (found := _one_of_port(one)) is not None), None)
    return known or _words(error)


def of_network(error: Exception) -> Trouble | str:
    """What is the matter with a connection."""
    if isinstance(error, TimeoutError):
        return Trouble.NO_ANSWER
    return _OF_NETWORKS.get(_number(error), _words(error))


def behind(error: BaseException) -> list[BaseException]:
    """The error, what it came from, and so on."""
    found = [error]
    while (before := found[-1].__cause__ or found[-1].__context__) is not None and before not in found:
        found.append(before)
    return found


def _one_of_port(error: BaseException) -> Trouble | None:
    if isinstance(error, TimeoutError):
        return Trouble.NO_ANSWER
    said = next((trouble for words, trouble in _SAID_BY_PORTS.items() if words in str(error)), None)
    return said or _OF_PORTS.get(_number(error))


def _number(error: BaseException) -> int:
    """The system's number; 0: it has none. `termios.error` has one and is no OSError."""
    number = error.errno if isinstance(error, OSError) else error.args[0] if error.args else None
    return number if isinstance(number, int) else 0


def _words(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _NUMBER.sub("", text.splitlines()[0]) if text else type(error).__name__
