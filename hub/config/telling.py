"""Whether [[channel]] and [[policy]] lead anywhere, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from hub.config import schema
from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown, suggestion
from hub.config.model import PAGES, Channel, Policy, Step
from hub.config.telling_schema import ON_DUTY, PolicyTable, StepTable
from hub.notify.addresses import is_secret, problem_of
from rules.model import Role, Severity

_PLACES: Final = ("url", "url_env", "url_file")
_HOW: Final = "docs/notify.md shows how to find a channel's address"


def check_telling(document: Document) -> Iterator[Fault]:
    """What is wrong with channels and policies, but for addresses that are secrets."""
    for channel in document.entries("channel"):
        yield from _channel(channel)
    channels = {id_ for entry in document.entries("channel") if (id_ := entry.text("id"))} | {PAGES}
    people = {id_: entry for entry in document.entries("person") if (id_ := entry.text("id"))}
    areas = {id_ for entry in document.entries("area") if (id_ := entry.text("id"))}
    used = set()
    for policy in document.entries("policy"):
        for index, area in policy.texts("areas"):
            if area not in areas:
                yield policy.fault(
                    ("areas", index), f"there is no [[area]] {shown(area)}", suggestion(area, areas)
                )
        for step in _steps(document, policy):
            used |= {channel for _, channel in step.texts("via")}
            yield from _unknown(step, channels, people, has_shifts=any(document.entries("shift")))
    for channel in document.entries("channel"):
        id_ = channel.text("id")
        if id_ is not None and id_ != PAGES and id_ not in used:
            yield channel.fault(
                "id", "no policy uses it", "name it in the `via` of a [[policy]], or take it out"
            )


def check_rules(document: Document, rules: frozenset[str]) -> Iterator[Fault]:
    """Patterns that no rule of the catalogue fits."""
    for policy in document.entries("policy"):
        for index, pattern in policy.texts("rules"):
            if not any(fnmatchcase(rule, pattern) for rule in rules):
                problem = f"no rule's id fits {shown(pattern)}"
                yield policy.fault(("rules", index), problem, suggestion(pattern, rules))


def check_addresses(document: Document, urls: Mapping[str, str]) -> Iterator[Fault]:
    """Addresses, wherever they stand, that no service takes. They are never quoted."""
    for channel in document.entries("channel"):
        url = urls.get(channel.text("id") or "") or channel.text("url")
        if url is not None and (problem := problem_of(url)):
            place = next(key for key in _PLACES if key in channel.table)
            yield channel.fault(place, problem, _HOW)


def channels_of(file: schema.File, urls: Mapping[str, str]) -> tuple[Channel, ...]:
    """The channels that a file without faults names. `urls`: addresses that stand elsewhere, by id."""
    return tuple(
        Channel(
            table.id,
            urls.get(table.id) or table.url or "",
            table.language or file.site.language,
            table.per_minute,
        )
        for table in file.channel
    )


def policies_of(file: schema.File) -> tuple[Policy, ...]:
    """The policies that a file without faults names, in its order."""
    return tuple(_policy(table) for table in file.policy)


def _channel(channel: Entry) -> Iterator[Fault]:
    if channel.text("id") == PAGES:
        yield channel.fault("id", f"{PAGES} are always there", "choose another id")
    if not any(key in channel.table for key in _PLACES):
        yield channel.fault("url_env", "is missing", "name the environment variable that holds the address")
    url = channel.text("url")
    if url is not None and is_secret(url) and not problem_of(url):
        remedy = (
            "take it out, and name its place with url_env or url_file: whoever has it can send as the hub"
        )
        yield channel.fault("url", "is a secret", remedy)


def _steps(document: Document, policy: Entry) -> Iterator[Entry]:
    listed = policy.table.get("steps")
    for index, table in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(table, dict):
            yield Entry(document, (*policy.path, "steps", index), table)


def _unknown(
    step: Entry, channels: set[str], people: Mapping[str, Entry], *, has_shifts: bool
) -> Iterator[Fault]:
    for index, channel in step.texts("via"):
        if channel not in channels:
            problem = f"there is no [[channel]] {shown(channel)}"
            yield step.fault(("via", index), problem, suggestion(channel, channels))
    roles = {entry.text("role") for entry in people.values()}
    for index, to in step.texts("to"):
        kind, _, name = to.partition(":")
        if kind == "person" and name and name not in people:
            problem = f"there is no [[person]] {shown(name)}"
            yield step.fault(("to", index), problem, suggestion(name, people))
        elif kind in ("role", ON_DUTY) and name not in roles and name in {role.value for role in Role}:
            remedy = "give somebody that role, or tell others"
            yield step.fault(("to", index), f"nobody is {shown(name)}", remedy)
        elif kind == ON_DUTY and not has_shifts:
            yield step.fault(("to", index), "there is no [[shift]]", "add one, or tell a role")


def _policy(table: PolicyTable) -> Policy:
    return Policy(
        name=table.name,
        severities=tuple(severity for severity in Severity if severity in table.severities),
        rules=tuple(table.rules),
        areas=tuple(table.areas),
        steps=tuple(sorted(map(_step, table.steps), key=lambda step: step.after_ms)),
        repeat_ms=table.repeat,
        quiet=table.quiet,
        wait_ms=table.wait,
    )


def _step(table: StepTable) -> Step:
    return Step(table.after, tuple(table.to), tuple(table.via), table.hours)
