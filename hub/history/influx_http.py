"""One request to InfluxDB and what its answer means: taken, refused for its content, or not now."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

from hub.config.model import History as HistoryConfig
from hub.history.port import HistoryUnavailableError, Link

_CONNECT_MS: Final = 3_000
_READ_MS: Final = 15_000  # InfluxDB itself gives a write up after 10 s
_LONGEST_PAUSE_MS: Final = 3_600_000
_DETAIL_LENGTH: Final = 300

_CONTENT_STATUSES: Final = frozenset({400, 422})
_SIZE_OR_FORM: Final = frozenset({413, 415})  # proxies say these too, and mean the body all the same
_LATER_STATUSES: Final = frozenset({408, 425, 429})


class ContentRefusedError(Exception):
    """InfluxDB understood who asks and will not take what was sent. `reason` is its own message."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class _Problem(msgspec.Struct):
    """How InfluxDB words an error: 1.x in `error`, 2.x in `message`."""

    error: str = ""
    message: str = ""


class InfluxHttp:
    """Requests to one InfluxDB with its credentials. Never tries twice: the log is what retries."""

    def __init__(self, config: HistoryConfig, connect_ms: int = _CONNECT_MS, read_ms: int = _READ_MS) -> None:
        self._where = config.url
        self._client = InfluxDBClient(
            url=config.url, token=config.token or "", org=config.organisation, timeout=(connect_ms, read_ms)
        )
        self._api = self._client.api_client
        self._headers = _basic(config)

    def get(self, path: str, query: Mapping[str, str]) -> bytes:
        """The body of the answer. Raises ContentRefusedError, HistoryUnavailableError."""
        return self._answer("GET", path, query_params=list(query.items()), header_params=dict(self._headers))

    def post_form(self, path: str, form: Mapping[str, str]) -> bytes:
        """The body of the answer to a form. Raises ContentRefusedError, HistoryUnavailableError."""
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        return self._answer("POST", path, post_params=list(form.items()), header_params=headers)

    def post_lines(self, path: str, query: Mapping[str, str], body: bytes, encoding: str) -> None:
        """Sends line protocol. Raises ContentRefusedError, HistoryUnavailableError."""
        headers = {**self._headers, "Content-Type": "text/plain; charset=utf-8", "Content-Encoding": encoding}
        self._answer("POST", path, query_params=list(query.items()), header_params=headers, body=body)

    def close(self) -> None:
        """Lets go of the connections."""
        self._client.close()  # type: ignore[no-untyped-call] # the library is half typed

    # `request` is what the client library's untyped call_api takes.
    def _answer(self, method: str, path: str, **request: Any) -> bytes:
        try:
            response = self._api.call_api(  # type: ignore[no-untyped-call] # the library is half typed
                path, method, _preload_content=False, _return_http_data_only=True, **request
            )
            return bytes(response.data)
        except ApiException as error:
            raise self._fault(error) from error
        except urllib3.exceptions.HTTPError as error:
            raise HistoryUnavailableError(Link.UNREACHABLE, f"{self._where}: {_short(str(error))}") from error

    def _fault(self, error: ApiException) -> ContentRefusedError | HistoryUnavailableError:
        status = int(error.status or 0)
        said = _own_words(error.body)
        detail = f"{self._where} answered {status}: {_short(said or str(error.reason))}"
        if status == 0 or status >= 500 or status in _LATER_STATUSES:
            return HistoryUnavailableError(Link.UNREACHABLE, detail, _pause_ms(error))
        # A 400 without InfluxDB's own words is somebody else's (a proxy, a TLS port): no point is to blame.
        if status in _SIZE_OR_FORM or (status in _CONTENT_STATUSES and said):
            return ContentRefusedError(status, _short(said or f"answered {status}"))
        return HistoryUnavailableError(Link.REFUSED, detail)


def _basic(config: HistoryConfig) -> dict[str, str]:
    if config.token or not config.username:
        return {}
    secret = f"{config.username}:{config.password or ''}".encode()
    return {"Authorization": f"Basic {base64.b64encode(secret).decode()}"}


def _own_words(body: bytes | str | None) -> str:
    try:
        problem = msgspec.json.decode(body or b"", type=_Problem)
    except (msgspec.MsgspecError, UnicodeError):
        return ""
    return problem.error or problem.message


def _short(text: str) -> str:
    return " ".join(text.split())[:_DETAIL_LENGTH]


def _pause_ms(error: ApiException) -> int | None:
    given = str(error.headers.get("Retry-After", "")) if error.headers else ""
    if not given.isascii() or not given.isdigit():
        return None  # also a date: comparing it needs a clock, and InfluxDB sends seconds
    return min(int(given[:6]) * 1000, _LONGEST_PAUSE_MS)
