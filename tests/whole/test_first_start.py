"""The first start at a school: a one-time password, which must be changed, and PINs for the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.real.mosquitto import mosquitto
from tests.whole.hub_process import HubProcess, configure, hub, wait_until


def sign_in(running: HubProcess, person: str, secret: str) -> tuple[httpx.Client, httpx.Response]:
    client = httpx.Client(base_url=running.address, timeout=10)
    token = re.search(r'name="csrf"[^>]*value="([^"]+)"', client.get("/login").text)
    assert token is not None
    return client, client.post("/login", data={"person": person, "secret": secret, "csrf": token[1]})


def change(client: httpx.Client, old: str, new: str) -> httpx.Response:
    csrf = client.get("/api/v1/me").json()["csrf"]
    form = {"current": old, "new": new, "again": new, "csrf": csrf}
    return client.post("/account/secret", data=form, follow_redirects=True)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    with mosquitto(tmp_path / "mosquitto") as broker:
        yield configure(tmp_path, broker_port=broker.port, people_have_secrets=False)


def test_the_one_time_password_opens_only_its_own_change(config: Path) -> None:
    with hub(config) as running:
        printed = wait_until(lambda: re.search(r"one-time password (\S+)", running.output()))
        client, answer = sign_in(running, "admin", printed[1])
        assert answer.status_code == 303
        assert client.get("/api/v1/devices").status_code == 403
        assert client.get("/").headers["location"].startswith("/account/secret")
        assert change(client, printed[1], "12345678").status_code != 200
        changed = change(client, printed[1], "a-better-secret")
        assert changed.status_code == 200, changed.text
        client.close()
        client, _ = sign_in(running, "admin", "a-better-secret")
        assert len(client.get("/api/v1/devices").json()) == 12

        csrf = client.get("/api/v1/me").json()["csrf"]
        issued = client.post("/people/wang-fang/one-time", data={"csrf": csrf}, follow_redirects=True)
        pin = re.search(r"<(?:code|output|strong)[^>]*>\s*([a-y0-9]{10})\s*<", issued.text)
        assert pin is not None, issued.text
        guest, answer = sign_in(running, "wang-fang", pin[1])
        assert answer.status_code == 303
        guest.close()
        client.close()
    with hub(config) as running:
        assert running.output().count("one-time password") == 1
