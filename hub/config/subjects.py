"""What people call subjects of alerts that are neither devices nor rounds: phones, checkpoints; pure."""

from __future__ import annotations

from devices.identity import phone_of
from hub.config.model import Campus
from rules.model import Text


def name_of(campus: Campus, subject: str) -> Text | None:
    """The name of the person whose phone it is, or of the checkpoint; None: it is neither."""
    person = next((one for one in campus.people.values() if phone_of(one.id) == subject), None)
    if person is not None:
        return Text(person.name, person.name)
    place = campus.checkpoints.get(subject)
    return place.name if place is not None else None
