"""Apprise: the services that it knows, each behind an address. It loads late, for that takes a while."""

from __future__ import annotations

import logging
import re
import warnings
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from hub.notify.channels import Message, Outcome

if TYPE_CHECKING:
    from apprise import Apprise

_MOST_BYTES: Final = 16_000
_MOST_SHOWN: Final = 200
_SHORTEST_SECRET: Final = 4
_REFUSED: Final = re.compile(r"error=(?:400|401|403|404|410)\b")
_TOO_MANY: Final = re.compile(r"error=429\b")
_A_MINUTE_S: Final = 60.0


class Service:
    """One address of a service that apprise knows."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._apprise: Apprise | None = None
        self.most_bytes = _MOST_BYTES

    def send(self, message: Message) -> Outcome:
        """Sends it. Apprise says little more than whether it worked: the reason is what it logged."""
        try:
            apprise = self._loaded()
            result = apprise.notify(
                body=message.body or message.title,
                title=message.title if message.body else "",
                body_format="text",
            )
            said = [entry.message for service in result for attempt in service for entry in attempt.logs]
        except Exception as error:  # noqa: BLE001 - a hundred plugins, each with errors of its own
            return Outcome(f"apprise failed ({type(error).__name__})")
        if result:
            return Outcome()
        reason = (_without_secrets(said[-1], self._url) if said else "") or "not delivered"
        wait_s = _A_MINUTE_S if _TOO_MANY.search(reason) else None
        return Outcome(reason, wait_s, is_refusal=_REFUSED.search(reason) is not None)

    def _loaded(self) -> Apprise:
        if self._apprise is None:
            loaded = _load(self._url)
            if loaded is None:
                raise ValueError("no service takes this address")
            self._apprise = loaded
            limits = [service.body_maxlen for service in loaded.services]
            self.most_bytes = min(_MOST_BYTES, *limits)
        return self._apprise


def is_known(url: str) -> bool:
    """Whether a service takes this address; nothing is sent."""
    return _load(url) is not None


def _load(url: str) -> Apprise | None:
    # Its own log names addresses and tokens: what matters of it is in the result.
    logging.getLogger("apprise").propagate = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what its plugins import
        import apprise
    # Nothing of its pool of threads, which all channels would share: a few that hang would hold up others,
    # and the process's end as well. The services' own timeouts are seconds.
    asset = apprise.AppriseAsset(
        app_id="campushub", app_desc="campushub", http_redirects=False, async_mode=False, service_timeout=0
    )
    loaded = apprise.Apprise(asset=asset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return loaded if loaded.add(url) else None


def _without_secrets(reason: str, url: str) -> str:
    """What apprise said, without the parts of the address; on one line."""
    for part in re.split(r"[:/?&=@,]+", url.partition("://")[2]):
        for secret in (part, unquote(part)):
            if len(secret) >= _SHORTEST_SECRET:
                reason = reason.replace(secret, "…")
    return "".join(c if c.isprintable() else " " for c in reason)[:_MOST_SHOWN]
