"""`campushub tags` as it is typed, with tags that sign."""

from __future__ import annotations

import os
import pty
import random
import re
import shlex
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from devices.facts import Clock, Tap, Trust
from devices.tag_keys import KeyNumber, MasterKey, SiteKeys
from firmware_sim.sun_tag import SunTag as SimulatedTag
from hub.cli.app import app
from hub.cli.exits import Exit
from hub.cli.planning import plan_of
from hub.config.load import load
from hub.log.model import Claim, Entry
from hub.log.writer import LogWriter
from tests.devices.sun_tag import SunTag
from tests.hub.config.writing import VALID

MASTER = "00112233445566778899AABBCCDDEEFF"
UID = "04DE5F1EACC040"
RAW = bytes.fromhex(UID)
PAGE = "https://hub.example/t/gate"
DOCUMENT = Path(__file__).parents[3] / "docs" / "tags.md"
KEYS = SiteKeys(MasterKey.from_hex(MASTER), "shiyan")

WEB = '[web]\npublic_url = "https://hub.example"\n'
TAGS = '[tags]\nmaster_key_file = "tag-key"\n'
COUNT = "tag_count = 12"


def campus(folder: Path, *, tag: str = f'tag_uid = "{UID}"\n{COUNT}', more: str = WEB + TAGS) -> Path:
    """A campus with one checkpoint, in English, and the master key of docs/tags.md."""
    text = VALID.replace('id = "school"', 'id = "shiyan"').replace('zone = "', 'language = "en"\nzone = "', 1)
    file = folder / "campus.toml"
    file.write_text(text.replace('tag_uid = "04A1B2C3D4E580"', tag) + "\n" + more, encoding="utf-8")
    key = folder / "tag-key"
    key.write_text(MASTER, encoding="ascii")
    key.chmod(0o600)
    return file


def call(*words: object) -> Result:
    environment = {**os.environ, "COLUMNS": "220"}
    return CliRunner().invoke(app, ["tags", *(str(word) for word in words)], env=environment)


def tag(count: int = 60, *, version: int = 0, uid: bytes = RAW) -> SunTag:
    """A tag of the school, as it was when it had been read so often."""
    keys = KEYS.written_anew(uid, version)
    return SunTag(uid, keys.meta_read_key(), keys.file_read_key(uid), count)


def url(of: SunTag, page: str = PAGE) -> str:
    return f"{page}?{of.read()}"


def used(folder: Path, *counters: int, version: int = 0) -> None:
    """A log in which these counts belong to taps."""
    (folder / "data").mkdir(exist_ok=True)
    log = LogWriter(folder / "data" / "log.sqlite")
    for counter in counters:
        tap = Tap(f"tap:{counter}", "reader-1", 1, 1, Clock.DEVICE, UID, "", Trust.SUN, "", counter)
        log.append([Entry((tap,), claims=(Claim(tap.key, f"{UID}/{version}", counter),))], 1_790_000_000_000)
    log.close()


class TestPlan:
    def test_a_campus_whose_tags_all_sign_is_ready(self, tmp_path: Path) -> None:
        said = call("plan", "-c", campus(tmp_path))
        assert said.exit_code == Exit.OK
        assert f"signs: {UID}, from count 12, key version 0" in said.stdout
        assert "1 of 1 ready" in said.stdout

    @pytest.mark.parametrize(
        ("tag_lines", "has", "then"),
        [
            ("", "only a printed code", "fix an NTAG 424 DNA there"),
            ('tag_uid = "04A1B2C3"', "UID 04A1B2C3, which can be copied", "this chip cannot sign"),
            (f'tag_uid = "{UID}"', f"UID {UID}, which can be copied", "campushub tags settings gate"),
        ],
    )
    def test_what_is_missing_is_said_with_what_to_do(
        self, tag_lines: str, has: str, then: str, tmp_path: Path
    ) -> None:
        said = call("plan", "-c", campus(tmp_path, tag=tag_lines))
        assert said.exit_code == Exit.FAILED
        assert has in said.stdout
        assert then in said.stdout
        assert "0 of 1 ready" in said.stdout

    def test_less_may_be_enough(self, tmp_path: Path) -> None:
        config = campus(tmp_path, tag='tag_uid = "04A1B2C3"', more=WEB)
        assert call("plan", "-c", config).exit_code == Exit.FAILED
        assert call("plan", "-c", config, "--least", "uid").exit_code == Exit.OK
        config = campus(tmp_path, tag="", more=WEB)
        assert call("plan", "-c", config, "--least", "uid").exit_code == Exit.FAILED
        assert call("plan", "-c", config, "--least", "qr").exit_code == Exit.OK

    def test_a_campus_without_master_key_or_address_is_told(self, tmp_path: Path) -> None:
        said = call("plan", "-c", campus(tmp_path, tag=f'tag_uid = "{UID}"', more=""))
        assert "There is no master key" in said.stdout
        assert "Where do phones reach the hub?" in said.stdout

    def test_nothing_is_cut_off_on_a_narrow_terminal(self, tmp_path: Path) -> None:
        config = tmp_path / "campus.toml"
        config.write_text(files("hub.demo").joinpath("campus.toml").read_text("utf-8"), encoding="utf-8")
        command = [
            sys.executable,
            "-c",
            "from hub.cli import main; main()",
            "tags",
            "plan",
            "-c",
            str(config),
        ]
        environment = {**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1"}
        said = subprocess.run(
            command, env=environment, capture_output=True, encoding="utf-8", check=False
        ).stdout
        cells = [line.split("│")[1:-1] for line in said.splitlines() if line.startswith("│")]
        has, then = ("".join(row[column] for row in cells).replace(" ", "") for column in (2, 3))
        assert has.count("，可被复制") == has.count("UID") == 8
        assert "campushubtagssettingscanteen-back-door" in then

    def test_it_speaks_the_language_of_the_site(self, tmp_path: Path) -> None:
        config = campus(tmp_path)
        text = config.read_text(encoding="utf-8").replace('language = "en"', 'language = "zh-CN"')
        config.write_text(text, encoding="utf-8")
        assert "共 1 处，1 处就绪" in call("plan", "-c", config).stdout


class TestPrint:
    def test_the_sheets_are_written_once(self, tmp_path: Path) -> None:
        output = tmp_path / "labels.pdf"
        said = call("print", "-c", campus(tmp_path), "-o", output)
        assert said.exit_code == Exit.OK
        assert "1 labels on 1 sheets" in said.stderr
        assert output.read_bytes().startswith(b"%PDF")
        again = call("print", "-c", campus(tmp_path), "-o", output)
        assert again.exit_code == Exit.USAGE
        assert "is there already, and was not changed: name another file with --output" in again.stderr
        nowhere = call("print", "-c", campus(tmp_path), "-o", tmp_path / "new" / "labels.pdf")
        assert "there is no folder" in nowhere.stderr

    def test_an_unknown_checkpoint_is_refused(self, tmp_path: Path) -> None:
        said = call("print", "gaet", "-c", campus(tmp_path), "-o", tmp_path / "x.pdf")
        assert said.exit_code == Exit.USAGE
        assert "There is no checkpoint gaet: did you mean gate?" in said.stderr
        other = call("print", "nix", "-c", campus(tmp_path), "-o", tmp_path / "x.pdf")
        assert "There is no checkpoint nix: there are gate" in other.stderr
        assert not (tmp_path / "x.pdf").exists()

    @pytest.mark.parametrize("more", ["", '[web]\nhost = "0.0.0.0"\ntls = "off"\n'])
    def test_without_an_address_nothing_is_printed(self, more: str, tmp_path: Path) -> None:
        config = campus(tmp_path, tag="", more=more)
        said = call("print", "-c", config, "-o", tmp_path / "x.pdf")
        assert said.exit_code == Exit.CONFIGURATION
        assert "Where do phones reach the hub?" in said.stderr
        bad = call("print", "-c", config, "-o", tmp_path / "x.pdf", "--address", "hub")
        assert "is no address" in bad.stderr
        good = call("print", "-c", config, "-o", tmp_path / "x.pdf", "--address", "http://10.0.0.7:8360/")
        assert good.exit_code == Exit.OK
        assert "is not HTTPS" in good.stderr


class TestKey:
    def test_it_is_made_for_its_owner_alone_and_never_overwritten(self, tmp_path: Path) -> None:
        config = campus(tmp_path, more=TAGS.replace("tag-key", "kept/tag-key"), tag="")
        made = call("key", "-c", config)
        assert made.exit_code == Exit.OK
        key = tmp_path / "kept" / "tag-key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
        text = key.read_text(encoding="ascii")
        fingerprint = MasterKey.from_hex(text).fingerprint()
        assert fingerprint in made.stdout
        assert text.strip() not in made.output
        assert "safe" in made.stdout
        again = call("key", "-c", config)
        assert again.exit_code == Exit.REFUSED
        assert fingerprint in again.stderr
        assert key.read_text(encoding="ascii") == text
        assert load(config, {}).tags.keys is not None

    def test_where_no_file_is_named_the_lines_for_it_are_printed(self, tmp_path: Path) -> None:
        config = campus(tmp_path, tag="", more=WEB)
        made = call("key", "-c", config)
        (lines,) = re.findall(r"^\[tags\]\n.*$", made.stdout, re.MULTILINE)
        config.write_text(f"{config.read_text(encoding='utf-8')}\n{lines}\n", encoding="utf-8")
        assert load(config, {}).tags.keys is not None

    def test_a_file_that_is_there_and_no_key_is_left_alone(self, tmp_path: Path) -> None:
        config = campus(tmp_path)
        (tmp_path / "tag-key").write_text("something else", encoding="ascii")
        said = call("key", "-c", config)
        assert said.exit_code == Exit.REFUSED
        assert "cannot be used" in said.stderr
        assert (tmp_path / "tag-key").read_text(encoding="ascii") == "something else"


class TestSettings:
    def test_the_settings_are_those_of_the_document_and_keys_stay_hidden(self, tmp_path: Path) -> None:
        said = call("settings", "gate", "-c", campus(tmp_path))
        assert said.exit_code == Exit.OK
        assert "4000E0C1FF121C00003F00003F0000" in said.stdout
        assert f"{PAGE}?e={'0' * 32}&c={'0' * 16}" in said.stdout
        for number in KeyNumber:
            assert KEYS.key(RAW, number).hex().upper() not in said.output
        assert "--key-version 1" in said.stderr

    def test_the_keys_go_into_a_file_of_ones_own(self, tmp_path: Path) -> None:
        file = tmp_path / "keys"
        asked = ("settings", "gate", "-c", campus(tmp_path), "--keys-file", file, "--key-version", 3)
        assert call(*asked).exit_code == Exit.OK
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        lines = file.read_text(encoding="utf-8").splitlines()[1:]
        written = {int(line.split(" = ")[0]): line.split(" = ")[1] for line in lines}
        keys = KEYS.written_anew(RAW, 3)
        assert written == {number: keys.key(RAW, number).hex().upper() for number in KeyNumber}
        assert call(*asked).exit_code == Exit.USAGE

    def test_the_keys_are_shown_to_a_terminal_and_to_nothing_else(self, tmp_path: Path) -> None:
        config = campus(tmp_path)
        refused = call("settings", "gate", "-c", config, "--show-keys")
        assert refused.exit_code == Exit.USAGE
        key = KEYS.key(RAW, KeyNumber.FILE_READ).hex().upper()
        assert key not in refused.output
        ours, theirs = pty.openpty()
        command = [sys.executable, "-c", "from hub.cli import main; main()", "tags", "settings", "gate"]
        process = subprocess.Popen([*command, "-c", str(config), "--show-keys"], stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = read_all(ours)
        assert process.wait(60) == Exit.OK
        assert key in shown

    def test_keys_of_another_chip_are_asked_for_by_its_uid(self, tmp_path: Path) -> None:
        file = tmp_path / "keys"
        other = "04AABBCCDDEE80"
        said = call("settings", "gate", "-c", campus(tmp_path), "--uid", other, "--keys-file", file)
        assert said.exit_code == Exit.OK
        assert KEYS.key(bytes.fromhex(other), KeyNumber.MASTER).hex().upper() in file.read_text(
            encoding="utf-8"
        )
        wrong = call("settings", "gate", "-c", campus(tmp_path), "--uid", "04AABBCC")
        assert wrong.exit_code == Exit.USAGE

    def test_without_a_master_key_there_are_settings_and_no_keys(self, tmp_path: Path) -> None:
        config = campus(tmp_path, tag="", more=WEB)
        said = call("settings", "gate", "-c", config)
        assert "4000E0C1FF121C00003F00003F0000" in said.stdout
        assert "made of the master key" in said.stdout
        file = tmp_path / "keys"
        assert call("settings", "gate", "-c", config, "--keys-file", file).exit_code == Exit.CONFIGURATION
        assert not file.exists()


class TestRecord:
    def test_the_lines_that_it_prints_enrol_the_tag(self, tmp_path: Path) -> None:
        config = campus(tmp_path, tag='tag_uid = "04A1B2C3"')
        said = call("record", "gate", url(tag(version=2)), "-c", config)
        assert said.exit_code == Exit.OK
        assert tomllib.loads(said.stdout) == {"tag_uid": UID, "tag_count": 61, "tag_key_version": 2}
        enrolled = load(campus(tmp_path, tag=said.stdout), {}).tags.enrolled[UID]
        assert (enrolled.key_version, enrolled.from_count) == (2, 61)

    def test_a_uid_is_written_down_as_what_it_is(self, tmp_path: Path) -> None:
        said = call("record", "gate", "04:aa:bb:cc:dd:ee:80", "-c", campus(tmp_path, tag=""))
        assert tomllib.loads(said.stdout) == {"tag_uid": "04AABBCCDDEE80"}
        assert "campushub tags settings gate --uid 04AABBCCDDEE80" in said.stderr

    @pytest.mark.parametrize(
        ("read", "why"),
        [
            (lambda: f"{PAGE}?{SunTag(RAW).read()}", "keys of the factory"),
            (lambda: url(tag())[:-1] + "G", "not written as tags write"),
            (lambda: url(tag())[:-1], "too short"),
            (lambda: url(tag()).partition("&")[0], "in quotes"),
            (lambda: url(SunTag(RAW, bytes(range(16)), bytes(16))), "cannot be decrypted"),
            (lambda: url(SunTag(RAW, KEYS.meta_read_key(), bytes(range(16)))), "signature is wrong"),
            (lambda: f"{PAGE}?via=qr", "printed code"),
            (lambda: PAGE, "signs nothing"),
            (lambda: "04AABBCCDDEE", "Give the URL"),
            (lambda: "04B83A1C", "already"),
        ],
    )
    def test_what_would_not_be_trusted_is_refused(
        self, read: Callable[[], str], why: str, tmp_path: Path
    ) -> None:
        said = call("record", "gate", read(), "-c", campus(tmp_path, tag=""))
        assert said.exit_code in {Exit.REFUSED, Exit.USAGE}
        assert why in said.stderr
        assert said.stdout == ""

    def test_an_old_link_and_a_tag_that_counts_again_are_refused(self, tmp_path: Path) -> None:
        config = campus(tmp_path)
        used(tmp_path, 70)
        again = call("record", "gate", url(tag(5)), "-c", config)
        assert again.exit_code == Exit.REFUSED
        assert "--key-version 1" in again.stderr
        assert call("record", "gate", url(tag(5, version=1)), "-c", config).exit_code == Exit.OK
        assert call("record", "gate", url(tag(70)), "-c", config).exit_code == Exit.OK

    def test_keys_of_an_earlier_life_are_refused(self, tmp_path: Path) -> None:
        config = campus(tmp_path, tag=f'tag_uid = "{UID}"\n{COUNT}\ntag_key_version = 2')
        said = call("record", "gate", url(tag(version=1)), "-c", config)
        assert said.exit_code == Exit.REFUSED
        assert "version 1, and version 2 is enrolled" in said.stderr

    def test_the_name_in_the_url_of_another_place_is_pointed_out(self, tmp_path: Path) -> None:
        said = call("record", "gate", url(tag(), "https://hub.example/t/library"), "-c", campus(tmp_path))
        assert said.exit_code == Exit.OK
        assert "/t/library" in said.stderr


class TestCheck:
    def test_a_read_that_nobody_used_is_new(self, tmp_path: Path) -> None:
        said = call("check", url(tag()), "-c", campus(tmp_path))
        assert said.exit_code == Exit.OK
        assert "PROVES A NEW READ" in said.stdout
        assert f"Tag {UID}, read number 61" in said.stdout
        assert "It is the tag of gate" in said.stdout

    @pytest.mark.parametrize(
        ("counts", "count", "why", "is_new"),
        [
            ((70,), 60, "younger reads have come in", True),
            ((61,), 60, "A tap has used it: tap:61", False),
            ((61,), 300, "239 reads since", True),
            ((), 11, "put up at count 12", False),
        ],
    )
    def test_the_log_says_whether_a_count_was_used(
        self, counts: tuple[int, ...], count: int, why: str, is_new: bool, tmp_path: Path
    ) -> None:
        used(tmp_path, *counts)
        said = call("check", url(tag(count)), "-c", campus(tmp_path))
        assert why in said.stdout
        assert said.exit_code == (Exit.OK if is_new else Exit.REFUSED)
        assert ("PROVES A NEW READ" in said.stdout) is is_new
        assert call("check", url(tag(count)), "-c", campus(tmp_path)).stdout == said.stdout

    @pytest.mark.parametrize(
        ("read", "why"),
        [
            (lambda: url(tag(version=4)), "keys of version 4; version 0 is enrolled"),
            (lambda: url(tag(uid=bytes.fromhex("04AABBCCDDEE80"))), "the tag of no checkpoint"),
            (lambda: url(SunTag(RAW)), "keys of the factory"),
            (lambda: f"{PAGE}?via=qr", "A printed code"),
            (lambda: PAGE, "Nothing in it is signed"),
            (lambda: "", "Nothing in it is signed"),
            (lambda: "https://[", "Nothing in it is signed"),
            (lambda: url(tag()) + "&x=1", "parameters that no tag writes"),
            (lambda: f"{PAGE}?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086", "keys of the factory"),
            (lambda: f"{PAGE}?e=EF963FF7828658A599F3041510671E88&c=E1C712F78AC81B43", "signature is wrong"),
        ],
    )
    def test_what_proves_nothing_is_said_with_the_reason(
        self, read: Callable[[], str], why: str, tmp_path: Path
    ) -> None:
        said = call("check", read(), "-c", campus(tmp_path))
        assert said.exit_code == Exit.REFUSED
        assert "PROVES NO NEW READ" in said.stdout
        assert why in said.stdout

    def test_without_a_master_key_nothing_is_said_of_it(self, tmp_path: Path) -> None:
        said = call("check", url(tag()), "-c", campus(tmp_path, tag="", more=WEB))
        assert said.exit_code == Exit.CONFIGURATION

    def test_a_copied_link_names_the_place_that_it_was_read_at(self, tmp_path: Path) -> None:
        said = call("check", url(tag(), "https://hub.example/t/library"), "-c", campus(tmp_path))
        assert "It is the tag of gate" in said.stdout
        assert "Its address names library, which is no checkpoint" in said.stdout


def test_a_strangers_code_says_nothing_to_the_terminal(tmp_path: Path) -> None:
    said = call("check", "https://x.example/t/%1b[2J%E2%80%AE?via=qr", "-c", campus(tmp_path))
    assert "\\x1b[2J\\u202e" in said.stdout
    assert "\x1b[2J" not in said.stdout


def test_the_key_needs_a_configuration_to_belong_to(tmp_path: Path) -> None:
    assert call("key", "-c", tmp_path / "nowhere.toml").exit_code == Exit.CONFIGURATION
    assert not (tmp_path / "secrets").exists()


def test_the_simulator_signs_as_the_enrolled_tags_do(tmp_path: Path) -> None:
    (gate,) = plan_of(load(campus(tmp_path), {})).checkpoints
    assert gate.signing is not None
    signed = SimulatedTag(gate.tag_uid, gate.signing, gate.signing.count, random.Random(1)).touch()
    assert signed is not None
    assert call("check", signed.url(PAGE), "-c", campus(tmp_path)).exit_code == Exit.OK
    (unsigned,) = plan_of(load(campus(tmp_path, tag=f'tag_uid = "{UID}"'), {})).checkpoints
    assert unsigned.signing is None


def test_a_place_without_a_tag_is_a_place_all_the_same(tmp_path: Path) -> None:
    loaded = load(campus(tmp_path, tag=""), {}).checkpoints["gate"]
    assert not loaded.has_tag
    assert re.fullmatch("FF[0-9A-F]{12}", loaded.tag_uid)


EXAMPLES = re.findall(
    r"^```console\n\$ campushub (.*)\n((?:.*\n)*?)```", DOCUMENT.read_text("utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(("command", "expected"), EXAMPLES)
def test_every_documented_example_says_what_is_shown(command: str, expected: str, tmp_path: Path) -> None:
    words = shlex.split(command)
    assert words[0] == "tags"
    assert call(*words[1:], "-c", campus(tmp_path)).output == expected


def read_all(descriptor: int) -> str:
    """What a terminal shows, until the other end is closed."""
    shown = b""
    while True:
        try:
            part = os.read(descriptor, 10_000)
        except OSError:
            part = b""
        if not part:
            os.close(descriptor)
            return shown.decode()
        shown += part
