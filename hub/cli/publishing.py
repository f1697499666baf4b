"""`campushub dashboards publish`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dashboards.grafana import PublishError, Trouble
from dashboards.publish import Source, publish_to
from dashboards.queries import Storing as Way
from dashboards.shipped import shipped, with_devices
from hub.cli.console import err, fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.config.model import Campus, HistoryKind

_REFUSALS: Final = frozenset({Trouble.UNAUTHORIZED, Trouble.FORBIDDEN})


def publish(
    config: Path, environment: Mapping[str, str], url: str, token_env: str, folder: str, *, with_source: bool
) -> None:
    """Publishes the dashboards, fitted to this campus's devices."""
    campus = load_or_fail(config, environment)
    token = environment.get(token_env, "")
    if not token:
        fail(f"set {token_env} to a token of a Grafana service account with the role Editor", Exit.USAGE)
    boards = [with_devices(board, _stored(campus)) for board in shipped()]
    try:
        outcomes = publish_to(url, token, boards, folder, _source(campus) if with_source else None)
    except PublishError as error:
        fail(str(error), Exit.REFUSED if error.trouble in _REFUSALS else Exit.UNAVAILABLE)
    for outcome in outcomes:
        replaced = f" (replaced {outcome.replaced})" if outcome.replaced else ""
        out.print(
            f"{outcome.thing.value} {outcome.name}: {outcome.change.value}{replaced}",
            markup=False,
            highlight=False,
        )


def _stored(campus: Campus) -> dict[Way, list[str]]:
    return {
        way: [d.id for d in campus.devices.values() if d.storing and d.storing.value == way.value]
        for way in Way
    }


def _source(campus: Campus) -> Source | None:
    history = campus.storage.history
    if history.kind is HistoryKind.DUCKDB:
        err.print(
            "The history is the embedded one, which Grafana cannot ask: set storage.history to InfluxDB. "
            "The dashboards are published without a data source.",
            style="yellow",
        )
        return None
    return Source(history.url, history.database, history.username or "", history.password, history.token)
