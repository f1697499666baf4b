"""A guard's phone: a real browser with a profile on disk that can be killed; only its NFC is played."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from tests.hub.patrol_page.air import Air
from tests.whole.hub_process import SECRET, wait_until

SMALL: Final = (360, 740)
WITHIN_MS: Final = 15_000
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Plays the part of Chrome on Android, which alone has NDEFReader. `nfcFault`: what stands in its way.
_NFC: Final = """
  window.chip = { readers: [], fault: FAULT };
  window.NDEFReader = class extends EventTarget {
    async scan() {
      if (window.chip.fault) throw new DOMException("no", window.chip.fault);
      window.chip.readers.push(this);
    }
  };
  window.touch = (serialNumber, address) => {
    const data = new TextEncoder().encode(address ?? "");
    const records = address ? [{ recordType: "url", data: new DataView(data.buffer) }] : [];
    for (const reader of window.chip.readers) reader.onreading({ serialNumber, message: { records } });
  };
"""


@dataclass
class Phone:
    """One profile; `open` starts the browser on it, `kill` ends it as a phone that dies does."""

    playwright: Playwright
    program: str
    air: Air
    profile: Path
    nfc: str | None = ""  # the name of the fault of NFC; None: the browser has no NFC
    size: tuple[int, int] = SMALL
    dark: bool = False
    arguments: tuple[str, ...] = ()
    complaints: list[str] = field(default_factory=list)
    context: BrowserContext | None = None
    page_: Page | None = None
    is_offline: bool = False

    @property
    def address(self) -> str:
        return self.air.address

    @property
    def page(self) -> Page:
        assert self.page_ is not None
        return self.page_

    def start(self) -> None:
        """The browser is there, with an empty page."""
        self.context = self.playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path=self.program,
            args=[*ARGUMENTS, *self.arguments],
            viewport={"width": self.size[0], "height": self.size[1]},
            color_scheme="dark" if self.dark else "light",
            is_mobile=True,
            has_touch=True,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        self.context.set_default_timeout(WITHIN_MS)
        if self.nfc is not None:
            fault = f'"{self.nfc}"' if self.nfc else "null"
            self.context.add_init_script(_NFC.replace("FAULT", fault))
        self.context.set_offline(self.is_offline)
        self.page_ = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if "Content Security" in said.text else None,
        )

    def sign_in(self, person: str, path: str = "/guard?lang=en") -> None:
        self.page.goto(f"{self.address}/login?next=/guard")
        self.page.fill("input[name=person]", person)
        self.page.fill("input[name=secret]", SECRET)
        self.page.press("input[name=secret]", "Enter")
        self.page.wait_for_url(f"{self.address}/guard")
        self.open(path)

    def open(self, path: str = "/guard") -> None:
        self.page.goto(f"{self.address}{path}")
        self.page.wait_for_selector("body.is-ready")

    def settle(self) -> None:
        """The worker has the page, so that the phone can do without the hub."""
        active = "async () => (await navigator.serviceWorker.getRegistrations()).map((r) => r.active?.state)"
        wait_until(lambda: self.page.evaluate(active) == ["activated"] * 2)
        self.page.reload()
        self.page.wait_for_selector("body.is-ready")
        self.page.wait_for_function("() => navigator.serviceWorker.controller !== null")

    def set_out(self, person: str) -> None:
        """Somebody signs in where there is signal, and starts the browser anew where there is none."""
        self.sign_in(person)
        self.settle()
        self.close()  # a browser writes its cookies down every 30 s only
        self.start()
        self.offline()

    def offline(self) -> None:
        """No signal any more."""
        self._signal(is_there=False)

    def online(self) -> None:
        """Signal again."""
        self._signal(is_there=True)

    def kill(self) -> None:
        """No page hears of it, and nothing is written any more."""
        assert self.context is not None
        for pid in _browsers_of(self.profile):
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while _browsers_of(self.profile):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        for name in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
            (self.profile / name).unlink(missing_ok=True)
        self.context = None

    def touch(self, serial: str, address: str | None = None) -> None:
        """The phone is held to a tag."""
        self.page.evaluate("([serial, address]) => window.touch(serial, address)", [serial, address])

    def listen(self) -> None:
        """The big button is pressed, and NFC is ready."""
        button = self.page.locator("#button")
        button.click()
        expect(button).to_have_attribute("data-state", "reading")

    @property
    def verdict(self) -> Locator:
        return self.page.locator(".verdict")

    @property
    def counts(self) -> Locator:
        return self.page.locator("#counts")

    def kept(self) -> list[dict[str, Any]]:
        """Everything that the phone keeps."""
        found: list[dict[str, Any]] = self.page.evaluate(
            "async () => (await import('/guard/store.js')).all()"
        )
        return found

    def _signal(self, *, is_there: bool) -> None:
        assert self.context is not None
        self.is_offline = not is_there
        self.air.signal(is_there=is_there)
        self.context.set_offline(self.is_offline)

    def close(self) -> None:
        if self.context is not None:
            self.context.close()
            self.context = None


def _browsers_of(profile: Path) -> list[int]:
    """The processes of the browser on this profile, which the test started itself."""
    mark = f"--user-data-dir={profile}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@contextmanager
def phone(playwright: Playwright, program: str, port: int, profile: Path, **more: Any) -> Iterator[Phone]:
    """A phone that is on, and is switched off afterwards; complaints of its pages fail the test."""
    air = Air(port)
    made = Phone(playwright, program, air, profile, **more)
    made.start()
    try:
        yield made
    finally:
        made.close()
        air.close()
    assert made.complaints == []
