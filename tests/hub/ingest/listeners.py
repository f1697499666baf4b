"""A real mosquitto with further ways in: TLS with a certificate made for the occasion, websockets."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.hub.ingest.campus import wait_until
from tests.real import free_port, require
from tests.real.mosquitto import MosquittoHandle

_SELF_SIGNED: Final = (
    *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
    *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [require("openssl"), *_SELF_SIGNED, "-keyout", str(key), "-out", str(made)],
        check=True,
        capture_output=True,
        timeout=30,
    )
    return made, key


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def mosquitto_with(folder: Path, *listener: str) -> Iterator[tuple[MosquittoHandle, int]]:
    """A running mosquitto with one more listener that has these settings, and that listener's port."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = MosquittoHandle(require("mosquitto"), folder, free_port(), persistence=True)
    port = free_port()
    with handle.config.open("a", encoding="utf-8") as config:
        config.write("\n".join((f"listener {port} 127.0.0.1", *listener)) + "\n")
    handle.start()
    wait_until(lambda: accepts(port))
    try:
        yield handle, port
    finally:
        handle.stop()
