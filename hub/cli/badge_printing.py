"""What `campushub people badges` does."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.cli.console import fail, load_or_fail
from hub.cli.exits import Exit
from hub.cli.new_files import write_new
from hub.cli.tag_planning import person_of, tell, texts_of
from hub.config.model import Language
from hub.patrol.badges import PER_PAGE, Badge, badge_sheets
from hub.words.texts import OWN_PACKAGE, load
from rules.model import Role, Text


def make(config: Path, environment: Mapping[str, str], asked: Sequence[str], output: Path) -> None:
    """Writes the badges of these people, or of all who have one, to a new file."""
    campus = load_or_fail(config, environment)
    texts = texts_of(campus)
    people = [person_of(campus, id_) for id_ in asked] or list(campus.people.values())
    without = [person.id for person in people if not person.badge]
    if asked and without:
        fail(texts("badges.no_number", people=", ".join(without), example=_some_number()), Exit.CONFIGURATION)
    badges = [Badge(person.name, _called(person.role), person.badge) for person in people if person.badge]
    if not badges:
        fail(texts("badges.none", example=_some_number()), Exit.CONFIGURATION)
    write_new(texts, output, badge_sheets(campus.site.name, badges), "--output")
    tell(texts("badges.made", file=output, badges=len(badges), pages=-(-len(badges) // PER_PAGE)))


def _some_number() -> str:
    """A number that nobody else has: one that many copied from here would be everybody's badge."""
    return secrets.token_hex(7).upper()


def _called(role: Role) -> Text:
    words = load((OWN_PACKAGE,))
    key = f"role.{role.value}"
    return Text(words[Language.ZH](key), words[Language.EN](key))
