"""The contract between the application and the pages: names and contexts go in, HTML comes out.

Contexts that the application hands to `page` (codes are strings; their texts are the pages' affair):

- `login`: `person` (as typed), `error` ("", "wrong", "locked", "busy", "expired"), `next`, `csrf`;
  the form posts `person`, `secret`, `csrf`, `next` to /login
- `change-secret`: `errors` (tuple of "wrong", "locked", "busy", "too_short", "too_long", "too_simple",
  "mismatch", "same"), `next`; the form posts `csrf`, `current`, `new`, `again`, `next` to /account/secret
- `people`: `people` (tuple of `PersonState`), `issued` (`Issued`, once after making one, or None), `phones`
  (tuple of `PhoneState`); a form for each person posts `csrf` to /people/{person}/one-time, and one for each
  phone to /people/phones/{id}/end
- `error`: `status` (int), `code` (a `hub.web.errors.Code` value), `message` (`rules.model.Text`)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from hub.config.model import Language
from hub.live.board import Changed
from hub.web.viewer import Viewer
from rules.model import Role


class Fragment(msgspec.Struct, frozen=True):
    """New HTML for the element with the id `element` of a page; empty HTML removes it."""

    element: str
    html: str


class PersonState(msgspec.Struct, frozen=True):
    """A line of the page `people`. `one_time`: still to be changed; `changed_at_ms` None: has no secret."""

    id: str
    name: str
    role: Role
    one_time: bool
    changed_at_ms: int | None
    locked_until_ms: int | None


class PhoneState(msgspec.Struct, frozen=True):
    """A phone on the page `people` that stays signed in. `id`: of its session; `seen_ms`: when it was last
    used, to ten minutes."""

    id: str
    person: str
    since_ms: int
    seen_ms: int


class Issued(msgspec.Struct, frozen=True):
    """A one-time secret just made, to be read out to its person; it is shown this once."""

    person: str
    secret: str


class Render(Protocol):
    """What makes HTML. Any thread may call it."""

    def page(self, name: str, viewer: Viewer | None, language: Language, **context: object) -> str:
        """A full HTML page."""

    def fragments(self, changed: Iterable[Changed], viewer: Viewer) -> tuple[Fragment, ...]:
        """What the changes look like. One rendering serves everybody of the same role and language, so the
        viewer has no person, name or csrf token: scripts take the token from the page."""
