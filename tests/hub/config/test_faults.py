"""Each thing that can be wrong is said with its key, its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.document import MAX_BYTES
from hub.config.faults import ConfigurationError
from hub.config.load import load
from hub.config.report import explain
from tests.hub.config.writing import SITE, VALID, Case, changed, faults_in, line_of
from tests.hub.config.wrong_plans import WRONG_PLANS
from tests.hub.config.wrong_things import WRONG_THINGS

CASES = WRONG_THINGS | WRONG_PLANS


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_fault_is_said_with_its_key_its_line_and_what_to_do(case: Case, tmp_path: Path) -> None:
    environment = {"HOME": "somewhere", "A": "secret"}
    faults = faults_in(tmp_path, case.text, environment)

    said = [fault for fault in faults if case.key in ("", fault.key)]
    assert len(said) == 1, faults
    if case.at:
        assert said[0].line == line_of(case.text, case.at)
    for word in case.words:
        assert word in str(said[0])
    assert "hunter2" not in "".join(map(str, faults))
    assert len(faults) == 1, faults


def test_all_faults_come_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = (
        changed('id = "cold-1"', 'id = "Cold"')
        .replace("Asia/Shanghai", "Mars/Olympus")
        .replace('owner = "wang"', 'owner = "nobody"\ncolour = "red"')
        .replace('interval = "1m"', "interval = 60\nlow = 3\nhigh = 2")
        .replace('ends = "08:30"', 'ends = "06:00"')
        + '\n[broker]\nport = 0\nusername = "hub"\npassword_env = "UNSET"\n[rules.nonsense]\nlimit = 1\n'
    )
    faults = faults_in(tmp_path, text)

    assert [fault.key for fault in faults] == [
        "site.zone",
        "device.Cold.id",
        "device.Cold.owner",
        "device.Cold.colour",
        "device.Cold.interval",
        "device.Cold.low",
        "round.morning.ends",
        "broker.port",
        "broker.password_env",
        "rules.nonsense",
    ]
    assert [fault.line for fault in faults] == sorted(fault.line or 0 for fault in faults)


def test_a_missing_file_says_how_to_get_an_example(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "campus.toml", {})
    assert "example" in caught.value.faults[0].remedy
    assert caught.value.faults[0].line is None


@pytest.mark.parametrize("length", [1 / 7, 1 / 3, 1 / 2])
def test_a_half_written_file_never_loads(tmp_path: Path, length: float) -> None:
    assert faults_in(tmp_path, VALID[: round(len(VALID) * length)])


@pytest.mark.parametrize("end", ['name = "Sch', "checkpoints = [", "starts ="])
def test_a_file_that_ends_in_the_middle_of_a_value_is_called_half_written(tmp_path: Path, end: str) -> None:
    (fault,) = faults_in(tmp_path, SITE + "x = 1\n" + end)
    assert fault.line == 6
    assert "half-written" in fault.remedy


def test_a_syntax_error_says_its_line_and_column(tmp_path: Path) -> None:
    (fault,) = faults_in(tmp_path, SITE + "[[area]\n")
    assert fault.line == 5
    assert "column 7" in fault.problem


def test_a_key_written_twice_is_called_so(tmp_path: Path) -> None:
    (fault,) = faults_in(tmp_path, SITE + 'zone = "UTC"')
    assert fault.line == 5
    assert "only once" in fault.remedy


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("[site]\nname = '实验小学'\n".encode("gb18030"), "UTF-8"),
        (b"#" * (MAX_BYTES + 1), "larger"),
        (b"a = " + b"[" * 100_000, "nested"),
        (b"a = " + b"9" * 5_000, "number"),
        (b"a = 1979-02-30", "date"),
    ],
)
def test_what_is_no_configuration_is_refused_with_one_fault(
    tmp_path: Path, content: bytes, word: str
) -> None:
    (fault,) = faults_in(tmp_path, content)
    assert word in str(fault)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path, {})


def test_a_fault_quotes_nothing_that_could_reach_a_terminal_raw(tmp_path: Path) -> None:
    text = changed('role = "canteen"', 'role = "\\u001b[31m\\u202e\\n"\n"\\u0007" = 1')
    for fault in faults_in(tmp_path, text):
        assert str(fault).isprintable()


def test_a_misplaced_secret_is_never_quoted(tmp_path: Path) -> None:
    text = (
        f'{VALID}\n[broker]\nusername = "hub"\npassword_env = "hunter2 is my password"\ntoken = "hunter2"\n'
    )
    faults = faults_in(tmp_path, text)
    assert faults
    assert not any("hunter2" in str(fault) for fault in faults)


def test_what_is_printed_counts_the_faults(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "campus.toml", {})
    assert explain(caught.value).endswith("1 fault; nothing was started.")
