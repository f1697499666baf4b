"""From a file without faults to the campus, and what no file can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config.faults import ConfigurationError
from hub.config.load import load
from hub.config.model import Campus, HistoryKind, Language
from rules.model import Severity, Text
from tests.hub.config.writing import VALID, changed, loaded


def test_what_is_left_out_is_filled_in(tmp_path: Path) -> None:
    campus = loaded(tmp_path, VALID)

    assert campus.site.language is Language.ZH
    assert campus.people["wang"].language is Language.ZH
    assert (campus.broker.embedded, campus.broker.host, campus.broker.port) == (True, "127.0.0.1", 1883)
    assert campus.storage.folder == tmp_path / "data"
    assert campus.storage.book_url == f"sqlite:///{tmp_path / 'data' / 'book.sqlite'}"
    assert campus.storage.history.kind is HistoryKind.DUCKDB
    assert campus.rounds["morning"].grace_ms == 15 * 60_000
    assert campus.rounds["morning"].weekdays == (0, 1, 2, 3, 4, 5, 6)


def test_a_plain_name_serves_both_languages(tmp_path: Path) -> None:
    campus = loaded(tmp_path, VALID)
    assert campus.site.name == Text("School", "School")
    assert campus.areas["canteen"].name == Text("食堂", "Canteen")


def test_uids_are_kept_as_upper_case_hex(tmp_path: Path) -> None:
    assert loaded(tmp_path, VALID).people["zhang"].badge == "04B83A1C"


def test_a_byte_order_mark_and_windows_line_ends_are_taken_in(tmp_path: Path) -> None:
    campus = loaded(tmp_path, "\ufeff" + VALID.replace("\n", "\r\n"))
    assert campus.devices["cold-1"].interval_ms == 60_000


def test_times_of_day_may_be_toml_times(tmp_path: Path) -> None:
    campus = loaded(tmp_path, changed('"06:00"', "06:00:00"))
    assert campus.rounds["morning"].starts == time(6)


def test_rounds_of_one_guard_may_follow_each_other_across_midnight(tmp_path: Path) -> None:
    night = '\n[[round]]\nid = "night"\nname = "Night"\nstarts = "22:00"\nends = "06:00"\nguard = "zhang"\n'
    campus = loaded(tmp_path, f'{VALID}{night}checkpoints = ["gate"]\n')
    assert set(campus.rounds) == {"morning", "night"}


def test_rounds_on_different_days_do_not_overlap(tmp_path: Path) -> None:
    text = changed('["gate"]', '["gate"]\nweekdays = ["mon", "wed"]')
    other = '\n[[round]]\nid = "b"\nname = "B"\nstarts = "07:00"\nends = "08:00"\nguard = "zhang"\n'
    campus = loaded(tmp_path, f'{text}{other}checkpoints = ["gate"]\nweekdays = ["sun", "tue"]\n')
    assert campus.rounds["b"].weekdays == (1, 6)


def test_an_override_changes_the_rule(tmp_path: Path) -> None:
    campus = loaded(
        tmp_path, f'{VALID}\n[rules."cold.chilled.warm"]\nlimit = 7\nfor = "20m"\nseverity = "info"\n'
    )
    rule = campus.rules["cold.chilled.warm"]
    assert (rule.parameters.limit, rule.parameters.for_ms, rule.severity) == (7, 20 * 60_000, Severity.INFO)


def test_a_rule_switched_off_is_left_out_and_named(tmp_path: Path) -> None:
    campus = loaded(tmp_path, f'{VALID}\n[rules."cold.chilled.warm"]\nenabled = false\n')
    assert "cold.chilled.warm" not in campus.rules
    assert campus.rules_off == ("cold.chilled.warm",)


def test_a_rule_that_selects_nothing_is_a_warning(tmp_path: Path) -> None:
    changed = "".join(
        f'\n[rules."{rule}"]\nseverity = "info"\n'
        for rule in ("cold.frozen.warm", "cold.chilled.warm", "patrol.round-incomplete")
    )
    warned = {warning.key for warning in loaded(tmp_path, VALID + changed).warnings}
    assert {key for key in warned if key.startswith("rules.")} == {"rules.cold.frozen.warm"}


def test_a_shipped_rule_that_nobody_asked_for_may_select_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, VALID).warnings == ()


def test_a_rule_that_selects_nothing_is_no_warning_once_switched_off(tmp_path: Path) -> None:
    campus = loaded(tmp_path, f'{VALID}\n[rules."cold.frozen.warm"]\nenabled = false\n')
    assert "rules.cold.frozen.warm" not in {warning.key for warning in campus.warnings}


def test_a_checkpoint_that_no_round_passes_is_a_warning(tmp_path: Path) -> None:
    text = f'{VALID}\n[[checkpoint]]\nid = "roof"\nname = "Roof"\narea = "canteen"\ntag_uid = "04000001"\n'
    assert "checkpoint.roof.id" in {warning.key for warning in loaded(tmp_path, text).warnings}


SECRET = "correct horse"
_BROKER = '\n[broker]\nembedded = false\nusername = "hub"\n'


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    campus = loaded(tmp_path, f'{VALID}{_BROKER}password_env = "MQTT"\n', {"MQTT": SECRET})
    assert campus.broker.password == SECRET


def test_a_secret_comes_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "mqtt").write_text(f"{SECRET}\r\n", encoding="utf-8")
    campus = loaded(tmp_path, f'{VALID}{_BROKER}password_file = "mqtt"\n')
    assert campus.broker.password == SECRET


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe", b"nul\x00"])
def test_a_file_without_one_line_of_text_holds_no_secret(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mqtt").write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        loaded(tmp_path, f'{VALID}{_BROKER}password_file = "mqtt"\n')


def test_a_campus_shows_no_secret(tmp_path: Path) -> None:
    history = (
        '[storage]\nbook_url_env = "URL"\n[storage.history]\nkind = "influxdb2"\nurl = "http://db:8086"\n'
    )
    text = f'{VALID}{_BROKER}password_env = "MQTT"\n{history}organisation = "o"\ntoken_env = "TOKEN"\n'
    campus = loaded(tmp_path, text, {"MQTT": SECRET, "TOKEN": SECRET, "URL": f"postgresql://u:{SECRET}@db/x"})
    assert campus.storage.history.token == SECRET
    assert SECRET in campus.storage.book_url
    assert SECRET not in repr(campus)


def test_the_command_line_has_the_last_word_on_folder_and_ports(tmp_path: Path) -> None:
    file = tmp_path / "campus.toml"
    file.write_text(VALID, encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"

    campus = load(file, {}, folder=elsewhere, web_port=1, broker_port=2)

    assert campus.storage.folder == elsewhere
    assert campus.storage.book_url == f"sqlite:///{elsewhere / 'book.sqlite'}"
    assert (campus.web.port, campus.broker.port) == (1, 2)


def test_a_book_kept_elsewhere_stays_there_when_the_folder_moves(tmp_path: Path) -> None:
    file = tmp_path / "campus.toml"
    file.write_text(f'{VALID}\n[storage]\nbook_url = "postgresql:///hub"\n', encoding="utf-8")
    assert load(file, {}, folder=tmp_path / "elsewhere").storage.book_url == "postgresql:///hub"


def test_a_campus_cannot_be_changed(tmp_path: Path) -> None:
    campus = loaded(tmp_path, VALID)
    with pytest.raises(TypeError):
        campus.areas["new"] = campus.areas["canteen"]  # type: ignore[index]
    assert replace(campus, warnings=()).areas is campus.areas


def _loads_or_refuses(folder: Path, content: bytes) -> Campus | None:
    file = folder / "campus.toml"
    file.write_bytes(content)
    try:
        return load(file, {})
    except ConfigurationError as error:
        refusal = error
    assert refusal.faults
    assert all(str(fault).isprintable() for fault in refusal.faults)
    return None


@given(content=st.binary(max_size=200))
def test_any_bytes_whatever_raise_only_our_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    assert _loads_or_refuses(tmp_path_factory.getbasetemp(), content) is None


_LINES = VALID.split("\n")
_STRANGE = st.sampled_from(
    [
        *("1", "-1", "nan", "1e400", "9" * 400, "true", "1979-05-27", "07:32:00", "1979-05-27T00:00:00Z"),
        *('""', '"\\u0000"', "'☃'", f'"{"x" * 5_000}"', '"04"', '"{problem}"'),
        *("[]", "[[1]]", "{}", "{ id = 1 }", '["gate", 1, {}]'),
    ]
)


@settings(max_examples=300)
@given(places=st.lists(st.sampled_from(range(len(_LINES))), min_size=1, max_size=6), strange=st.data())
def test_strange_values_in_any_place_raise_only_our_error(
    tmp_path_factory: pytest.TempPathFactory, places: list[int], strange: st.DataObject
) -> None:
    lines = list(_LINES)
    for place in places:
        key, equals, _ = lines[place].partition("=")
        lines[place] = f"{key}{equals} {strange.draw(_STRANGE)}" if equals else ""
    _loads_or_refuses(tmp_path_factory.getbasetemp(), "\n".join(lines).encode())


@given(cut=st.integers(0, len(VALID)), more=st.text(max_size=20))
def test_any_change_to_a_valid_text_raises_only_our_error(
    tmp_path_factory: pytest.TempPathFactory, cut: int, more: str
) -> None:
    content = (VALID[:cut] + more + VALID[cut:]).encode(errors="surrogatepass")
    _loads_or_refuses(tmp_path_factory.getbasetemp(), content)


_SECTIONS = ("site", "broker", "storage", "web", "area", "person", "checkpoint", "device", "round", "rules")
_SHAPES = st.sampled_from(
    [
        "1",
        "[]",
        "[1, 2]",
        "[[]]",
        "{}",
        "{ history = 1, history2 = [] }",
        "[{}, {id = 1}]",
        "{ x = { y = 1 } }",
    ]
)


@given(st.dictionaries(st.sampled_from(_SECTIONS), _SHAPES))
def test_sections_of_the_wrong_shape_raise_only_our_error(
    tmp_path_factory: pytest.TempPathFactory, sections: dict[str, str]
) -> None:
    text = "\n".join(f"{name} = {shape}" for name, shape in sections.items())
    assert _loads_or_refuses(tmp_path_factory.getbasetemp(), text.encode()) is None
