"""Serial ports by URL, each in a thread that opens it, reads it and opens it again; alone uses pyserial."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Final

import serial
from serial.tools import list_ports

from devices.gateway.troubles import Trouble, behind, of_port

REOPEN_S: Final = 1.0
_LOOK_S: Final = 0.2  # so often it is looked whether the port is to be closed
_WRITE_WITHIN_S: Final = 2.0
_MOST_BYTES: Final = 4096


class Port:
    """One port. The callbacks come from its thread: be quick, and raise nothing."""

    def __init__(
        self,
        url: str,
        baud: int,
        on_open: Callable[[], None],
        on_data: Callable[[bytes], None],
        on_gone: Callable[[Trouble | str, bool], None],
    ) -> None:
        """`on_gone`: why, and whether it had been open."""
        self._url = url
        self._baud = baud
        self._on_open = on_open
        self._on_data = on_data
        self._on_gone = on_gone
        self._closing = threading.Event()
        self._serial: serial.Serial | None = None
        self._thread = threading.Thread(target=self._run, name=f"port {url}", daemon=True)

    def start(self) -> None:
        """Begins to open it."""
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Sends, if it is open; what cannot be sent is lost, as on any line."""
        port = self._serial
        if port is None:
            return
        try:
            port.write(data)
        except Exception:  # noqa: BLE001 - its own thread may be closing it; that one also says what is wrong
            return

    def stop(self) -> None:
        """Closes it."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(_WRITE_WITHIN_S + _LOOK_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            was_open = False
            try:
                with self._opened() as port:
                    self._serial = port
                    was_open = True
                    self._on_open()
                    self._read(port)
            except Exception as error:  # noqa: BLE001 - the loop's top: pyserial lets through what systems throw
                self._on_gone(_why(error), was_open)
            finally:
                self._serial = None
            self._closing.wait(REOPEN_S)

    def _opened(self) -> serial.Serial:
        # Two programs that read one port would each get half of what is said.
        opened: serial.Serial = serial.serial_for_url(
            self._url, baudrate=self._baud, timeout=_LOOK_S, write_timeout=_WRITE_WITHIN_S, exclusive=True
        )
        return opened

    def _read(self, port: serial.Serial) -> None:
        while not self._closing.is_set():
            data = port.read(1)
            while len(data) < _MOST_BYTES and (waiting := port.in_waiting):
                data += port.read(min(waiting, _MOST_BYTES - len(data)))
            if data:
                self._on_data(data)


def _why(error: Exception) -> Trouble | str:
    is_of_a_name = any(isinstance(one, socket.gaierror) for one in behind(error))
    return Trouble.NO_SUCH_HOST if is_of_a_name else of_port(error)


def found_ports() -> tuple[tuple[str, str], ...]:
    """The serial ports of this computer, and what they say they are."""
    return tuple(sorted((port.device, port.description or "") for port in list_ports.comports()))
