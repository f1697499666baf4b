"""The four cookies: who is signed in, on which phone, which form is answered, which language is read."""

from __future__ import annotations

from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from hub.config.model import Campus, Language
from hub.web.sessions import Opened

SESSION: Final = "campushub"
PHONE: Final = "campushub-phone"
LOGIN: Final = "campushub-login"
LANGUAGE: Final = "lang"
_FORM_LASTS_S: Final = 3_600
_PHONE_LASTS_S: Final = 400 * 86_400  # the longest that browsers keep one
_LANGUAGE_LASTS_S: Final = 365 * 86_400

_LANGUAGES: Final = {"zh": Language.ZH, "zh-cn": Language.ZH, "en": Language.EN}


def keep_session(response: Response, opened: Opened, campus: Campus) -> None:
    """Gives the browser its session."""
    response.set_cookie(
        SESSION,
        opened.token,
        max_age=opened.lasts_ms // 1000,
        httponly=True,
        samesite="lax",
        secure=campus.web.secure_cookies,
    )


def drop_session(response: Response, campus: Campus) -> None:
    """Takes it away again."""
    response.delete_cookie(SESSION, httponly=True, samesite="lax", secure=campus.web.secure_cookies)


def keep_phone(response: Response, token: str, campus: Campus) -> None:
    """Tells a phone by which it is known from now on."""
    response.set_cookie(
        PHONE,
        token,
        max_age=_PHONE_LASTS_S,
        httponly=True,
        samesite="strict",
        secure=campus.web.secure_cookies,
    )


def keep_form(response: Response, token: str, campus: Campus) -> None:
    """Remembers which sign-in form this browser was shown."""
    response.set_cookie(
        LOGIN,
        token,
        max_age=_FORM_LASTS_S,
        path="/login",
        httponly=True,
        samesite="strict",
        secure=campus.web.secure_cookies,
    )


def keep_language(response: Response, language: Language, campus: Campus) -> None:
    """Remembers the language that somebody asked for."""
    response.set_cookie(
        LANGUAGE,
        language.value,
        max_age=_LANGUAGE_LASTS_S,
        httponly=True,
        samesite="lax",
        secure=campus.web.secure_cookies,
    )


def asked_language(connection: HTTPConnection) -> Language | None:
    """The language that this very request asks for with `?lang=`."""
    return _LANGUAGES.get(connection.query_params.get("lang", "").lower())


def language_of(connection: HTTPConnection, own: Language) -> Language:
    """The language to answer in: asked for now, asked for earlier, or else `own`."""
    remembered = _LANGUAGES.get(connection.cookies.get(LANGUAGE, "").lower())
    return asked_language(connection) or remembered or own
