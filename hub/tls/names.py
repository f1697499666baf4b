"""The names under which phones reach the hub: host names, and IPv4 and IPv6 addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final

from cryptography import x509

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PREFIXES: Final = {4: 24, 6: 64}


def written(name: str) -> str:
    """A name as certificates and browsers write it: lower case, no brackets, an address in its short form."""
    plain = name.strip("[]").rstrip(".").lower()
    address = _address(plain)
    return plain if address is None else str(address)


def is_name(name: str) -> bool:
    """Whether it is an address, or a host name that a certificate can hold."""
    plain = written(name)
    if _address(plain) is not None:
        return True
    labels = plain.split(".")
    # Browsers read whatever ends in digits as an address.
    return len(plain) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def is_loopback(name: str) -> bool:
    """Whether only this very computer reaches the hub by it."""
    address = _address(written(name))
    return written(name) == LOOPBACK[0] if address is None else address.is_loopback


def of_computer(hostname: str) -> tuple[str, ...]:
    """What a computer of this name calls itself, and is called by mDNS; nothing of a strange name."""
    short = hostname.partition(".")[0].lower()
    if short == LOOPBACK[0] or not is_name(short) or _address(short) is not None:
        return ()
    return tuple(dict.fromkeys((written(hostname), short, f"{short}.local")))


def general(name: str) -> x509.GeneralName:
    """The name as an entry of a certificate's subject alternative names."""
    address = _address(written(name))
    return x509.DNSName(written(name)) if address is None else x509.IPAddress(address)


def reach(names: Iterable[str]) -> Iterator[x509.GeneralName]:
    """What an authority for these names may vouch for: each host name with what is below it, and of a private
    address its /24 or /64, so that the hub may move there; any other address by itself."""
    for name in names:
        address = _address(written(name))
        if address is None:
            yield x509.DNSName(written(name))
            continue
        alone = address.is_loopback or not (address.is_private or address.is_link_local)
        prefix = address.max_prefixlen if alone else _PREFIXES[address.version]
        yield x509.IPAddress(ipaddress.ip_network(f"{address}/{prefix}", strict=False))


def is_within(name: str, reaches: Iterable[x509.GeneralName]) -> bool:
    """Whether a reach covers a name; RFC 5280, section 4.2.1.10."""
    address = _address(written(name))
    for one in reaches:
        if isinstance(one, x509.DNSName) and address is None:
            if f".{written(name)}".endswith(f".{one.value.lstrip('.')}"):
                return True
        elif (
            isinstance(one, x509.IPAddress)
            and address is not None
            and isinstance(one.value, ipaddress.IPv4Network | ipaddress.IPv6Network)
            and address in one.value
        ):
            return True
    return False


def _address(plain: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        return None
