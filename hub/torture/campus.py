"""The configuration of the tortured hub: as many devices as wanted, on free ports, in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from devices.facts import Kind
from hub.torture.plan import BrokerKind
from hub.torture.traffic import SITE, Traffic

_HEAD: Final = """\
[site]
id = "{site}"
name = "torture"
zone = "Asia/Shanghai"

[broker]
embedded = {embedded}
port = {broker_port}

[storage]
folder = "data"
log_days = 3660

[storage.history]
{history}

[web]
port = {web_port}

[[area]]
id = "canteen"
name = "canteen"

[[person]]
id = "admin"
name = "admin"
role = "admin"

[[person]]
id = "cook"
name = "cook"
role = "canteen"
"""


def write(
    folder: Path, traffic: Traffic, broker: BrokerKind, *, broker_port: int, web_port: int, history: str
) -> Path:
    """Writes `campus.toml`; `history` is what stands in its table."""
    head = _HEAD.format(
        site=SITE,
        embedded=str(broker is BrokerKind.EMBEDDED).lower(),
        broker_port=broker_port,
        web_port=web_port,
        history=history,
    )
    path = folder / "campus.toml"
    devices = "".join(_device(traffic, number) for number in range(traffic.devices))
    path.write_text(head + devices, encoding="utf-8")
    return path


def _device(traffic: Traffic, number: int) -> str:
    kind = traffic.kind(number)
    storing = 'storing = "chilled"\n' if kind is Kind.FRIDGE else ""
    return (
        f'\n[[device]]\nid = "{traffic.device(number)}"\nname = "{number}"\nkind = "{kind.value}"\n'
        f'{storing}area = "canteen"\nowner = "cook"\ninterval = "1m"\n'
    )
