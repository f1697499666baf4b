"""Who may call what: one table over every route. What is not in it does not exist.

A face that adds a route adds its line here; `create_app` refuses to start otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Scope

from rules.model import Role

BODY_LIMIT: Final = 1_000_000
_FORM_LIMIT: Final = 16_384
PHOTO_LIMIT: Final = 2 * 1024 * 1024
_PHOTO_FORM_LIMIT: Final = 12 * 1024 * 1024  # a form with photos as a phone takes them


class Access(msgspec.Struct, frozen=True):
    """Who may call a route, and how much it may be sent.

    `public`: anybody, signed in or not. `from_loopback`: also whoever asks from this very computer.
    `while_one_time`: also somebody who still has to change a one-time secret."""

    roles: frozenset[Role] = frozenset()
    public: bool = False
    from_loopback: bool = False
    while_one_time: bool = False
    body_limit: int = BODY_LIMIT


Place: TypeAlias = tuple[str, str]  # method (MOUNT for a mounted folder) and path template
Rights: TypeAlias = Mapping[Place, Access]

_ALL: Final = frozenset(Role)
_STAFF: Final = frozenset(Role) - {Role.WALL}  # a wall shows and does nothing
WALKERS: Final = frozenset({Role.GUARD, Role.MAINTENANCE, Role.HEAD, Role.ADMIN})
_HEADS: Final = frozenset({Role.HEAD, Role.ADMIN})
_UPKEEPERS: Final = _HEADS | {Role.MAINTENANCE}
_SHELVERS: Final = _UPKEEPERS | {Role.CANTEEN}
_ADMIN: Final = frozenset({Role.ADMIN})

_PUBLIC: Final = Access(public=True, body_limit=_FORM_LIMIT)
_EVERYBODY: Final = Access(_ALL)
_OWN_SECRET: Final = Access(_ALL, while_one_time=True, body_limit=_FORM_LIMIT)

RIGHTS: Final[Rights] = {
    # signing in and out
    ("GET", "/login"): _PUBLIC,
    ("POST", "/login"): _PUBLIC,
    ("POST", "/api/v1/sign-in/badge"): _PUBLIC,
    ("POST", "/logout"): _OWN_SECRET,
    ("GET", "/account/secret"): _OWN_SECRET,
    ("POST", "/account/secret"): _OWN_SECRET,
    ("GET", "/people"): Access(_HEADS),
    ("POST", "/people/phones/{id}/end"): Access(_HEADS, body_limit=_FORM_LIMIT),
    ("POST", "/people/{person}/one-time"): Access(_ADMIN, body_limit=_FORM_LIMIT),
    # the hub itself
    ("GET", "/healthz"): _PUBLIC,
    ("GET", "/readyz"): _PUBLIC,
    ("GET", "/metrics"): Access(_ADMIN, from_loopback=True),
    ("MOUNT", "/static"): _PUBLIC,
    # trusting it: a phone that does not yet can neither sign in nor be asked to
    ("GET", "/trust"): _PUBLIC,
    ("GET", "/trust/check"): _PUBLIC,
    ("GET", "/trust/worker.js"): _PUBLIC,
    ("GET", "/trust/campushub-ca.crt"): _PUBLIC,
    ("GET", "/trust/campushub.mobileconfig"): _PUBLIC,
    # pages
    ("GET", "/"): _EVERYBODY,
    ("GET", "/wall"): _EVERYBODY,
    ("GET", "/alerts"): _EVERYBODY,
    ("GET", "/alerts/{id}"): _EVERYBODY,
    ("POST", "/alerts/{id}/acknowledge"): Access(_STAFF, body_limit=_FORM_LIMIT),
    ("POST", "/alerts/{id}/close"): Access(_STAFF, body_limit=_FORM_LIMIT),
    # Quiet about food or power is asked for by those who answer for it, never by whoever passes by.
    ("POST", "/alerts/{id}/shelve"): Access(_SHELVERS, body_limit=_FORM_LIMIT),
    ("POST", "/alerts/{id}/unshelve"): Access(_SHELVERS, body_limit=_FORM_LIMIT),
    ("POST", "/alerts/{id}/confirm"): Access(_STAFF, body_limit=_FORM_LIMIT),
    ("POST", "/alerts/{id}/reject"): Access(_STAFF, body_limit=_FORM_LIMIT),
    ("POST", "/alerts/{id}/reopen"): Access(_HEADS, body_limit=_FORM_LIMIT),
    ("GET", "/upkeep"): _EVERYBODY,
    ("GET", "/load"): Access(_HEADS),
    ("POST", "/upkeep/out-of-service"): Access(_UPKEEPERS, body_limit=_FORM_LIMIT),
    ("POST", "/upkeep/maintenance"): Access(_HEADS, body_limit=_FORM_LIMIT),
    ("POST", "/upkeep/{id}/end"): Access(_UPKEEPERS, body_limit=_FORM_LIMIT),
    ("GET", "/rounds"): _EVERYBODY,
    ("GET", "/rounds/plan"): _EVERYBODY,
    ("GET", "/rounds/calendar"): _EVERYBODY,
    ("GET", "/rounds/export"): Access(_HEADS),
    ("GET", "/rounds/{id}"): _EVERYBODY,
    # Whose round it is, and the head; which of them may what stands in hub/alerts/orders.py.
    ("POST", "/rounds/{id}/orders"): Access(WALKERS, body_limit=_FORM_LIMIT),
    # Everybody may say what has to be put right, and see what became of it; who may do what to an order
    # depends on the order (rules/work.py).
    ("GET", "/work"): Access(_STAFF),
    ("POST", "/work"): Access(_STAFF, body_limit=_PHOTO_FORM_LIMIT),
    ("GET", "/work/new"): Access(_STAFF),
    ("GET", "/work/{number}"): Access(_STAFF),
    ("GET", "/work/{number}/photos/{sha256}"): Access(_STAFF),
    ("POST", "/work/{number}/take"): Access(_STAFF, body_limit=_FORM_LIMIT),
    ("POST", "/work/{number}/give-back"): Access(_STAFF, body_limit=_FORM_LIMIT),
    ("POST", "/work/{number}/assign"): Access(_HEADS, body_limit=_FORM_LIMIT),
    ("POST", "/work/{number}/reschedule"): Access(_HEADS, body_limit=_FORM_LIMIT),
    ("POST", "/work/{number}/done"): Access(_STAFF, body_limit=_PHOTO_FORM_LIMIT),
    ("POST", "/work/{number}/verify"): Access(_STAFF, body_limit=_FORM_LIMIT),
    ("POST", "/work/{number}/send-back"): Access(_STAFF, body_limit=_FORM_LIMIT),
    ("POST", "/work/{number}/cancel"): Access(_HEADS, body_limit=_FORM_LIMIT),
    ("POST", "/work/{number}/reopen"): Access(_STAFF, body_limit=_FORM_LIMIT),
    ("GET", "/notices"): _EVERYBODY,
    ("GET", "/records"): Access(_HEADS),
    ("GET", "/events"): _EVERYBODY,
    # programs
    ("GET", "/api/v1/openapi.json"): _EVERYBODY,
    ("GET", "/api/v1/me"): Access(_ALL, while_one_time=True),
    ("GET", "/api/v1/devices"): _EVERYBODY,
    ("GET", "/api/v1/devices/{id}"): _EVERYBODY,
    ("GET", "/api/v1/alerts"): _EVERYBODY,
    ("GET", "/api/v1/alerts/{id}"): _EVERYBODY,
    # Whoever stands there may take an alert on and say what was done; its record names who it was.
    ("POST", "/api/v1/alerts/{id}/acknowledge"): Access(_STAFF),
    ("POST", "/api/v1/alerts/{id}/close"): Access(_STAFF),
    ("POST", "/api/v1/alerts/{id}/shelve"): Access(_SHELVERS),
    ("POST", "/api/v1/alerts/{id}/unshelve"): Access(_SHELVERS),
    ("POST", "/api/v1/alerts/{id}/confirm"): Access(_STAFF),
    ("POST", "/api/v1/alerts/{id}/reject"): Access(_STAFF),
    ("POST", "/api/v1/alerts/{id}/reopen"): Access(_HEADS),
    ("GET", "/api/v1/upkeep"): _EVERYBODY,
    ("POST", "/api/v1/upkeep/out-of-service"): Access(_UPKEEPERS),
    ("POST", "/api/v1/upkeep/maintenance"): Access(_HEADS),
    ("POST", "/api/v1/upkeep/{id}/end"): Access(_UPKEEPERS),
    ("GET", "/api/v1/taps"): _EVERYBODY,
    ("POST", "/api/v1/patrol/taps"): Access(WALKERS),
    ("GET", "/api/v1/patrol/plan"): Access(WALKERS),
    ("GET", "/guard"): _PUBLIC,  # a phone keeps it, and shows its own plan before anybody signs in
    ("GET", "/guard/{file}"): _PUBLIC,
    ("POST", "/api/v1/patrol/alone"): Access(WALKERS),
    ("POST", "/api/v1/patrol/reports"): Access(WALKERS),
    ("GET", "/api/v1/patrol/reports"): Access(_UPKEEPERS),
    ("PUT", "/api/v1/patrol/photos/{sha256}"): Access(WALKERS, body_limit=PHOTO_LIMIT),
    ("GET", "/api/v1/patrol/photos/{sha256}"): Access(WALKERS),
    ("GET", "/api/v1/patrol/pictures/{sha256}"): Access(WALKERS),
    ("GET", "/api/v1/work"): Access(_STAFF),
    ("POST", "/api/v1/work"): Access(_STAFF),
    ("PUT", "/api/v1/work/photos/{sha256}"): Access(_STAFF, body_limit=PHOTO_LIMIT),
    ("GET", "/api/v1/work/{number}"): Access(_STAFF),
    ("GET", "/api/v1/work/{number}/photos/{sha256}"): Access(_STAFF),
    ("POST", "/api/v1/work/{number}/take"): Access(_STAFF),
    ("POST", "/api/v1/work/{number}/give-back"): Access(_STAFF),
    ("POST", "/api/v1/work/{number}/assign"): Access(_HEADS),
    ("POST", "/api/v1/work/{number}/reschedule"): Access(_HEADS),
    ("POST", "/api/v1/work/{number}/done"): Access(_STAFF),
    ("POST", "/api/v1/work/{number}/verify"): Access(_STAFF),
    ("POST", "/api/v1/work/{number}/send-back"): Access(_STAFF),
    ("POST", "/api/v1/work/{number}/cancel"): Access(_HEADS),
    ("POST", "/api/v1/work/{number}/reopen"): Access(_STAFF),
    ("GET", "/t/{tag}"): _PUBLIC,  # somebody who is not signed in yet taps as well
    ("GET", "/api/v1/rounds"): _EVERYBODY,
    ("GET", "/api/v1/rounds/{id}"): _EVERYBODY,
    ("POST", "/api/v1/rounds/{id}/orders"): Access(WALKERS),
    ("GET", "/api/v1/history"): _EVERYBODY,
    ("GET", "/api/v1/history/latest"): _EVERYBODY,
    ("GET", "/api/v1/history/energy"): _EVERYBODY,
    ("GET", "/api/v1/history/excursions"): _EVERYBODY,
    ("GET", "/api/v1/dead-letters"): Access(_HEADS),
    ("GET", "/api/v1/strangers"): Access(_HEADS),
    ("GET", "/api/v1/health"): _EVERYBODY,
    ("GET", "/api/v1/events"): _EVERYBODY,
}


class RightsError(Exception):
    """Routes and table do not fit; the text names every difference."""


def places_of(route: BaseRoute) -> tuple[Place, ...]:
    """The places that a route answers at; HEAD goes with GET. RightsError for what is no HTTP route."""
    if isinstance(route, Mount):
        return (("MOUNT", route.path),)
    if isinstance(route, Route):
        return tuple((method, route.path) for method in sorted(route.methods or ()) if method != "HEAD")
    raise RightsError(f"{route!r} is neither a route nor a mounted folder: add its routes one by one")


def fit(routes: Iterable[BaseRoute], rights: Rights) -> None:
    """Raises RightsError unless every route has an entry and every entry a route."""
    served = [place for route in routes for place in places_of(route)]
    faults = [
        f"{method} {path} has no entry in hub/web/rights.py: say there who may call it"
        for method, path in served
        if (method, path) not in rights
    ]
    faults += [
        f"hub/web/rights.py has an entry for {method} {path}, but no router serves that"
        for method, path in rights
        if (method, path) not in served
    ]
    faults += [
        f"{method} {path} is served twice" for method, path in set(served) if served.count((method, path)) > 1
    ]
    if faults:
        raise RightsError("; ".join(faults))


def access_to(routes: Iterable[BaseRoute], rights: Rights, scope: Scope) -> Access | None:
    """The entry of the route that will serve this request; None: no route will."""
    for route in routes:
        match, _ = route.matches(scope)
        if match is Match.FULL:
            method = "MOUNT" if isinstance(route, Mount) else scope["method"].replace("HEAD", "GET")
            return rights[method, getattr(route, "path", "")]
    return None
