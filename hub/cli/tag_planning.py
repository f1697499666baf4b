"""What `campushub tags plan` does, and what its siblings share: the hub's address, places, people by id."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import typer
from rich.table import Column, Table
from rich.text import Text as Cell

from devices.tag_settings import is_of_a_chip_that_signs
from hub.cli.console import err, fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.cli.forms import Proof
from hub.cli.rule_listing import in_language
from hub.cli.unknown_names import known_ones
from hub.config.model import Campus, Checkpoint, Person
from hub.tls.names import is_loopback
from hub.trust.addresses import secure_base
from hub.words.texts import Texts, load

_ORDER: Final = tuple(Proof)
_SECURE: Final = "https://"
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


def show(config: Path, environment: Mapping[str, str], least: Proof) -> None:
    """Prints the plan, in the site's language; ends with 1 while a checkpoint is not ready."""
    campus = load_or_fail(config, environment)
    texts = texts_of(campus)
    headings = (texts(f"tags.plan.{name}") for name in ("checkpoint", "place", "has", "next"))
    table = Table(*(Column(heading, overflow="fold") for heading in headings))
    found = {place.id: proof_of(campus, place) for place in campus.checkpoints.values()}
    waiting = [id_ for id_, proof in found.items() if _ORDER.index(proof) < _ORDER.index(least)]
    for place in campus.checkpoints.values():
        table.add_row(
            Cell(place.id),
            Cell(in_language(campus, place.name)),
            Cell(_has(campus, texts, place, found[place.id])),
            Cell(_next(campus, texts, place, least) if place.id in waiting else texts("tags.plan.ready")),
        )
    out.print(table)
    for line in _of_the_site(campus, texts, least):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    done = len(found) - len(waiting)
    out.print(texts("tags.plan.sum", done=done, all=len(found)), markup=False, highlight=False)
    if waiting or _lacks_key(campus, least):
        raise typer.Exit(Exit.FAILED)


def proof_of(campus: Campus, place: Checkpoint) -> Proof:
    """What taps at a checkpoint can prove as the configuration is."""
    if not place.has_tag:
        return Proof.QR
    signs = campus.tags.keys is not None and place.tag_uid in campus.tags.enrolled
    return Proof.SUN if signs else Proof.UID


def texts_of(campus: Campus) -> Texts:
    """What the commands say, in the site's language."""
    return load(("hub.cli",))[campus.site.language]


def place_of(campus: Campus, id_: str) -> Checkpoint:
    """The checkpoint; ends the program if there is none."""
    place = campus.checkpoints.get(id_)
    if place is None:
        texts = texts_of(campus)
        known = known_ones(texts, id_, campus.checkpoints)
        fail(texts("tags.no_checkpoint", id=id_, known=known), Exit.USAGE)
    return place


def person_of(campus: Campus, id_: str) -> Person:
    """The person; ends the program if there is none."""
    person = campus.people.get(id_)
    if person is None:
        texts = texts_of(campus)
        fail(texts("people.nobody", id=id_, known=known_ones(texts, id_, campus.people)), Exit.USAGE)
    return person


def address_of(campus: Campus, given: str) -> str:
    """Where phones reach the hub, without a slash at its end; ends the program if that is nowhere."""
    texts = texts_of(campus)
    address = (given or _configured(campus)).rstrip("/")
    try:
        parts = urlsplit(address)
        is_one = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not parts.query
            and not parts.fragment
        )
    except ValueError:
        is_one = False
    if not is_one or not address.isascii() or any(character.isspace() for character in address):
        fail(texts("tags.no_address" if not given else "tags.bad_address", address=given), Exit.CONFIGURATION)
    if not address.startswith(_SECURE):
        tell(texts("tags.not_secure", address=address))
    return address


def tell(line: str) -> None:
    """Says something beside the result."""
    err.print(line, markup=False, highlight=False, soft_wrap=True)


def _configured(campus: Campus) -> str:
    address = campus.web.public_url or secure_base(campus.web, "")
    host = urlsplit(address).hostname or ""
    return "" if is_loopback(host) or host in _EVERYWHERE else address


def _has(campus: Campus, texts: Texts, place: Checkpoint, proof: Proof) -> str:
    if proof is Proof.QR:
        return texts("tags.plan.qr")
    if proof is Proof.UID:
        return texts("tags.plan.uid", uid=place.tag_uid)
    tag = campus.tags.enrolled[place.tag_uid]
    return texts("tags.plan.sun", uid=tag.uid, count=tag.from_count, version=tag.key_version)


def _next(campus: Campus, texts: Texts, place: Checkpoint, least: Proof) -> str:
    if not place.has_tag:
        return texts("tags.plan.fix_tag", id=place.id)
    if least is Proof.SUN and not is_of_a_chip_that_signs(place.tag_uid):
        return texts("tags.plan.other_chip")
    if campus.tags.keys is None:
        return texts("tags.plan.key_first", id=place.id)
    return texts("tags.plan.write_tag", id=place.id)


def _of_the_site(campus: Campus, texts: Texts, least: Proof) -> list[str]:
    lines = []
    if _lacks_key(campus, least):
        lines.append(texts("tags.plan.no_key"))
    address = _configured(campus)
    if not address:
        lines.append(texts("tags.no_address", address=""))
    elif not address.startswith(_SECURE):
        lines.append(texts("tags.not_secure", address=address))
    return lines


def _lacks_key(campus: Campus, least: Proof) -> bool:
    return least is Proof.SUN and campus.tags.keys is None
