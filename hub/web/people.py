"""People's secrets on the pages: everybody changes their own, an administrator hands out one-time ones."""

from __future__ import annotations

import threading
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Form, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.web import accounts, cookies, sessions, trusts
from hub.web.answers import local_path
from hub.web.doorman import Answer
from hub.web.errors import Code, Problem
from hub.web.parts import CurrentViewer, Parts, TheParts, html_page, session_of
from hub.web.render import Issued, PersonState, PhoneState

router: Final = APIRouter(include_in_schema=False)

_SHOWN_WITHIN_MS: Final = 120_000
_STATUS: Final = {"wrong": 403, "locked": 429, "busy": 429}

Field = Annotated[str, Form()]


@router.get("/account/secret")
def secret_form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the query's name
    """The form to change one's own secret with."""
    return html_page(request, "change-secret", errors=(), next=local_path(next))


@router.post("/account/secret")
async def change_secret(
    request: Request,
    parts: TheParts,
    viewer: CurrentViewer,
    current: Field = "",
    new: Field = "",
    again: Field = "",
    next: Field = "/",  # noqa: A002 - the field's name
) -> Response:
    """Changes it, which ends every session of that person, and begins a new one here."""
    address = request.client.host if request.client else ""
    errors = _problems_of(current, new, again)
    if not errors:
        answered = await parts.doorman.admit(viewer.person, current, address)
        if answered is not Answer.RIGHT:
            errors = (answered.value,)
    was_trusted = await run_in_threadpool(parts.sessions.is_trusted, session_of(request))
    if not errors:
        refusal = await parts.doorman.change(viewer.person, new)
        errors = (refusal.value,) if refusal is not None else ()
    if errors:
        status = _STATUS.get(errors[0], 422)
        return html_page(request, "change-secret", status, errors=errors, next=local_path(next))
    phone = trusts.hash_of(request.cookies.get(cookies.PHONE, "")) if was_trusted else ""
    if phone:
        await run_in_threadpool(trusts.trust, parts.deps.book, phone, viewer.person, parts.deps.now())
    begin = partial(parts.sessions.begin, viewer.person, trusted=was_trusted, phone_hash=phone)
    opened = await run_in_threadpool(begin)
    response = RedirectResponse(local_path(next), 303)
    cookies.keep_session(response, opened, parts.deps.campus)
    return response


class JustIssued:
    """One-time secrets until they are shown, once: in memory, for a short time, one for each session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[int, Issued]] = {}

    def put(self, session: str, issued: Issued, now_ms: int) -> None:
        """Keeps it for the session that asked for it; forgets what nobody came to see."""
        with self._lock:
            fresh = {key: kept for key, kept in self._waiting.items() if kept[0] > now_ms}
            self._waiting = fresh | {session: (now_ms + _SHOWN_WITHIN_MS, issued)}

    def take(self, session: str, now_ms: int) -> Issued | None:
        """What waits for this session, this once."""
        with self._lock:
            until_ms, issued = self._waiting.pop(session, (0, None))
        return issued if until_ms > now_ms else None


def _just_issued(request: Request) -> JustIssued:
    """This application's."""
    state = request.app.state
    if not hasattr(state, "just_issued"):
        state.just_issued = JustIssued()
    kept: JustIssued = state.just_issued
    return kept


@router.get("/people")
def people(request: Request, parts: TheParts) -> Response:
    """Who can sign in; and once after making one, a one-time secret."""
    issued = _just_issued(request).take(session_of(request), parts.deps.now())
    return html_page(request, "people", people=_people(parts), issued=issued, phones=_phones(parts))


@router.post("/people/{person}/one-time")
async def one_time(request: Request, parts: TheParts, viewer: CurrentViewer, person: str) -> Response:
    """Makes a one-time secret, which the next page shows, once. The person's sessions end.

    The answer is the address of that page: loading it anew makes no other secret."""
    if person not in parts.deps.campus.people:
        raise Problem(Code.NOT_FOUND)
    secret = await parts.doorman.make_one_time(person)
    if secret is None:
        raise Problem(Code.BUSY)
    if person == viewer.person:  # whose session has just ended: nobody would come for it
        known = await run_in_threadpool(_people, parts)
        phones = await run_in_threadpool(_phones, parts)
        return html_page(request, "people", people=known, issued=Issued(person, secret), phones=phones)
    _just_issued(request).put(session_of(request), Issued(person, secret), parts.deps.now())
    return RedirectResponse("/people", 303)


@router.post("/people/phones/{id}/end")
def end_phone(parts: TheParts, id_: Annotated[str, Path(alias="id", max_length=64)]) -> Response:
    """Signs a trusted phone out: it was lost, or belongs to somebody who has left."""
    if not parts.sessions.revoke(id_):
        raise Problem(Code.NOT_FOUND)
    return RedirectResponse("/people", 303)


def _problems_of(current: str, new: str, again: str) -> tuple[str, ...]:
    if new != again:
        return ("mismatch",)
    if new == current:
        return ("same",)
    weak = accounts.weakness(new)
    return (weak.value,) if weak is not None else ()


def _phones(parts: Parts) -> tuple[PhoneState, ...]:
    """Whenever a trusted phone is used, its expiry moves on: the book says nothing else of when that was."""
    return tuple(
        PhoneState(phone.id, phone.person, phone.since_ms, phone.until_ms - sessions.TRUSTED_MS)
        for phone in parts.sessions.phones()
    )


def _people(parts: Parts) -> tuple[PersonState, ...]:
    known = accounts.states(parts.deps.book)
    now_ms = parts.deps.now()
    lines = []
    for person in parts.deps.campus.people.values():
        state = known.get(person.id)
        locked_until_ms = state.locked_until_ms if state is not None else 0
        lines.append(
            PersonState(
                id=person.id,
                name=person.name,
                role=person.role,
                one_time=state is not None and state.one_time,
                changed_at_ms=state.changed_at_ms if state is not None else None,
                locked_until_ms=locked_until_ms if locked_until_ms > now_ms else None,
            )
        )
    return tuple(lines)
