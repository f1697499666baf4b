"""Why a port or a broker is not there, by the names that the texts have; pure."""

from __future__ import annotations

import errno
from enum import Enum
from typing import Final


class Trouble(Enum):
    """What people can do something about."""

    NO_PORT = "no_port"
    FORBIDDEN = "forbidden"
    IN_USE = "in_use"
    NOBODY_LISTENS = "nobody_listens"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    NO_SUCH_HOST = "no_such_host"
    BROKEN_OFF = "broken_off"


_OF_PORTS: Final = {
    errno.ENOENT: Trouble.NO_PORT,
    errno.EACCES: Trouble.FORBIDDEN,
    errno.EPERM: Trouble.FORBIDDEN,
    errno.EAGAIN: Trouble.IN_USE,
    errno.EBUSY: Trouble.IN_USE,
}
_OF_NETWORKS: Final = {
    errno.ECONNREFUSED: Trouble.NOBODY_LISTENS,
    errno.EHOSTUNREACH: Trouble.UNREACHABLE,
    errno.ENETUNREACH: Trouble.UNREACHABLE,
    errno.ECONNRESET: Trouble.BROKEN_OFF,
    errno.EPIPE: Trouble.BROKEN_OFF,
}


def of_port(error: Exception) -> Trouble | str:
    """What is the matter with a serial port; in the system's own words where we have none."""
    return _known(error, _OF_PORTS)


def of_network(error: Exception) -> Trouble | str:
    """What is the matter with a connection."""
    if isinstance(error, TimeoutError):
        return Trouble.NO_ANSWER
    return _known(error, _OF_NETWORKS)


def _known(error: Exception, troubles: dict[int, Trouble]) -> Trouble | str:
    number = error.errno if isinstance(error, OSError) else None
    if number in troubles:
        return troubles[number]
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.splitlines()[0] if text else type(error).__name__
