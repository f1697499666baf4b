"""The guard's page: one shell for everybody, which the phone keeps; who it is for comes from the API."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Header
from starlette.responses import Response

from hub.config.model import Campus, Language
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.pages import Pages
from hub.words import texts

_FACE: Final = "hub.patrol"
_PAGE: Final = "/guard"
_WORKER: Final = "/guard/sw.js"
_MANIFEST: Final = "/guard/manifest.webmanifest"
_STYLES: Final = "/static/campushub.css"
_TO_FILL_IN: Final = b'const SHELL = { version: "", files: [""] };'
_THEME: Final = "#0d6b5e"
_TYPES: Final = {
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}


class Part(msgspec.Struct, frozen=True):
    """Something that is served as it is."""

    content: bytes
    media_type: str

    @property
    def etag(self) -> str:
        """The same for the same content."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


def router(deps: Deps, pages: Pages) -> APIRouter:
    """The page's routes. What they serve is read once, here."""
    routes = APIRouter(include_in_schema=False)
    shell = shell_of(deps.campus, pages)

    @routes.get("/guard")
    def guard(if_none_match: Annotated[str, Header(max_length=2_000)] = "") -> Response:
        """The page itself."""
        return _answer(shell[_PAGE], if_none_match)

    @routes.get("/guard/{file}")
    def part(file: str, if_none_match: Annotated[str, Header(max_length=2_000)] = "") -> Response:
        """One of its files."""
        found = shell.get(f"{_PAGE}/{file}")
        if found is None:
            raise Problem(Code.NOT_FOUND)
        return _answer(found, if_none_match)

    return routes


def shell_of(campus: Campus, pages: Pages) -> dict[str, Part]:
    """Every part of the page by its path; the service worker knows them all, and their version."""
    parts = _files()
    worker = parts.pop(_WORKER)
    parts[_PAGE] = Part(_page(campus, pages).encode(), "text/html; charset=utf-8")
    parts[_MANIFEST] = Part(_manifest(campus, pages), _TYPES["webmanifest"])
    styles = files("hub.web").joinpath("static", "campushub.css").read_bytes()
    version = hashlib.sha256(worker.content + styles)
    for path in sorted(parts):
        version.update(path.encode() + b"\0" + parts[path].content)
    known = {"version": version.hexdigest()[:16], "files": [*sorted(parts), _STYLES]}
    if worker.content.count(_TO_FILL_IN) != 1:
        raise ValueError("sw.js has no place for the files of its shell")
    filled = worker.content.replace(_TO_FILL_IN, f"const SHELL = {json.dumps(known)};".encode())
    return parts | {_WORKER: Part(filled, worker.media_type)}


def _files() -> dict[str, Part]:
    folder = files(_FACE).joinpath("app")
    return {
        f"{_PAGE}/{file.name}": Part(file.read_bytes(), _TYPES[file.name.rpartition(".")[2]])
        for file in folder.iterdir()
        if file.name.rpartition(".")[2] in _TYPES
    }


def _page(campus: Campus, pages: Pages) -> str:
    said = texts.load((_FACE,))
    words = {language.value: said[language].under("guard") for language in Language}
    return pages.page("patrol/guard", None, campus.site.language, guard_words=words)


def _manifest(campus: Campus, pages: Pages) -> bytes:
    language = campus.site.language
    site = campus.site.name.zh if language is Language.ZH else campus.site.name.en
    title = pages.text(language, "guard.title")
    sizes = (("icon-192.png", "192x192", "image/png"), ("icon-512.png", "512x512", "image/png"))
    icons = [
        {"src": f"{_PAGE}/{name}", "sizes": size, "type": kind, "purpose": purpose}
        for name, size, kind in (*sizes, ("icon.svg", "any", "image/svg+xml"))
        for purpose in ("any", "maskable")
    ]
    manifest = {
        "id": _PAGE,
        "name": f"{title} · {site}",
        "short_name": title,
        "lang": language.value,
        "start_url": _PAGE,
        "scope": "/",
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#eef2f1",
        "theme_color": _THEME,
        "launch_handler": {"client_mode": "navigate-existing"},
        "icons": icons,
    }
    return json.dumps(manifest, ensure_ascii=False).encode()


def _answer(part: Part, if_none_match: str) -> Response:
    headers = {"etag": part.etag, "cache-control": "no-cache", "service-worker-allowed": "/"}
    if part.etag in (one.strip().removeprefix("W/") for one in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(part.content, headers=headers, media_type=part.media_type)
