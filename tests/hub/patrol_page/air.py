"""What is between a phone and the hub. Playwright's own `set_offline` does not reach service workers."""

from __future__ import annotations

from hub.torture.proxy import Proxy

_NOBODY = 1  # a port that nobody listens on


class Air:
    """Passes everything on to the hub while there is signal."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._proxy = Proxy(port)
        self.address = f"http://127.0.0.1:{self._proxy.port}"

    def signal(self, *, is_there: bool) -> None:
        """Without signal every connection ends, and none begins."""
        self._proxy._target_port = self._port if is_there else _NOBODY
        if not is_there:
            self._proxy.cut()

    def close(self) -> None:
        self._proxy.close()
