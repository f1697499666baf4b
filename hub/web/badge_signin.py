"""Signing in with a badge, on a phone that the hub knows.

A badge's number can be read and copied by anybody who holds it to a phone for a second. So it stands for a
name only; and for the PIN as well only on a phone on which that very person has given it before.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.config.model import Campus, Person
from hub.config.values import parse_uid
from hub.web import cookies, trusts
from hub.web.errors import Code, Problem
from hub.web.parts import TheParts
from hub.web.rights import WALKERS

router: Final = APIRouter(tags=["signing in"])


class Badge(BaseModel):
    """What was read: the UID in hex."""

    badge: Annotated[str, Field(max_length=64)]


class SignedIn(BaseModel):
    """Whose badge it is. `signed_in` false: this phone does not know that person yet, and has to ask for the
    PIN."""

    person: str
    signed_in: bool


@router.post("/api/v1/sign-in/badge", response_model=SignedIn)
async def badge(request: Request, parts: TheParts, said: Badge) -> Response:
    """Signs in whoever the badge belongs to, if this phone is trusted to that person; or says whose PIN is to
    be asked for. 403: nobody has signed in here to stay. 404: nobody's badge. 429: too many were tried."""
    now_ms = parts.deps.now()
    phone = trusts.hash_of(request.cookies.get(cookies.PHONE, ""))
    known_to = await run_in_threadpool(trusts.trusted_to, parts.deps.book, phone, now_ms)
    address = request.client.host if request.client else ""
    if not parts.doorman.may_show_badge(phone, address):
        raise Problem(Code.TOO_OFTEN)
    if not known_to:
        raise Problem(Code.UNKNOWN_PHONE)
    person = _owner(parts.deps.campus, said.badge)
    if person is None:
        raise Problem(Code.UNKNOWN_BADGE)
    if person.id not in known_to:
        return JSONResponse({"person": person.id, "signed_in": False})
    await run_in_threadpool(parts.sessions.end, request.cookies.get(cookies.SESSION, ""))
    begin = partial(parts.sessions.begin, person.id, trusted=True, phone_hash=phone)
    opened = await run_in_threadpool(begin)
    response = JSONResponse({"person": person.id, "signed_in": True})
    cookies.keep_session(response, opened, parts.deps.campus)
    return response


def _owner(campus: Campus, said: str) -> Person | None:
    uid = parse_uid(said)
    people = campus.people.values()
    return next((one for one in people if uid and one.badge == uid and one.role in WALKERS), None)
