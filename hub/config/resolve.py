"""From the typed file to the frozen `Campus`: defaults filled in, paths and zones made real."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from devices.tag_keys import MasterKey
from hub.config import schema
from hub.config.broker_users import users_of
from hub.config.calendar import calendar_of
from hub.config.checklists import checks_of
from hub.config.maintenance import windows_of
from hub.config.model import (
    Area,
    Broker,
    Campus,
    Checkpoint,
    Device,
    History,
    Language,
    Person,
    Site,
    Storage,
)
from hub.config.passwords import Secrets
from hub.config.plan import spot_of
from hub.config.rounds import rounds_of
from hub.config.rulebook import Rulebook
from hub.config.shifts import shifts_of
from hub.config.table import TextTable
from hub.config.tags import tags_of, uid_of
from hub.config.telling import channels_of, policies_of
from hub.config.views import view_of
from hub.config.web import web_of
from rules.model import Text


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def resolve(
    source: Path, file: schema.File, secrets: Secrets, rulebook: Rulebook, master_key: MasterKey | None = None
) -> Campus:
    """The campus that a file without faults describes. Relative paths are relative to `source`."""
    return Campus(
        source=source,
        site=Site(file.site.id, _text(file.site.name), ZoneInfo(file.site.zone), file.site.language),
        calendar=calendar_of(file.calendar, ZoneInfo(file.site.zone)),
        broker=_broker(file, secrets),
        storage=_storage(source, file.storage, secrets),
        web=web_of(source, file.web),
        areas=_by_id(Area(area.id, _text(area.name), area.owner or "") for area in file.area),
        people=_by_id(_person(person, file.site.language) for person in file.person),
        devices=_by_id(_device(device) for device in file.device),
        checkpoints=_by_id(
            Checkpoint(
                place.id,
                _text(place.name),
                place.area,
                uid_of(file, place),
                place.key,
                place.tag_uid is not None,
                checks=checks_of(file, place),
                floor=_text(place.floor) if place.floor is not None else None,
                view=view_of(source, place.picture),
                spot=spot_of(place),
                owner=place.owner or "",
            )
            for place in file.checkpoint
        ),
        rounds=_by_id(rounds_of(file)),
        rules=_by_id(rulebook.rules),
        rules_off=rulebook.off,
        channels=_by_id(channels_of(file, secrets.channel_urls)),
        policies=policies_of(file),
        maintenance=windows_of(file.maintenance, ZoneInfo(file.site.zone)),
        shifts=shifts_of(file),
        tags=tags_of(file, master_key),
    )


def book_url_in(folder: Path) -> str:
    """The book's SQLAlchemy URL where the configuration names none."""
    return f"sqlite:///{folder / 'book.sqlite'}"


def _broker(file: schema.File, secrets: Secrets) -> Broker:
    broker = file.broker
    return Broker(
        embedded=broker.embedded,
        host=broker.host,
        port=broker.port,
        client_id=broker.client_id,
        username=broker.username,
        password=secrets.broker_password,
        tls=broker.tls,
        protocol=broker.protocol,
        users=users_of(file),
    )


def _storage(source: Path, storage: schema.StorageTable, secrets: Secrets) -> Storage:
    folder = (source.parent / storage.folder).absolute()
    return Storage(
        folder=folder,
        book_url=secrets.book_url or book_url_in(folder),
        log_days=storage.log_days,
        history=History(
            kind=storage.history.kind,
            url=storage.history.url or "",
            database=storage.history.database,
            organisation=storage.history.organisation or "",
            token=secrets.history_token,
            username=storage.history.username,
            password=secrets.history_password,
        ),
    )


def _person(person: schema.PersonTable, language: Language) -> Person:
    return Person(person.id, person.name, person.role, person.badge or "", person.language or language)


def _device(device: schema.DeviceTable) -> Device:
    return Device(
        id=device.id,
        name=_text(device.name),
        kind=device.kind,
        area=device.area,
        owner=device.owner,
        format=device.format,
        topic=device.topic or "",
        sensor=device.sensor or "",
        interval_ms=device.interval or 0,
        storing=device.storing,
        low=device.low,
        high=device.high,
        via=device.via or "",
        fed_by=device.fed_by or "",
        labels=tuple(device.labels),
        checkpoint=device.checkpoint or "",
    )


def _text(text: TextTable) -> Text:
    return Text(zh=text.zh, en=text.en)


def _by_id(items: Iterable[N]) -> MappingProxyType[str, N]:
    return MappingProxyType({item.id: item for item in items})
