"""The demonstration, as a visitor meets it: up quickly, alive, ended by Ctrl-C, with its data next time."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.cli.demonstration import SECRETS
from tests.real import free_port
from tests.whole.hub_process import CAMPUSHUB, wait_until


class Demo:
    """One running demonstration."""

    def __init__(self, folder: Path, port: int, broker_port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._output = folder.parent / "demo.txt"
        self.client = httpx.Client(base_url=self.address, timeout=10)
        self._started = time.monotonic()
        ports = ["--port", str(port), "--broker-port", str(broker_port)]
        with self._output.open("ab") as output:
            self.process = subprocess.Popen(
                [CAMPUSHUB, "demo", "--folder", folder, *ports], stdout=output, stderr=output
            )

    def output(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def wait_until_up(self) -> float:
        """How long it took from the start, in seconds."""
        wait_until(self._answers, otherwise=self.output)
        return time.monotonic() - self._started

    def end(self) -> tuple[int, float]:
        """Ctrl-C: the exit code, and how long it took in seconds."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20), time.monotonic() - began

    def sign_in(self, person: str) -> None:
        token = re.search(r'name="csrf"[^>]*value="([^"]+)"', self.client.get("/login").text)
        assert token is not None
        form = {"person": person, "secret": SECRETS[person], "csrf": token[1]}
        assert self.client.post("/login", data=form).status_code == 303

    def devices(self) -> dict[str, dict[str, Any]]:
        return {device["id"]: device for device in self.client.get("/api/v1/devices").json()}

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.output()
        try:
            return httpx.get(f"{self.address}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def demo(folder: Path, port: int, broker_port: int) -> Iterator[Demo]:
    running = Demo(folder, port, broker_port)
    try:
        yield running
    finally:
        running.client.close()
        if running.process.poll() is None:
            running.process.terminate()  # so that it ends its broker too
            running.process.wait(20)


def test_it_is_up_alive_ended_and_remembered(tmp_path: Path) -> None:
    folder, port, broker_port = tmp_path / "data", free_port(), free_port()
    with demo(folder, port, broker_port) as first:
        first.wait_until_up()
        first.sign_in("liu-yang")

        def everybody_spoke() -> bool:
            heard = [d["received_at_ms"] for d in first.devices().values()]
            measured = [d["measured_at_ms"] for d in first.devices().values() if d["kind"] != "checkpoint"]
            return None not in heard and None not in measured

        wait_until(everybody_spoke, otherwise=lambda: str(first.devices()))
        assert f"{first.address}/" in first.output()
        assert all(secret in first.output() for secret in SECRETS.values())
        before = first.devices()["cold-1"]["measured_at_ms"]
        assert wait_until(lambda: first.devices()["cold-1"]["measured_at_ms"] > before)
        code, took_s = first.end()
        assert code == 0, first.output()
        assert took_s < 3
        assert "Traceback" not in first.output()
    with demo(folder, port, broker_port) as second:
        assert second.wait_until_up() < 15
        second.sign_in("wang-fang")
        assert second.devices()["cold-1"]["measured_at_ms"] >= before
        second.end()


def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path: Path) -> None:
    port = free_port()
    with demo(tmp_path / "one", port, free_port()) as first:
        first.wait_until_up()
        second = subprocess.run(
            [CAMPUSHUB, "demo", "--folder", tmp_path / "two", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert second.returncode == 4
        assert f":{port}" in second.stderr
        assert "--port" in second.stderr
        first.end()


@pytest.mark.parametrize("scenario", ["no-such-day"])
def test_an_unknown_scenario_is_refused_and_the_known_ones_named(tmp_path: Path, scenario: str) -> None:
    refused = subprocess.run(
        [
            CAMPUSHUB,
            "demo",
            "--folder",
            tmp_path,
            "--scenario",
            scenario,
            "--port",
            "0",
            "--broker-port",
            "0",
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert refused.returncode == 3
    assert "fridge-fails" in refused.stderr
