"""A small Grafana for tests: folders, dashboards, data sources, and its rules about versions and rights."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

TOKEN: Final = "glsa_test"

Answer = tuple[int, object]


class StubGrafana:
    """What the server knows. Tests read it, and change it as somebody else would."""

    def __init__(self) -> None:
        self.url = ""
        self.folders: list[dict[str, Any]] = []
        self.dashboards: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, dict[str, Any]] = {}
        self.writes: list[str] = []
        self.broken: Answer | None = None  # answered to everything, when set
        self.edited_meanwhile = False  # somebody saves between our look and our writing
        self.schema_version = 0  # a newer Grafana migrates what it hands out

    def answer(self, method: str, path: str, authorization: str, body: Any) -> Answer:
        """What Grafana says to one request."""
        if self.broken is not None:
            return self.broken
        if authorization != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        if method != "GET":
            self.writes.append(f"{method} {path}")
        match path.strip("/").split("/"):
            case ["api", "folders"]:
                return self._folders(method, body)
            case ["api", "dashboards", "uid", uid]:
                return self._dashboard(uid)
            case ["api", "dashboards", "db"]:
                return self._save(body)
            case ["api", "datasources", "uid", uid]:
                return self._source(method, uid, body)
            case ["api", "datasources"]:
                return self._keep_source(body, 1)
            case _:
                return 404, {"message": "Not found"}

    def edit(self, uid: str, **changes: object) -> None:
        """Somebody edits a dashboard in the browser."""
        kept = self.dashboards[uid]
        kept["dashboard"] = {**kept["dashboard"], **changes, "version": kept["dashboard"]["version"] + 1}
        kept["meta"]["updatedBy"] = "somebody"

    def _folders(self, method: str, body: Any) -> Answer:
        if method == "GET":
            return 200, self.folders
        made = {"id": len(self.folders) + 1, "uid": f"folder{len(self.folders) + 1}", "title": body["title"]}
        self.folders.append(made)
        return 200, made

    def _dashboard(self, uid: str) -> Answer:
        if uid not in self.dashboards:
            return 404, {"message": "Dashboard not found"}
        kept = self.dashboards[uid]
        board = kept["dashboard"]
        if self.schema_version > board["schemaVersion"]:
            panels = [{**panel, "pluginVersion": "new"} for panel in board["panels"]]
            board = {**board, "schemaVersion": self.schema_version, "panels": panels, "preload": False}
        return 200, {"dashboard": board, "meta": kept["meta"]}

    def _save(self, body: Any) -> Answer:
        board, uid = body["dashboard"], body["dashboard"]["uid"]
        kept = self.dashboards.get(uid)
        if kept is not None and self.edited_meanwhile:
            self.edit(uid)
        version = kept["dashboard"]["version"] if kept else 0
        if kept is not None and not body["overwrite"] and board.get("version") != version:
            return 412, {
                "status": "version-mismatch",
                "message": "The dashboard has been changed by someone else",
            }
        board = {
            **board,
            "id": len(self.dashboards) + 1 if kept is None else board["id"],
            "version": version + 1,
        }
        url = f"/d/{uid}/wall"
        meta = {"folderUid": body["folderUid"], "url": url, "updatedBy": "campushub", "updated": "2026-09-01"}
        self.dashboards[uid] = {"dashboard": board, "meta": meta}
        return 200, {"uid": uid, "url": url, "version": version + 1, "status": "success"}

    def _source(self, method: str, uid: str, body: Any) -> Answer:
        if uid not in self.sources:
            return 404, {"message": "Data source not found"}
        kept = self.sources[uid]
        if method == "PUT":
            return self._keep_source(body, kept["version"] + 1)
        shown = {key: value for key, value in kept.items() if key != "secureJsonData"}
        return 200, {**shown, "secureJsonFields": dict.fromkeys(kept["secureJsonData"], True)}

    def _keep_source(self, body: Any, version: int) -> Answer:
        self.sources[body["uid"]] = {**body, "version": version}
        return 200, {"message": "Datasource kept", "name": body["name"]}


@contextmanager
def stub_grafana() -> Iterator[StubGrafana]:
    """A running stub on a free local port."""
    grafana = StubGrafana()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, answer = grafana.answer(
                self.command, self.path, self.headers.get("Authorization", ""), body
            )
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815 -- the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    grafana.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield grafana
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
