from __future__ import annotations

import pytest

from hub.tls.names import general, is_loopback, is_name, is_within, of_computer, reach, written


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Hub.School.Example.", "hub.school.example"),
        ("192.168.1.20", "192.168.1.20"),
        ("[FD00::0001]", "fd00::1"),
        ("hub", "hub"),
    ],
)
def test_names_are_written_as_browsers_write_them(name: str, plain: str) -> None:
    assert is_name(name)
    assert written(name) == plain


@pytest.mark.parametrize(
    "name",
    ["", "hub:8443", "https://hub", "hub/trust", "-hub.example", "*.example", "a..b", "1.2.3", "中枢", "h b"],
)
def test_what_no_certificate_holds_is_no_name(name: str) -> None:
    assert not is_name(name)


def test_an_authority_reaches_below_its_names_and_within_the_networks_of_its_private_addresses() -> None:
    spaces = tuple(reach(("hub.school.example", "192.168.1.20", "fd00:1::20", "1.2.3.4", "127.0.0.1")))
    inside = ("hub.school.example", "wall.hub.school.example", "192.168.1.99", "fd00:1::9", "1.2.3.4")
    outside = (
        "school.example",
        "myhub.school.example",
        "192.168.2.1",
        "fd00:2::1",
        "1.2.3.5",
        "127.0.0.2",
        "::1",
    )
    assert [name for name in inside if not is_within(name, spaces)] == []
    assert [name for name in outside if is_within(name, spaces)] == []


def test_a_computer_is_called_by_its_name_and_by_mdns() -> None:
    assert of_computer("HubPC") == ("hubpc", "hubpc.local")
    assert of_computer("hub.school.example") == ("hub.school.example", "hub", "hub.local")
    assert of_computer("localhost") == of_computer("my_pc") == of_computer("") == ()


def test_only_this_computer_reaches_the_loopback() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "[::1]")))
    assert not any(map(is_loopback, ("hub.local", "192.168.1.1", "")))


def test_an_address_is_no_host_name_in_a_certificate() -> None:
    assert type(general("192.168.1.20")).__name__ == "IPAddress"
    assert type(general("hub.local")).__name__ == "DNSName"
