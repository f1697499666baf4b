"""[[channel]] and [[policy]]: what is wrong is said with its key, its line and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.config.model import PAGES, Answerable, Audience, Hours, Language
from rules.model import Role, Severity
from tests.hub.config.test_report import _printed
from tests.hub.config.writing import VALID, faults_in, line_of, loaded
from tests.hub.notify.bureau import DEMO, campus_of

KEY = "wecombot://hunter2-key"
CHANNEL = '\n[[channel]]\nid = "group"\nurl_env = "GROUP"\n'
POLICY = '\n[[policy]]\nname = "all"\nsteps = [{ to = ["role:canteen"], via = ["group"] }]\n'


def _wrong(old: str, new: str) -> str:
    text = VALID + CHANNEL + POLICY
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("text", "key", "at", "words"),
    [
        (_wrong('url_env = "GROUP"\n', ""), "channel.group.url_env", "[[channel]]", "is missing"),
        (_wrong('url_env = "GROUP"', 'url_env = "UNSET"'), "channel.group.url_env", "UNSET", "not set"),
        (_wrong('url_env = "GROUP"', 'url_env = "BAD"'), "channel.group.url_env", '"BAD"', "no address"),
        (_wrong('url_env = "GROUP"', f'url = "{KEY}"'), "channel.group.url", "url =", "is a secret"),
        (
            _wrong('url_env = "GROUP"', 'url = "https://example.org/x"'),
            "channel.group.url",
            "url =",
            "json://",
        ),
        (
            _wrong('url_env = "GROUP"', 'url_env = "GROUP"\nurl_file = "x"'),
            "channel.group.url_file",
            "url_file",
            "keep only one",
        ),
        (_wrong('url_env = "GROUP"', 'url_file = "nowhere"'), "channel.group.url_file", "nowhere", "cannot"),
        (
            _wrong('url_env = "GROUP"', 'url_env = "GROUP"\nper_minute = 0'),
            "channel.group.per_minute",
            "per_minute",
            "out of range",
        ),
        (_wrong('["group"]', '["groop"]'), "policy.#1.steps.#1.via.#1", "groop", "did you mean “group”"),
        (_wrong('"role:canteen"', '"role:cook"'), "policy.#1.steps.#1.to.#1", "role:cook", "is no role"),
        (_wrong('"role:canteen"', '"role:head"'), "policy.#1.steps.#1.to.#1", "role:head", "nobody is"),
        (
            _wrong('"role:canteen"', '"person:wong"'),
            "policy.#1.steps.#1.to.#1",
            "person:wong",
            "did you mean “wang”",
        ),
        (_wrong('"role:canteen"', '"everybody"'), "policy.#1.steps.#1.to.#1", "everybody", "is nobody"),
        (_wrong('["role:canteen"]', "[]"), "policy.#1.steps.#1.to", "to = []", "is empty"),
        (_wrong("via", "by"), "policy.#1.steps.#1.by", "by =", "not a known setting"),
        (
            _wrong('"all"', '"all"\nquiet = "22:00-22:00"'),
            "policy.#1.quiet",
            "quiet",
            "begin when they end",
        ),
        (_wrong('"all"', '"all"\nquiet = "night"'), "policy.#1.quiet", "quiet", "22:00-06:00"),
        (_wrong('"all"', '"all"\nrepeat = "1s"'), "policy.#1.repeat", "repeat", "30m"),
        (_wrong('"all"', '"all"\nareas = ["kitchen"]'), "policy.#1.areas.#1", "kitchen", "no [[area]]"),
        (_wrong('"all"', '"all"\nrules = ["cold"]'), "policy.#1.rules.#1", '"cold"', "no rule's id fits"),
        (
            _wrong('"all"', '"all"\nseverities = ["fatal"]'),
            "policy.#1.severities.#1",
            "fatal",
            "critical",
        ),
    ],
)
def test_a_fault_is_said_with_its_place_and_its_remedy(
    tmp_path: Path, text: str, key: str, at: str, words: str
) -> None:
    faults = [
        fault
        for fault in faults_in(tmp_path, text, {"GROUP": KEY, "BAD": "hunter2-nonsense"})
        if "no policy uses it" not in fault.problem
    ]
    assert [fault.key for fault in faults] == [key], faults
    assert faults[0].line == line_of(text, at)
    assert words in str(faults[0])
    assert "hunter2" not in str(faults[0])


def test_ids_that_clash_and_channels_that_nobody_uses_are_said(tmp_path: Path) -> None:
    spare = '\n[[channel]]\nid = "spare"\nurl = "json://127.0.0.1/x"\n'
    pages = f'\n[[channel]]\nid = "{PAGES}"\nurl = "json://127.0.0.1/x"\n'
    text = VALID + CHANNEL + CHANNEL + POLICY + spare + pages
    faults = faults_in(tmp_path, text, {"GROUP": KEY})
    assert [fault.key for fault in faults] == ["channel.group.id", "channel.spare.id", "channel.pages.id"]


def test_a_whole_policy_is_what_it_says(tmp_path: Path) -> None:
    policy = """
[[policy]]
name = "all"
severities = ["warning", "critical"]
quiet = "22:00-06:00"
repeat = "30m"
[[policy.steps]]
after = "1h"
to = ["owner", "person:wang"]
hours = "08:00-18:00"
[[policy.steps]]
to = ["owner-role", "role:admin"]
via = ["group", "pages"]
"""
    web = '\n[web]\npublic_url = "https://hub.school.example/"\n'
    campus = loaded(tmp_path, VALID + CHANNEL + policy + web, {"GROUP": KEY})
    (own,) = campus.policies
    first, second = own.steps
    assert first.to == (Audience(answerable=Answerable.ROLE), Audience(role=Role.ADMIN))
    assert (second.after_ms, second.via) == (3_600_000, (PAGES,))
    assert second.hours == Hours(second.hours.starts, second.hours.ends) if second.hours else False
    assert own.severities == (Severity.WARNING, Severity.CRITICAL)
    assert campus.channels["group"].url == KEY
    assert campus.channels["group"].language is Language.ZH
    assert campus.web.public_url == "https://hub.school.example"
    assert "hunter2" not in repr(campus)


def test_check_shows_channels_and_policies_without_addresses(tmp_path: Path) -> None:
    text = VALID + CHANNEL + POLICY.replace("{ to", '{ after = "15m", to')
    page = _printed(loaded(tmp_path, text, {"GROUP": KEY}))
    assert "wecom" in page
    assert "after 15 min: role:canteen by group" in page
    assert "hunter2" not in page


def test_an_address_in_a_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "address").write_text(KEY + "\n", encoding="utf-8")
    text = _wrong('url_env = "GROUP"', 'url_file = "address"')
    assert loaded(tmp_path, text).channels["group"].url == KEY


def test_the_documented_example_is_accepted_beside_the_demo(tmp_path: Path) -> None:
    document = (Path(__file__).parents[3] / "docs" / "notify.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)
    text = example.replace('url_file = "secrets/mail-url"', 'url_env = "MAIL"')
    text = text.replace('url_env = "CAMPUSHUB_WECOM_URL"', 'url_env = "WECOM"')
    environment = {"WECOM": KEY, "MAIL": "mailtos://u:p@smtp.example.org?to=a@example.org"}
    path = tmp_path / "campus.toml"
    path.write_text(DEMO + text, encoding="utf-8")
    from hub.config.load import load

    campus = load(path, environment)
    assert [policy.name for policy in campus.policies] == ["冷链", "巡更"]
    assert set(campus.channels) == {"wecom", "mail"}
    assert campus_of(tmp_path, "").policies == ()
