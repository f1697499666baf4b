"""Signing in and out. The form names nobody; a wrong name and a wrong secret look and last alike."""

from __future__ import annotations

import secrets
from functools import partial
from hmac import compare_digest
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.web import cookies, trusts
from hub.web.answers import local_path
from hub.web.doorman import Answer
from hub.web.parts import CurrentViewer as CurrentViewer  # noqa: PLC0414 - pages import these from here
from hub.web.parts import TheParts, html_page
from hub.web.parts import current_viewer as current_viewer  # noqa: PLC0414 - as above
from hub.web.rights import WALKERS

router: Final = APIRouter(include_in_schema=False)

_OF_PHONES: Final = ("/guard", "/t/")
_STATUS: Final = {"": 200, "wrong": 401, "expired": 403, "locked": 429, "busy": 429}

Field = Annotated[str, Form()]


@router.get("/login")
def login_form(
    request: Request,
    parts: TheParts,
    next: str = "/",  # noqa: A002 - the query's name
    person: str = "",
) -> Response:
    """The form to sign in with; `person`: whose badge was read."""
    return _form(request, parts, person=person, error="", next_=next)


@router.post("/login")
async def login(
    request: Request,
    parts: TheParts,
    person: Field = "",
    secret: Field = "",
    csrf: Field = "",
    next: Field = "/",  # noqa: A002 - the field's name
    trust: Field = "",
) -> Response:
    """Signs somebody in, under a new session; `trust`: who walks rounds stays signed in on this phone."""
    known = request.cookies.get(cookies.LOGIN, "")
    if not known or not compare_digest(known.encode(errors="replace"), csrf.encode(errors="replace")):
        return _form(request, parts, person=person, error="expired", next_=next)
    person = person.strip()
    address = request.client.host if request.client else ""
    answered = await parts.doorman.admit(person, secret, address)
    if answered is not Answer.RIGHT:
        return _form(request, parts, person=person, error=answered.value, next_=next)
    await run_in_threadpool(parts.sessions.end, request.cookies.get(cookies.SESSION, ""))
    trusted = trust != "" and parts.deps.campus.people[person].role in WALKERS
    response = RedirectResponse(local_path(next), 303)
    phone = await _trusted_phone(request, parts, response, person) if trusted else ""
    begin = partial(parts.sessions.begin, person, trusted=trusted, phone_hash=phone)
    cookies.keep_session(response, await run_in_threadpool(begin), parts.deps.campus)
    return response


@router.post("/logout")
def logout(request: Request, parts: TheParts) -> Response:
    """Ends this browser's session."""
    parts.sessions.end(request.cookies.get(cookies.SESSION, ""))
    response = RedirectResponse("/login", 303)
    cookies.drop_session(response, parts.deps.campus)
    return response


async def _trusted_phone(request: Request, parts: TheParts, response: Response, person: str) -> str:
    """The hash of the phone, which is trusted to this person from now on."""
    token = request.cookies.get(cookies.PHONE, "") or trusts.new_phone()
    cookies.keep_phone(response, token, parts.deps.campus)
    phone = trusts.hash_of(token)
    await run_in_threadpool(trusts.trust, parts.deps.book, phone, person, parts.deps.now())
    return phone


def _form(request: Request, parts: TheParts, *, person: str, error: str, next_: str) -> Response:
    token = secrets.token_urlsafe(32)
    response = html_page(
        request,
        "login",
        _STATUS[error],
        person=person[:64],
        error=error,
        next=local_path(next_),
        may_trust=next_.startswith(_OF_PHONES),
        csrf=token,
    )
    cookies.keep_form(response, token, parts.deps.campus)
    return response
