"""How the pages are served: plain or with TLS, by whose certificate; and the hub as a device of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from devices.facts import Kind
from hub.config import schema
from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown
from hub.config.model import Campus, Tls, Web
from hub.tls.certificate import PairError, read_pair
from hub.tls.names import is_name, written

_LARGEST_BYTES = 1_000_000


def web_of(source: Path, web: schema.WebTable) -> Web:
    """`[web]` as the hub uses it. Relative paths are relative to `source`."""
    has_tls = web.tls is not Tls.OFF
    public_url = (web.public_url or "").rstrip("/")
    return Web(
        host=web.host,
        port=web.port,
        secure_cookies=has_tls or web.secure_cookies,
        public_url=public_url,
        tls=web.tls,
        certificate_file=_beside(source, web.certificate_file),
        key_file=_beside(source, web.key_file),
        names=tuple(dict.fromkeys((*web.names, *_host_of(public_url)))) if has_tls else (),
        http_port=web.http_port,
    )


def check_web(document: Document) -> Iterator[Fault]:
    """Settings of `[web]` that contradict each other, and a given certificate that cannot be served."""
    web = document.section("web")
    tls = web.table.get("tls", Tls.OFF.value)
    for key in ("certificate_file", "key_file"):
        if tls != Tls.GIVEN.value and key in web.table:
            yield web.fault(key, 'is used with tls = "given" only', "leave it out, or write that")
    if tls == Tls.OFF.value:
        for key in ("names", "http_port"):
            if key in web.table:
                yield web.fault(key, "is used with TLS only", 'leave it out, or write tls = "own"')
    elif tls in (Tls.OWN.value, Tls.GIVEN.value):
        yield from _with_tls(document, web)
    if tls == Tls.OWN.value and not _names(web) and not web.texts("names"):
        remedy = 'write how phones reach the hub, as in names = ["hub.school.example", "192.168.1.20"]'
        yield web.fault("names", "is missing, so that the certificate would fit no address", remedy)
    if tls == Tls.GIVEN.value:
        yield from _given(web)


def check_hub_device(document: Document) -> Iterator[Fault]:
    """The hub is one device and speaks by itself."""
    hubs = [device for device in document.entries("device") if device.text("kind") == Kind.HUB.value]
    for device in hubs[1:]:
        yield device.fault("kind", "there is another device of this kind", "keep one: there is one hub")
    for device in hubs:
        if "interval" in device.table:
            yield device.fault("interval", "the hub speaks by itself, once an hour", "leave it out")


def doubts_of_web(document: Document, campus: Campus) -> Iterator[Fault]:
    """A certificate whose end nobody would be told of."""
    has_hub = any(device.kind is Kind.HUB for device in campus.devices.values())
    if campus.web.tls is Tls.GIVEN and not has_hub:
        remedy = 'add a [[device]] of kind = "hub", with the area and the owner who is to be told'
        yield document.fault(("web", "tls"), "nobody is told before the certificate expires", remedy)


def _with_tls(document: Document, web: Entry) -> Iterator[Fault]:
    if web.table.get("secure_cookies") is False:
        yield web.fault("secure_cookies", "with TLS cookies are secure", "leave it out")
    url = web.text("public_url")
    if url is not None and url.lower().startswith("http:"):
        yield web.fault("public_url", "links would lead to plain HTTP", 'begin it with "https://"')
    plain = web.number("http_port")
    if plain is None:
        return
    if plain == web.table.get("port", schema.WebTable.model_fields["port"].default):
        yield web.fault("http_port", "is the port of HTTPS too", "choose another port for one of them")
    broker = document.section("broker")
    if broker.table.get("embedded", True) is True and plain == broker.table.get("port", 1883):
        yield web.fault(
            "http_port", "is the embedded broker's port too", "choose another port for one of them"
        )


def _given(web: Entry) -> Iterator[Fault]:
    texts: dict[str, bytes] = {}
    for key in ("certificate_file", "key_file"):
        name = web.text(key)
        if name is None:
            if key not in web.table:
                yield web.fault(key, 'is missing, and tls = "given"', "name the PEM file")
            continue
        try:
            with (web.document.file.parent / name).open("rb") as stream:
                texts[key] = stream.read(_LARGEST_BYTES)
        except (OSError, ValueError) as error:
            reason = (
                error.strerror if isinstance(error, OSError) and error.strerror else "no usable file name"
            )
            remedy = "check the path, and that the user that the hub runs as may read it"
            yield web.fault(key, f"the file that it names cannot be read: {reason}", remedy)
    if len(texts) < 2:
        return
    try:
        facts = read_pair(texts["certificate_file"], texts["key_file"])
    except PairError as error:
        yield web.fault("key_file" if error.of_key else "certificate_file", error.problem, error.remedy)
        return
    for name in _names(web):
        if not facts.fits(name):
            held = ", ".join(facts.names[:5]) or "none"
            remedy = "have one made for this name, or name only those that it holds"
            yield web.fault(
                "certificate_file", f"does not hold the name {shown(name)} (it holds: {held})", remedy
            )


def _names(web: Entry) -> tuple[str, ...]:
    named = (written(name) for _, name in web.texts("names") if is_name(name))
    return tuple(dict.fromkeys((*named, *_host_of(web.text("public_url") or ""))))


def _host_of(url: str) -> tuple[str, ...]:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return ()
    return (written(host),) if host and is_name(host) else ()


def _beside(source: Path, name: str | None) -> Path | None:
    return None if name is None else (source.parent / name).absolute()
