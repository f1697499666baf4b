"""Publishing, against a small Grafana that keeps what it is given."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dashboards.grafana import PublishError, Trouble, connect
from dashboards.publish import Change, Source, Thing, publish_to
from dashboards.shipped import Board, shipped
from tests.dashboards.grafana_stub import TOKEN, Answer, StubGrafana, stub_grafana
from tests.real import free_port

(WALL,) = shipped()
SOURCE = Source("http://127.0.0.1:8086", "campus", token="influx-secret")


@pytest.fixture
def grafana() -> Iterator[StubGrafana]:
    with stub_grafana() as running:
        yield running


def changes(grafana: StubGrafana, board: Board = WALL, source: Source | None = None) -> dict[Thing, Change]:
    return {one.thing: one.change for one in publish_to(grafana.url, TOKEN, [board], source=source)}


def test_the_first_run_creates_the_folder_and_the_dashboard(grafana: StubGrafana) -> None:
    folder, wall = publish_to(grafana.url, TOKEN, [WALL], "校园安全")
    assert (folder.name, folder.change) == ("校园安全", Change.CREATED)
    assert (wall.name, wall.change, wall.path) == (WALL.title, Change.CREATED, "/d/campushub-wall/wall")
    kept = grafana.dashboards[WALL.uid]
    assert kept["meta"]["folderUid"] == grafana.folders[0]["uid"]
    assert kept["dashboard"]["panels"] == json.loads(WALL.text)["panels"]


def test_the_second_run_changes_nothing_and_writes_nothing(grafana: StubGrafana) -> None:
    changes(grafana, source=SOURCE)
    grafana.writes.clear()
    assert set(changes(grafana, source=SOURCE).values()) == {Change.UNCHANGED}
    assert grafana.writes == []


def test_a_changed_dashboard_is_updated(grafana: StubGrafana) -> None:
    changes(grafana)
    changed = replace(WALL, text=json.dumps({**json.loads(WALL.text), "refresh": "30s"}))
    assert changes(grafana, changed)[Thing.DASHBOARD] is Change.UPDATED
    assert grafana.dashboards[WALL.uid]["dashboard"]["refresh"] == "30s"
    assert grafana.dashboards[WALL.uid]["dashboard"]["version"] == 2


def test_what_somebody_edited_is_put_back_and_it_is_said_whose_it_was(grafana: StubGrafana) -> None:
    changes(grafana)
    grafana.edit(WALL.uid, panels=[])
    _, wall = publish_to(grafana.url, TOKEN, [WALL])
    assert wall.change is Change.UPDATED
    assert "version 2" in wall.replaced
    assert "somebody" in wall.replaced
    assert grafana.dashboards[WALL.uid]["dashboard"]["panels"] == json.loads(WALL.text)["panels"]


def test_a_dashboard_moved_to_another_folder_is_moved_back(grafana: StubGrafana) -> None:
    changes(grafana)
    grafana.dashboards[WALL.uid]["meta"]["folderUid"] = "elsewhere"
    assert changes(grafana)[Thing.DASHBOARD] is Change.UPDATED
    assert grafana.dashboards[WALL.uid]["meta"]["folderUid"] == grafana.folders[0]["uid"]


def test_a_newer_grafana_that_adds_to_what_it_hands_out_is_no_reason_to_write(grafana: StubGrafana) -> None:
    changes(grafana)
    grafana.schema_version = 99
    assert changes(grafana)[Thing.DASHBOARD] is Change.UNCHANGED
    grafana.edit(WALL.uid, refresh="1h")
    assert changes(grafana)[Thing.DASHBOARD] is Change.UPDATED


def test_an_edit_made_while_publishing_is_not_lost(grafana: StubGrafana) -> None:
    changes(grafana)
    grafana.edit(WALL.uid, refresh="1h")
    grafana.edited_meanwhile = True
    with pytest.raises(PublishError, match="publish again") as caught:
        changes(grafana)
    assert caught.value.trouble is Trouble.CONFLICT
    assert grafana.dashboards[WALL.uid]["dashboard"]["refresh"] == "1h"


def test_a_data_source_is_created_and_then_follows_its_address(grafana: StubGrafana) -> None:
    assert changes(grafana, source=SOURCE)[Thing.SOURCE] is Change.CREATED
    moved = replace(SOURCE, url="http://127.0.0.2:8086")
    assert changes(grafana, source=moved)[Thing.SOURCE] is Change.UPDATED
    kept = grafana.sources["campushub"]
    assert (kept["url"], kept["jsonData"]["dbName"]) == ("http://127.0.0.2:8086", "campus")
    assert kept["secureJsonData"] == {"httpHeaderValue1": "Token influx-secret"}


def test_a_source_that_gets_a_password_is_updated(grafana: StubGrafana) -> None:
    open_source = Source("http://127.0.0.1:8086", "campus")
    changes(grafana, source=open_source)
    locked = replace(open_source, username="grafana", password="secret")
    assert changes(grafana, source=locked)[Thing.SOURCE] is Change.UPDATED
    assert changes(grafana, source=locked)[Thing.SOURCE] is Change.UNCHANGED


def test_a_wrong_token_gets_a_clear_error_without_the_token(grafana: StubGrafana) -> None:
    with pytest.raises(PublishError, match="make a new one") as caught:
        publish_to(grafana.url, "glsa_wrong", [WALL])
    assert caught.value.trouble is Trouble.UNAUTHORIZED
    assert "glsa_wrong" not in repr(caught.value)
    assert grafana.writes == []


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ((403, {"message": "Access denied"}), Trouble.FORBIDDEN),
        ((412, {"message": "name exists", "status": "name-exists"}), Trouble.CONFLICT),
        ((409, {"message": "taken"}), Trouble.CONFLICT),
        ((400, {"message": "Cannot save provisioned dashboard"}), Trouble.REFUSED),
        ((404, {"message": "Not found"}), Trouble.MISSING),
        ((502, "<h1>Bad gateway</h1>"), Trouble.UNREACHABLE),
        ((500, "an error message in plain text"), Trouble.NOT_GRAFANA),
        ((200, "<html>welcome</html>"), Trouble.NOT_GRAFANA),
        ((200, {"not": "a list of folders"}), Trouble.NOT_GRAFANA),
    ],
)
def test_every_refusal_is_one_error_with_advice(
    grafana: StubGrafana, answer: Answer, trouble: Trouble
) -> None:
    grafana.broken = answer
    with pytest.raises(PublishError) as caught:
        publish_to(grafana.url, TOKEN, [WALL])
    assert caught.value.trouble is trouble
    assert caught.value.advice in str(caught.value)


def test_nobody_at_the_address_is_said_so() -> None:
    with pytest.raises(PublishError, match="see that Grafana runs") as caught:
        publish_to(f"http://127.0.0.1:{free_port()}", TOKEN, [WALL])
    assert caught.value.trouble is Trouble.UNREACHABLE


@pytest.mark.parametrize(
    "url",
    [
        "",
        "grafana:3000",
        "ftp://grafana",
        "http://",
        "http://a:b@grafana",
        "http://grafana:port",
        "http://g/?x=1",
    ],
)
def test_an_address_that_cannot_be_right_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(PublishError) as caught:
        connect(url, TOKEN)
    assert caught.value.trouble is Trouble.ADDRESS


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "钥匙"])
def test_a_token_that_cannot_be_one_is_refused_unseen(token: str) -> None:
    with pytest.raises(PublishError) as caught:
        connect("http://grafana:3000", token)
    assert caught.value.trouble is Trouble.TOKEN
    assert not token.strip() or token not in str(caught.value)


def test_an_address_may_have_a_port_a_path_and_six_groups() -> None:
    assert connect("https://example.org/grafana/", TOKEN).api.url == "https://example.org/grafana/api"
    assert connect("http://[::1]:3000", TOKEN).api.url == "http://[::1]:3000/api"


def test_a_source_does_not_show_its_secrets() -> None:
    assert "influx-secret" not in repr(SOURCE)


def test_publishing_needs_nothing_that_only_generating_needs() -> None:
    code = (
        "import sys, dashboards.publish, dashboards.shipped; dashboards.shipped.shipped();"
        "print(any(name.startswith('grafana_foundation_sdk') for name in sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (run.stdout.strip(), run.stderr) == ("False", "")
