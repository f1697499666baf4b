"""What a notice says: what, where, value and limit, since when, what to do first; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from devices.identity import phone_of
from hub.book.seen import Seen
from hub.clock import NowMs
from hub.config.binding import condition_of
from hub.config.model import Campus, Language
from hub.config.subjects import name_of
from hub.notify.channels import Message
from hub.notify.model import ASKING, NO_ALERT, Entry, Kind, Notice, short_id
from hub.words import conditions, texts, wording
from hub.words.texts import Texts
from rules.model import Severity, Text

PACKAGE: Final = "hub.notify"
_MOST_NOTE_CHARS: Final = 200
_FIRSTS: Final = (Kind.RAISED, Kind.FLAPPING, Kind.WORSENED)
_SAID_BY_SOMEBODY: Final = (Kind.CLOSED, Kind.PUT_RIGHT, Kind.CONFIRMED, Kind.REOPENED)
_CUT: Final = "…"


def load_texts() -> Mapping[Language, Texts]:
    """What messages are made of, in every language."""
    return texts.load((texts.OWN_PACKAGE, PACKAGE))


class Composer:
    """Makes the messages of one channel, in its language. `seen`: where a person tapped last."""

    def __init__(
        self, campus: Campus, said: Texts, now: NowMs, seen: Callable[[str], Seen | None] = lambda _: None
    ) -> None:
        self._campus = campus
        self._said = said
        self._now = now
        self._seen = seen

    def compose(self, entries: Sequence[Entry], most_bytes: int) -> tuple[Message, int]:
        """One notice as a whole message, several as one line each; as many as fit, and how many those are."""
        if len(entries) == 1:
            return _fitted(self.one(entries[0].notice), most_bytes), 1
        lines: list[str] = []
        room = most_bytes - len(self._title(entries).encode()) - 1
        for entry in entries:
            line = self._line(entry.notice)
            room -= len(line.encode()) + 1
            if room < 0:
                break
            lines.append(line)
        if len(lines) <= 1:
            return _fitted(self.one(entries[0].notice), most_bytes), 1
        told = entries[: len(lines)]
        return Message(self._title(told), "\n".join(lines)), len(told)

    def one(self, notice: Notice) -> Message:
        """One notice in full."""
        if notice.work:
            return self._of_work(notice)
        if notice.alert == NO_ALERT:
            return self._of_channel(notice)
        lines = [self._where(notice)]
        if notice.kind in ASKING:
            lines += self._last_seen(notice)
            lines += self._do_first(notice)
        else:
            lines += self._how_it_ended(notice)
        if self._campus.web.public_url:
            lines.append(
                self._said("notice.link", url=f"{self._campus.web.public_url}/alerts/{notice.alert}")
            )
        lines.append(self._foot(notice))
        return Message(self._head(notice), "\n".join(lines))

    def _of_work(self, notice: Notice) -> Message:
        """Something was done, or is to be done, about a work order."""
        person = self._campus.people.get(notice.matter.by)
        note = _one_line(notice.matter.note)
        lines = [f"{person.name if person else notice.matter.by}: {note}"] if note else []
        if self._campus.web.public_url:
            lines.append(self._said("notice.link", url=f"{self._campus.web.public_url}/work/{notice.work}"))
        lines.append(self._foot(notice))
        return Message(self._head(notice), "\n".join(lines))

    def _of_channel(self, notice: Notice) -> Message:
        """A channel refuses messages, or works again."""
        lines = [self._since(notice)]
        if notice.kind is Kind.CHANNEL_REFUSED:
            lines.append(self._said("notice.reason", reason=_one_line(notice.matter.note)))
            lines.append(self._said("notice.prove", channel=notice.matter.subject))
        if self._campus.web.public_url:
            lines.append(self._said("notice.link", url=f"{self._campus.web.public_url}/notices"))
        lines.append(self._foot(notice))
        return Message(self._head(notice), "\n".join(lines))

    def test(self) -> Message:
        """A message that asks nobody for anything."""
        now_ms = self._now()
        at = wording.moment(now_ms, now_ms, self._campus.site.zone, self._said)
        site = self._say(self._campus.site.name)
        return Message(self._said("notice.test", site=site), self._said("notice.test_body", at=at))

    # --- parts ---

    def _head(self, notice: Notice) -> str:
        mark = self._said(f"notice.mark.{notice.kind.value}", severity=self._severity(notice.matter.severity))
        if notice.alert == NO_ALERT:
            return f"{mark}{notice.matter.subject}"
        return f"{mark}{self._subject(notice)} · {self._title_of(notice)}"

    def _title(self, entries: Sequence[Entry]) -> str:
        site = self._say(self._campus.site.name)
        return self._said("notice.several", site=site, n=len(entries))

    def _line(self, notice: Notice) -> str:
        value = self._value(notice) if notice.kind in ASKING else ""
        over = self._said("notice.over") if notice.matter.is_over else ""
        parts = (self._head(notice), value, self._since(notice), over, self._foot(notice))
        return " ".join(part for part in parts if part)

    def _where(self, notice: Notice) -> str:
        device = self._campus.devices.get(notice.matter.subject)
        area = self._campus.areas.get(device.area) if device else None
        value = self._value(notice) if notice.kind in ASKING else ""
        parts = (self._say(area.name) if area else "", value, self._since(notice))
        return self._said("notice.comma").join(part for part in parts if part)

    def _value(self, notice: Notice) -> str:
        """What was seen and what is allowed, and of a forecast when that ends."""
        matter = notice.matter
        condition = condition_of(self._campus, matter.rule, matter.subject)
        if condition is None:
            return ""
        seen = "" if matter.value is None else conditions.value_said(matter.value, condition, self._said)
        limits = conditions.said(condition, self._said)
        value = self._said("notice.value", value=seen, limits=limits) if seen else limits
        due = conditions.due_said(matter.due_ms, condition, self._now(), self._said)
        return self._said("notice.comma").join(part for part in (value, due) if part)

    def _last_seen(self, notice: Notice) -> list[str]:
        """Where to look for the person whose phone it is about."""
        people = self._campus.people.values()
        person = next((one for one in people if phone_of(one.id) == notice.matter.subject), None)
        seen = self._seen(person.id) if person else None
        if seen is None:
            return []
        name = next((one.name for one in self._campus.checkpoints.values() if one.tag_uid == seen.tag), None)
        at = wording.moment(seen.at_ms, self._now(), self._campus.site.zone, self._said)
        return [self._said("notice.last_seen", place=self._say(name) if name else seen.tag, at=at)]

    def _since(self, notice: Notice) -> str:
        zone = self._campus.site.zone
        at = wording.moment(notice.matter.since_ms, self._now(), zone, self._said)
        return self._said("notice.since", at=at)

    def _do_first(self, notice: Notice) -> list[str]:
        lines = [self._said("notice.over")] if notice.matter.is_over else []
        if notice.kind not in _FIRSTS:
            lasted = wording.duration(self._now() - notice.matter.at_ms, self._said)
            lines.append(self._said("notice.nobody", duration=lasted))
        meant = self._meant(notice)
        if meant:
            lines.append(self._said("notice.meant", names=meant))
        rule = self._campus.rules.get(notice.matter.rule)
        if rule is not None and rule.playbook:
            lines.append(self._said("notice.first", step=self._say(rule.playbook[0])))
        return lines

    def _how_it_ended(self, notice: Notice) -> list[str]:
        person = self._campus.people.get(notice.matter.by)
        note = _one_line(notice.matter.note)
        if notice.kind not in _SAID_BY_SOMEBODY:
            return []
        if not notice.matter.by:
            return [self._said("notice.withdrawn")]
        name = person.name if person else notice.matter.by
        if notice.kind is Kind.CONFIRMED:
            return [self._said("notice.confirmed_by", name=name), *([note] if note else [])]
        second = [self._said("notice.second")] if notice.kind is Kind.PUT_RIGHT else []
        return [self._said("notice.closed_by", name=name, action=note), *second]

    def _foot(self, notice: Notice) -> str:
        if notice.alert == NO_ALERT:
            return self._said("notice.foot_of_none", id=short_id(notice.id))
        return self._said("notice.foot", alert=notice.alert, id=short_id(notice.id))

    def _meant(self, notice: Notice) -> str:
        """Whom a message to a group is for, by name."""
        names: dict[str, None] = {}
        for part in notice.recipient.split(","):
            kind, _, name = part.partition(":")
            if kind == "role":
                names |= dict.fromkeys(p.name for p in self._campus.people.values() if p.role.value == name)
            elif kind == "person" and name in self._campus.people:
                names[self._campus.people[name].name] = None
        return self._said("notice.and").join(names)

    def _severity(self, severity: Severity) -> str:
        return self._said(f"severity.{severity.value}")

    def _subject(self, notice: Notice) -> str:
        device = self._campus.devices.get(notice.matter.subject)
        if device is not None:
            return self._say(device.name)
        named = name_of(self._campus, notice.matter.subject)
        if named is not None:
            return self._say(named)
        round_id, _, day = notice.matter.subject.partition("@")
        planned = self._campus.rounds.get(round_id)
        return f"{self._say(planned.name)} {day}" if planned else notice.matter.subject

    def _title_of(self, notice: Notice) -> str:
        rule = self._campus.rules.get(notice.matter.rule)
        return self._say(rule.title) if rule else notice.matter.rule

    def _say(self, text: Text) -> str:
        return text.zh if self._said.language is Language.ZH else text.en


def _fitted(message: Message, most_bytes: int) -> Message:
    """The message, its body cut where it is longer than a channel takes."""
    too_many = len(message.text.encode()) - most_bytes
    if too_many <= 0:
        return message
    body = message.body.encode()
    kept = body[: max(0, len(body) - too_many - len(_CUT.encode()))].decode(errors="ignore")
    return Message(message.title, kept + _CUT)


def _one_line(text: str) -> str:
    """What people typed, in a message: visible, on one line, short."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return line if len(line) <= _MOST_NOTE_CHARS else line[: _MOST_NOTE_CHARS - 1] + _CUT
