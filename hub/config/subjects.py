"""What people call subjects of alerts that are no devices and no rounds: days, phones, checkpoints; pure."""

from __future__ import annotations

from devices.identity import phone_of
from hub.config.model import ALL_ROUNDS, Campus
from rules.model import Text


def name_of(campus: Campus, subject: str) -> Text | None:
    """The name of the day whose rounds are meant, of the person whose phone it is, or of the checkpoint;
    None: it is none of these."""
    id_, _, day = subject.partition("@")
    if id_ == ALL_ROUNDS and day:
        return Text(f"{day} 全天巡更", f"All rounds of {day}")
    person = next((one for one in campus.people.values() if phone_of(one.id) == subject), None)
    if person is not None:
        return Text(person.name, person.name)
    place = campus.checkpoints.get(subject)
    return place.name if place is not None else None


def called(campus: Campus, subject: str) -> Text:
    """What any subject of an alert is called in a line of its own: a round with its day; the id itself where
    the configuration has lost it."""
    device = campus.devices.get(subject)
    if device is not None:
        return device.name
    round_, _, day = subject.partition("@")
    planned = campus.rounds.get(round_)
    if planned is not None and day:
        return Text(f"{planned.name.zh} {day}", f"{planned.name.en} {day}")
    return name_of(campus, subject) or Text(subject, subject)
