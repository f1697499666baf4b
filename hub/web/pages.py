"""Every page's HTML: the shared frame, and what each face adds. Jinja2 escapes all that is not markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hub.config.model import Language
from hub.config.subjects import called
from hub.live.board import Changed, Topic
from hub.notify import ledger
from hub.web.deps import Deps
from hub.web.render import Fragment
from hub.web.scene import Element, Face, Scene, Section, deciding_watches, scene_of
from hub.web.viewer import Viewer
from hub.words import conditions, texts, wording
from hub.words.texts import Texts
from hub.work import orders
from hub.work.orders import Filter
from rules.model import Role, Text

OWN_PACKAGE: Final = "hub.web"

# The things that come and go, with an element of their own: once they are gone, so is it.
_PASSING: Final = Topic.ALERT
_READERS_OF_RECORDS: Final = frozenset({Role.HEAD, Role.ADMIN})
_UPKEEPERS: Final = frozenset({Role.MAINTENANCE, Role.HEAD, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Drawn:
    """A section with its elements as HTML."""

    id: str
    elements: tuple[Markup, ...]
    summary: Markup


class Pages:
    """The `Render` of the real hub. Any thread may call it."""

    def __init__(self, deps: Deps, faces: Sequence[Face]) -> None:
        """Reads templates and texts of the faces' packages; a fault in them is found here or by the tests."""
        self._deps = deps
        self._faces = tuple(faces)
        self._watches = deciding_watches(deps.campus)
        packages = (OWN_PACKAGE, *(face.package for face in self._faces))
        loader = ChoiceLoader([PackageLoader(package) for package in packages])
        self._texts = texts.load((texts.OWN_PACKAGE, *packages))
        self._environments = {
            language: _environment(loader, said, deps) for language, said in self._texts.items()
        }

    def page(self, name: str, viewer: Viewer | None, language: Language, **context: object) -> str:
        """A full HTML page. `name`: one of the frame's own (`login`), or a face's (`desk/live`)."""
        template = name if "/" in name else f"web/{name}"
        return (
            self._environments[language]
            .get_template(f"{template}.html")
            .render(self._shared(viewer, language), **context)
        )

    def fragments(self, changed: Iterable[Changed], viewer: Viewer) -> tuple[Fragment, ...]:
        """The live elements that the changes may have altered; those of things that are gone, empty."""
        heard = frozenset(changed)
        scene = self.scene(viewer)
        elements = self._elements(scene)
        present = {element.id for element in elements}
        gone = (f"{topic.value}-{ref}" for topic, ref in heard if topic is _PASSING)
        removed = tuple(Fragment(id_, "") for id_ in sorted(gone) if id_ not in present)
        drawn = (
            Fragment(element.id, self._draw(element, scene))
            for element in elements
            if element.concerns(heard)
        )
        return (*removed, *drawn)

    def scene(self, viewer: Viewer) -> Scene:
        """The campus as it is now."""
        return scene_of(self._deps, self._watches, viewer)

    def sections(self, viewer: Viewer) -> dict[str, Drawn]:
        """Every face's part of the live page, by section; drawn exactly as `fragments` draws it."""
        scene = self.scene(viewer)
        sections = (section for face in self._faces for section in face.sections(scene))
        return {section.id: self.drawn(section, scene) for section in sections}

    def drawn(self, section: Section, scene: Scene) -> Drawn:
        """One section of a scene."""
        return Drawn(
            section.id,
            tuple(_markup(self._draw(element, scene)) for element in section.elements),
            _markup(self._draw(section.summary, scene) if section.summary else ""),
        )

    def text(self, language: Language, key: str) -> str:
        """A text of the pages."""
        return self._texts[language](key)

    def said(self, language: Language, text: Text) -> str:
        """A name in one language."""
        return text.zh if language is Language.ZH else text.en

    def _draw(self, element: Element, scene: Scene) -> str:
        template = self._environments[scene.viewer.language].get_template(element.template)
        shared = self._shared(scene.viewer, scene.viewer.language) | {"now_ms": scene.now_ms}
        return template.render(shared, card=element.card, id=element.id)

    def _elements(self, scene: Scene) -> tuple[Element, ...]:
        found: list[Element] = []
        for face in self._faces:
            for section in (*face.sections(scene), *face.apart(scene)):
                found.extend((section.summary, *section.elements) if section.summary else section.elements)
        return tuple(found)

    def _shared(self, viewer: Viewer | None, language: Language) -> dict[str, object]:
        """What every template may use."""
        campus = self._deps.campus
        return {
            "viewer": viewer,
            "language": language,
            "other_language": next(other for other in Language if other is not language),
            "now_ms": self._deps.now(),
            "site": campus.site.name,
            "zone": campus.site.zone.key,
            "words": self._texts[language].under("time"),
            "reads_records": viewer is not None and viewer.role in _READERS_OF_RECORDS,
            "sees_upkeep": viewer is not None and viewer.role in _UPKEEPERS,
            "is_admin": viewer is not None and viewer.role is Role.ADMIN,
            "unseen": lambda: self._unseen(viewer),
            "does_work": viewer is not None and viewer.role is not Role.WALL,
            "my_work": lambda: self._work_of(viewer),
        }

    def _unseen(self, viewer: Viewer | None) -> int:
        """How many notices the viewer has not seen yet; asked only where a page shows it."""
        if viewer is None or not viewer.person:
            return 0
        with self._deps.book.reading() as session:
            return ledger.unseen(session, viewer.person)

    def _work_of(self, viewer: Viewer | None) -> int:
        """How many work orders wait for the viewer; asked only where a page shows it."""
        person = self._deps.campus.people.get(viewer.person) if viewer is not None else None
        if person is None:
            return 0
        with self._deps.book.reading() as session:
            return orders.count(session, Filter(waits_for=person))


def _environment(loader: ChoiceLoader, said: Texts, deps: Deps) -> Environment:
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    zone = deps.campus.site.zone

    def say(text: Text) -> str:
        return text.zh if said.language is Language.ZH else text.en

    def moment(at_ms: int, now_ms: int) -> str:
        return wording.moment(at_ms, now_ms, zone, said)

    def person_name(person: str) -> str:
        found = deps.campus.people.get(person)
        return found.name if found else person

    filters: dict[str, Any] = {
        "say": say,
        "moment": moment,
        "person": person_name,
        "subject": lambda subject: say(called(deps.campus, subject)),
        "clock": lambda at_ms: f"{wording.local(at_ms, zone):%H:%M}",
        "day": lambda at_ms, now_ms: wording.day(at_ms, now_ms, zone, said),
        "iso": wording.iso,
        "ago": lambda ms: wording.ago(ms, said),
        "duration": lambda ms: wording.duration(ms, said),
        "number": wording.number,
        "amount": wording.amount,
        "with_unit": wording.with_unit,
        "condition": lambda condition: conditions.said(condition, said),
        "seen": lambda value, condition: conditions.value_said(value, condition, said),
        "due": lambda due_ms, condition, now_ms: conditions.due_said(due_ms, condition, now_ms, said),
        "printable": _printable,
    }
    environment.filters.update(filters)
    environment.globals["t"] = said
    return environment


def _markup(drawn: str) -> Markup:
    return Markup(drawn)  # noqa: S704 - drawn by our own templates, which have escaped all that is not ours


def _printable(raw: bytes, limit: int) -> str:
    """Bytes of unknown origin as text: what cannot be shown is written as an escape."""
    text = raw[:limit].decode("utf-8", errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
