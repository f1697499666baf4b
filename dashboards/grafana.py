"""A connection to one Grafana: every failure becomes one error that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, TypeVar, assert_never
from urllib.parse import urlsplit

import msgspec
import requests
from grafana_api.grafana_api import GrafanaException
from grafana_api.grafana_face import GrafanaFace

T = TypeVar("T")

_TIMEOUT_S: Final = 10.0


class Trouble(Enum):
    """Why publishing failed."""

    ADDRESS = "address"
    TOKEN = "token"  # noqa: S105 -- the name of a trouble
    UNREACHABLE = "unreachable"
    NOT_GRAFANA = "not_grafana"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    REFUSED = "refused"


class PublishError(Exception):
    """Nothing more was published. `detail` is what Grafana or the network said; no secret is in it."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        self.trouble = trouble
        self.detail = detail
        self.advice = _advice(trouble)
        super().__init__(f"{detail}: {self.advice}")


def connect(url: str, token: str) -> GrafanaFace:
    """A client of the Grafana at `url` (it may have a path) that signs in with a service account's token.

    Nothing is sent yet. Raises PublishError when the address or the token cannot be right.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise PublishError(Trouble.ADDRESS, "the Grafana address cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise PublishError(Trouble.ADDRESS, "the Grafana address is not an http or https one")
    if parts.username is not None or parts.password is not None:
        raise PublishError(Trouble.ADDRESS, "the Grafana address holds a user name or a password")
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise PublishError(Trouble.TOKEN, "the Grafana token is empty or has characters that no token has")
    prefix = parts.path.strip("/")
    return GrafanaFace(
        auth=token,
        host=f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname,
        port=port,
        url_path_prefix=f"{prefix}/" if prefix else "",
        protocol=parts.scheme,
        timeout=_TIMEOUT_S,
    )


def disconnect(client: GrafanaFace) -> None:
    """Closes the client's connections."""
    client.api.s.close()


def ask(shape: type[T], call: Callable[..., Any], *arguments: object) -> T:
    """What Grafana answers to one call, in the expected shape. Raises PublishError."""
    # The causes are left out of the chain: a refused header would carry the token into a traceback.
    try:
        return msgspec.convert(call(*arguments), shape)
    except GrafanaException as error:
        raise PublishError(_trouble(error.status_code), _said(error)) from None
    except (requests.ConnectionError, requests.Timeout) as error:
        raise PublishError(Trouble.UNREACHABLE, f"no answer ({type(error).__name__})") from None
    except requests.JSONDecodeError:
        raise PublishError(Trouble.NOT_GRAFANA, "the answer is not JSON") from None
    except requests.RequestException as error:
        raise PublishError(Trouble.ADDRESS, f"the request failed ({type(error).__name__})") from None
    except (TypeError, msgspec.ValidationError):
        # grafana-api trips over an error page in plain text with a TypeError.
        raise PublishError(Trouble.NOT_GRAFANA, "the answer has an unknown shape") from None


def ask_if_there(shape: type[T], call: Callable[..., Any], *arguments: object) -> T | None:
    """Like `ask`, and None where Grafana has no such thing."""
    try:
        return ask(shape, call, *arguments)
    except PublishError as error:
        if error.trouble is Trouble.MISSING:
            return None
        raise


def _trouble(status: int) -> Trouble:
    known = {
        401: Trouble.UNAUTHORIZED,
        403: Trouble.FORBIDDEN,
        404: Trouble.MISSING,
        409: Trouble.CONFLICT,
        412: Trouble.CONFLICT,
    }
    return known.get(status, Trouble.UNREACHABLE if status >= 500 else Trouble.REFUSED)


def _said(error: GrafanaException) -> str:
    answer = error.response
    message = answer.get("message") if isinstance(answer, dict) else None
    said = message if isinstance(message, str) else "no reason given"
    return f"Grafana answered {error.status_code} ({said[:200]!r})"


def _advice(trouble: Trouble) -> str:
    match trouble:
        case Trouble.ADDRESS:
            return "give the address as http(s)://host:port/path, and the token apart from it"
        case Trouble.TOKEN:
            return "put a service account's token into the environment variable that you name"
        case Trouble.UNREACHABLE:
            return "see that Grafana runs and can be reached from here, then publish again"
        case Trouble.NOT_GRAFANA | Trouble.MISSING:
            return "see that the address is Grafana's own, with its path if it has one"
        case Trouble.UNAUTHORIZED:
            return "the token is unknown or has expired: make a new one for the service account"
        case Trouble.FORBIDDEN:
            return (
                "the token may not do this: give its service account the role Editor (Admin for data sources)"
            )
        case Trouble.CONFLICT:
            return (
                "somebody changed it meanwhile, or the name is taken: publish again, or rename the other one"
            )
        case Trouble.REFUSED:
            return (
                "Grafana does not accept it as it is: compare its version with the one in the documentation"
            )
        case _:
            assert_never(trouble)
