"""A certificate about to expire is an alert like any other: from the file to the alert book."""

from __future__ import annotations

from pathlib import Path

from hub.clock import system_now_ms
from hub.config.load import load
from hub.main import Hub
from rules.model import Severity
from tests.hub.tls.making import DAY_MS, authority, by, written
from tests.whole.hub_process import configure, wait_until

RULE = "hub.certificate-expiring"
WEB = '[web]\ntls = "given"\ncertificate_file = "hub.crt"\nkey_file = "hub.key"\n'
HUB = """
[[device]]
id = "hub"
name = "Hub"
kind = "hub"
area = "gatehouse"
owner = "admin"
"""


def test_a_certificate_with_two_days_left_is_critical_and_a_new_one_ends_that(tmp_path: Path) -> None:
    signer = authority()
    written(tmp_path, by(signer, now_ms=system_now_ms() - 393 * DAY_MS))
    path = configure(tmp_path, broker_port=None, people_have_secrets=False)
    path.write_text(path.read_text(encoding="utf-8").replace("[web]\n", WEB) + HUB, encoding="utf-8")
    hub = Hub(load(path, {}))
    assert hub.certificate is not None
    hub.certificate.prepare()
    hub.start()
    try:
        alert = wait_until(lambda: next((one for one in hub.board.alerts() if one.rule == RULE), None))
        assert (alert.subject, alert.severity, alert.active) == ("hub", Severity.CRITICAL, True)
        days = hub.health().certificate_days
        assert days is not None
        assert 1.9 < days < 2.1
        written(tmp_path, by(signer))
        hub._loops["certificate"].wake()
        wait_until(lambda: not any(one.rule == RULE and one.active for one in hub.board.alerts()))
    finally:
        hub.stop()
