"""Brings dashboards and the data source to a Grafana: what is already so is left alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import msgspec
from grafana_api.grafana_face import GrafanaFace

from dashboards.grafana import ask, ask_if_there, connect, disconnect
from dashboards.shipped import Board

FOLDER: Final = "campushub"
SOURCE: Final = "campushub"  # name and uid of the data source that the dashboards look for first

_SERVERS_OWN: Final = ("id", "version")
_MESSAGE: Final = "published by campushub"


class Change(Enum):
    """What publishing one thing did on the server."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Thing(Enum):
    """What was published."""

    FOLDER = "folder"
    DASHBOARD = "dashboard"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one thing. `path`: its page under Grafana's address. `replaced`: what it overwrote."""

    thing: Thing
    name: str
    change: Change
    path: str = ""
    replaced: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """An InfluxDB that Grafana asks in InfluxQL. A token (2.x, 3.x) goes as a header, else the password."""

    url: str
    database: str
    username: str = ""
    password: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"Source(url={self.url!r}, database={self.database!r}, username={self.username!r})"


class _Folder(msgspec.Struct):
    uid: str
    title: str


class _Meta(msgspec.Struct, rename="camel"):
    folder_uid: str = ""
    url: str = ""
    updated: str = ""
    updated_by: str = ""


class _Stored(msgspec.Struct):
    dashboard: dict[str, Any]
    meta: _Meta


class _Saved(msgspec.Struct):
    url: str = ""


class _StoredSource(msgspec.Struct, rename="camel"):
    name: str
    type: str
    access: str
    url: str = ""
    user: str = ""
    database: str = ""
    json_data: dict[str, Any] | None = None
    secure_json_fields: dict[str, bool] | None = None
    version: int = 0


def publish_to(
    url: str, token: str, boards: Sequence[Board], folder: str = FOLDER, source: Source | None = None
) -> tuple[Outcome, ...]:
    """Connects, publishes the data source if there is one, then the dashboards. Raises PublishError."""
    client = connect(url, token)
    try:
        sources = () if source is None else (publish_source(client, source),)
        return (*sources, *publish(client, boards, folder))
    finally:
        disconnect(client)


def publish(client: GrafanaFace, boards: Sequence[Board], folder: str = FOLDER) -> tuple[Outcome, ...]:
    """Puts the dashboards into the folder; the outcomes are the folder's and then each dashboard's.

    What somebody edited on the server is overwritten, and the outcome says whose it was. A change that is
    made while this runs is not overwritten: that raises PublishError, as does every other failure.
    """
    uid, outcome = _folder(client, folder)
    return (outcome, *(_dashboard(client, board, uid) for board in boards))


def publish_source(client: GrafanaFace, source: Source, *, renew_secret: bool = False) -> Outcome:
    """Creates or updates the data source. Raises PublishError.

    Grafana never shows a secret again, so a changed one is only written with `renew_secret`.
    """
    wanted = _source_body(source)
    path = f"uid/{SOURCE}"  # grafana-api puts it where the number goes; the numbers are on their way out
    stored = ask_if_there(_StoredSource, client.datasource.get_datasource_by_id, path)
    if stored is None:
        ask(dict, client.datasource.create_datasource, wanted)
        return Outcome(Thing.SOURCE, SOURCE, Change.CREATED)
    if not renew_secret and _same_source(stored, wanted):
        return Outcome(Thing.SOURCE, SOURCE, Change.UNCHANGED)
    ask(dict, client.datasource.update_datasource, path, {**wanted, "version": stored.version})
    return Outcome(Thing.SOURCE, SOURCE, Change.UPDATED)


def _folder(client: GrafanaFace, title: str) -> tuple[str, Outcome]:
    for there in ask(list[_Folder], client.folder.get_all_folders):
        if there.title == title:
            return there.uid, Outcome(Thing.FOLDER, title, Change.UNCHANGED)
    made = ask(_Folder, client.folder.create_folder, title)
    return made.uid, Outcome(Thing.FOLDER, title, Change.CREATED)


def _dashboard(client: GrafanaFace, board: Board, folder_uid: str) -> Outcome:
    ours: dict[str, Any] = json.loads(board.text)
    stored = ask_if_there(_Stored, client.dashboard.get_dashboard, board.uid)
    if stored is None:
        saved = _save(client, ours, folder_uid)
        return Outcome(Thing.DASHBOARD, board.title, Change.CREATED, saved.url)
    if stored.meta.folder_uid == folder_uid and _same_dashboard(stored.dashboard, ours):
        return Outcome(Thing.DASHBOARD, board.title, Change.UNCHANGED, stored.meta.url)
    theirs = {key: stored.dashboard.get(key) for key in _SERVERS_OWN}
    saved = _save(client, {**ours, **theirs}, folder_uid)
    replaced = f"version {theirs['version']}, saved by {stored.meta.updated_by} at {stored.meta.updated}"
    return Outcome(Thing.DASHBOARD, board.title, Change.UPDATED, saved.url, replaced)


def _save(client: GrafanaFace, body: dict[str, Any], folder_uid: str) -> _Saved:
    """Without `overwrite`: Grafana refuses when the version is no longer the one that was compared."""
    request = {"dashboard": body, "folderUid": folder_uid, "message": _MESSAGE, "overwrite": False}
    return ask(_Saved, client.dashboard.update_dashboard, request)


def _same_dashboard(theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    """A newer Grafana hands dashboards out in its newer schema, with more in them than was saved."""
    theirs = {key: value for key, value in theirs.items() if key not in _SERVERS_OWN}
    if theirs.get("schemaVersion", 0) <= ours["schemaVersion"]:
        return theirs == ours
    return _holds(theirs, {key: value for key, value in ours.items() if key != "schemaVersion"})


def _holds(theirs: object, ours: object) -> bool:
    """Whether everything of ours is there; objects may have more, lists may not."""
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(
            key in theirs and _holds(theirs[key], value) for key, value in ours.items()
        )
    if isinstance(ours, list):
        return (
            isinstance(theirs, list)
            and len(theirs) == len(ours)
            and all(_holds(their, our) for their, our in zip(theirs, ours, strict=True))
        )
    return theirs == ours


def _source_body(source: Source) -> dict[str, Any]:
    settings: dict[str, Any] = {"dbName": source.database, "httpMode": "POST", "version": "InfluxQL"}
    secrets: dict[str, str] = {}
    if source.token is not None:
        settings["httpHeaderName1"] = "Authorization"
        secrets["httpHeaderValue1"] = f"Token {source.token}"
    elif source.password is not None:
        secrets["password"] = source.password
    return {
        "name": SOURCE,
        "uid": SOURCE,
        "type": "influxdb",
        "access": "proxy",
        "url": source.url,
        "user": source.username,
        "database": source.database,  # where Grafana before 9 looks for it
        "jsonData": settings,
        "secureJsonData": secrets,
    }


def _same_source(stored: _StoredSource, wanted: dict[str, Any]) -> bool:
    visible = ("name", "type", "access", "url", "user", "database")
    has = {name for name, there in (stored.secure_json_fields or {}).items() if there}
    return (
        all(getattr(stored, name) == wanted[name] for name in visible)
        and _holds(stored.json_data or {}, wanted["jsonData"])
        and has == set(wanted["secureJsonData"])
    )
