"""A new version of the page comes onto a phone that still has something to send."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Playwright, expect

from tests.hub.patrol_page.campus import TAGS, all_day_campus
from tests.hub.patrol_page.phone import phone
from tests.real import require
from tests.whole.hub_process import hub


def test_a_new_version_takes_over_and_loses_nothing(playwright: Playwright, tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    config = all_day_campus(tmp_path / "hub")
    with hub(config) as process:
        port = int(process.address.rpartition(":")[2])
        with phone(playwright, require("chromium"), port, tmp_path / "phone") as guard:
            guard.sign_in("guard-1")
            guard.settle()
            guard.offline()
            guard.listen()
            guard.touch(TAGS["gatehouse"])
            expect(guard.counts).to_contain_text("1 saved on phone")
            body = guard.page.locator("body")
            expect(body).to_have_attribute("data-site", "实验小学")

            process.stop()
            text = config.read_text(encoding="utf-8")
            config.write_text(text.replace("实验小学", "第二实验小学"), encoding="utf-8")
            process.start()
            guard.online()
            guard.open()
            expect(body).to_have_attribute("data-site", "第二实验小学")
            expect(guard.counts).to_contain_text("0 saved on phone")
            expect(guard.counts).to_contain_text("1 sent")
            kept = guard.page.evaluate("async () => (await caches.keys()).length")
            assert kept == 1
