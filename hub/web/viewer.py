"""Who looks at a page, and in which language."""

from __future__ import annotations

import msgspec

from hub.config.model import Language
from rules.model import Role


class Viewer(msgspec.Struct, frozen=True):
    """A signed-in person. `csrf` must come back with every change that the browser asks for."""

    person: str
    name: str
    role: Role
    language: Language
    csrf: str
    must_change_secret: bool
