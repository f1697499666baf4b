from __future__ import annotations

from dataclasses import replace

import pytest

from hub.config.model import Tls, Web
from hub.trust.addresses import secure_base, trust_page

OWN = Web(
    host="0.0.0.0",
    port=8443,
    secure_cookies=True,
    tls=Tls.OWN,
    names=("hub.example", "192.168.1.20", "fd00::1"),
    http_port=8361,
)


@pytest.mark.parametrize(
    ("asked", "base"),
    [
        ("hub.example", "https://hub.example:8443"),
        ("192.168.1.20", "https://192.168.1.20:8443"),
        ("fd00::1", "https://[fd00::1]:8443"),
        ("localhost", "https://localhost:8443"),
        ("127.0.0.1", "https://127.0.0.1:8443"),
        ("evil.example", "https://hub.example:8443"),
        ("", "https://hub.example:8443"),
    ],
)
def test_nobody_is_led_to_a_name_that_the_certificate_does_not_hold(asked: str, base: str) -> None:
    assert secure_base(OWN, asked) == base


def test_a_phone_is_never_sent_to_this_computer() -> None:
    assert trust_page(OWN, "localhost", 8443) == "http://hub.example:8361/trust"
    assert trust_page(replace(OWN, names=("localhost", "10.0.0.1")), "127.0.0.1", None) == (
        "http://10.0.0.1:8361/trust"
    )


def test_usual_ports_are_left_out() -> None:
    web = replace(OWN, port=443, http_port=80)
    assert secure_base(web, "hub.example") == "https://hub.example"
    assert trust_page(web, "hub.example", None) == "http://hub.example/trust"


def test_without_a_plain_port_the_page_is_on_https() -> None:
    assert trust_page(replace(OWN, http_port=None), "hub.example", None) == "https://hub.example:8443/trust"


def test_behind_a_proxy_https_is_where_people_reach_the_pages() -> None:
    web = Web("127.0.0.1", 8360, secure_cookies=True, public_url="https://hub.example")
    assert secure_base(web, "127.0.0.1") == "https://hub.example"
    assert trust_page(web, "127.0.0.1", 8360) == "https://hub.example/trust"


def test_without_tls_there_is_no_https_to_lead_to() -> None:
    web = Web("0.0.0.0", 8360, secure_cookies=False)
    assert secure_base(web, "192.168.1.20") == ""
    assert trust_page(web, "192.168.1.20", 8360) == "http://192.168.1.20:8360/trust"
