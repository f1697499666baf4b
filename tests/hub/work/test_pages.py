"""The pages of work orders: with plain forms, in both languages, escaped; photos from a form."""

from __future__ import annotations

import io
import re
from hashlib import sha256
from uuid import uuid4

import pytest

from hub.config.model import Language
from hub.desk.work_doing import Which
from hub.notify.model import Kind
from hub.photos.store import Photos
from hub.work import orders
from hub.work.model import NewOrder, Place, Source, WorkOrder
from hub.work.orders import Said
from rules.work import REOPENED_WITHIN_MS, State, Step, Urgency
from tests.hub.web.world import Browser
from tests.hub.web_pages.school import MARKUP, School
from tests.hub.web_pages.test_desk import form, sign_in
from tests.hub.web_pages.test_pages import check
from tests.hub.work.test_api import photo

LANGUAGES = pytest.mark.parametrize("lang", ["zh-CN", "en"])


def reported(
    school: School,
    who: str = "zhang-wei",
    device: str = "",
    title: str = "操场围网破了",
    text: str = "",
    photos: tuple[str, ...] = (),
) -> WorkOrder:
    new = NewOrder(
        key=str(uuid4()),
        source=Source.INCIDENT,
        title=title,
        text=text,
        place=Place(device=device) if device else Place(checkpoint="playground"),
        photos=photos,
        reporter=who,
        reported_at_ms=school.now_ms,
        urgency=Urgency.NORMAL,
    )
    with school.book.writing() as session:
        return orders.make(session, school.campus, new, school.now_ms)


def do(school: School, order: WorkOrder, who: str, step: Step, words: str = "") -> WorkOrder:
    person = school.campus.people[who]
    done = orders.act(school.book, school.campus, order.number, person, step, Said(words), school.now_ms)
    assert isinstance(done, WorkOrder)
    return done


def test_everything_has_its_words_in_both_languages(school: School) -> None:
    families = (
        [f"work.state.{state.value}" for state in State],
        [f"work.step.{step.value}" for step in Step],
        [f"work.said.{step.value}" for step in Step],
        [f"work.nothing_now.{state.value}" for state in State],
        [f"work.source.{source.value}" for source in Source],
        [f"work.urgency.{urgency.value}" for urgency in Urgency],
        [f"work.which.{which.value}" for which in Which],
        [f"work.none.{which.value}" for which in Which],
        [f"ledger.kind.{kind.value}" for kind in Kind],
    )
    for language in Language:
        for keys in families:
            assert len({school.pages.text(language, key) for key in keys}) == len(keys)


@LANGUAGES
def test_the_whole_way_with_plain_forms(school: School, lang: str) -> None:
    guard, fitter = sign_in(school, "zhang-wei"), sign_in(school, "chen-jie")
    blank = guard.get(f"/work/new?lang={lang}").text
    check(blank)
    id_ = _field(blank, "id")
    fields = form(guard, id=id_, title="二楼<b>灯</b>不亮", place="checkpoint:library", urgency="low")
    files = [("photos", ("a.jpg", photo(), "image/jpeg")), ("photos", ("b.jpg", photo(colour="blue")))]

    made = guard.post("/work", csrf=False, data=fields, files=files)
    again = guard.post("/work", csrf=False, data=fields, files=files)

    assert (made.status_code, made.headers["location"]) == (303, "/work/1?said=made")
    assert again.headers["location"] == "/work/1?said=made"
    page = fitter.get(f"/work/1?lang={lang}").text
    check(page)
    assert "二楼&lt;b&gt;灯&lt;/b&gt;不亮" in page
    shown = re.findall(r'<img src="(/work/1/photos/[0-9a-f]{64})"', page)
    assert len(shown) == 2
    assert fitter.get(shown[0]).headers["content-type"] == "image/jpeg"
    listed = fitter.get(f"/work?lang={lang}").text
    check(listed)
    assert 'href="/work/1"' in listed
    assert 'class="nav-count"' in listed
    assert fitter.post("/work/1/take", csrf=False, data=form(fitter)).status_code == 303
    after = {"photos": ("c.jpg", photo(colour="green"), "image/jpeg")}
    done = fitter.post("/work/1/done", csrf=False, data=form(fitter, reason="换了"), files=after)
    assert done.headers["location"] == "/work/1?said=done"
    own, other = fitter.get(f"/work/1?lang={lang}").text, guard.get(f"/work/1?lang={lang}").text
    assert 'action="/work/1/verify"' not in own
    assert 'action="/work/1/send-back"' in own  # to take “done” back
    assert 'action="/work/1/verify"' in other
    assert other.count("/photos/") == 6
    refused = fitter.post("/work/1/verify", csrf=False, data=form(fitter))
    assert refused.status_code == 409
    check(refused.text)
    back = guard.post("/work/1/send-back", csrf=False, data=form(guard, reason="还是暗"))
    assert back.headers["location"] == "/work/1?said=sent_back"
    assert send_without_photos(fitter, "/work/1/done", reason="再换") == 303
    assert guard.post("/work/1/verify", csrf=False, data=form(guard)).status_code == 303
    closed = guard.get(f"/work/1?said=verified&lang={lang}").text
    check(closed)
    assert "还是暗" in closed
    assert "再换" in closed


@LANGUAGES
def test_the_reporter_hears_back_on_the_pages(school: School, lang: str) -> None:
    order = reported(school, title=MARKUP)
    do(school, order, "chen-jie", Step.TAKEN)
    do(school, order, "chen-jie", Step.DONE, f"换了{MARKUP}")
    do(school, order, "liu-yang", Step.VERIFIED)
    guard = sign_in(school, "zhang-wei")
    assert 'class="button quiet news"' in guard.get("/work").text
    page = guard.get(f"/notices?lang={lang}").text
    check(page)
    assert page.count('href="/work/1"') == 3
    words = {"zh-CN": "整改已复核办结", "en": "Put right and verified"}
    assert words[lang] in page
    assert 'class="button quiet news"' not in guard.get("/work").text


@LANGUAGES
def test_the_head_decides_with_plain_forms(school: School, lang: str) -> None:
    order = reported(school)
    head, path = sign_in(school, "liu-yang"), f"/work/{order.number}"
    page = head.get(f"{path}?lang={lang}").text
    check(page)
    for step in ("take", "assign", "reschedule", "cancel"):
        assert f'action="{path}/{step}"' in page
    given = form(head, responsible="person:wang-fang", reason="归食堂")
    assert head.post(f"{path}/assign", csrf=False, data=given).status_code == 303
    past = form(head, until="2020-01-01T08:00", reason="等配件")
    refused = head.post(f"{path}/reschedule", csrf=False, data=past)
    assert refused.status_code == 409
    assert ">等配件</textarea>" in refused.text
    check(refused.text)
    later = form(head, until="2026-07-01T08:00", reason="等配件")
    assert head.post(f"{path}/reschedule", csrf=False, data=later).status_code == 303
    assert head.post(f"{path}/cancel", csrf=False, data=form(head, reason=" ")).status_code == 409
    assert head.post(f"{path}/cancel", csrf=False, data=form(head, reason="重复")).status_code == 303
    cancelled = head.get(f"{path}?lang={lang}").text
    check(cancelled)
    assert "7月1日 08:00" in cancelled or "1 Jul 08:00" in cancelled
    school.now_ms += REOPENED_WITHIN_MS + 1
    assert "/reopen" not in head.get(path).text


def test_nobody_is_offered_what_is_refused(school: School) -> None:
    order = reported(school)
    paths = {
        who: set(re.findall(r'action="/work/\d+/([\w-]+)"', sign_in(school, who).get("/work/1").text))
        for who in ("zhang-wei", "li-qiang", "chen-jie", "wang-fang", "liu-yang")
    }
    assert paths == {
        "zhang-wei": set(),
        "li-qiang": set(),
        "chen-jie": {"take"},
        "wang-fang": set(),
        "liu-yang": {"take", "assign", "reschedule", "cancel"},
    }
    for who in ("zhang-wei", "wang-fang"):
        browser = sign_in(school, who)
        taken = browser.post(f"/work/{order.number}/take", csrf=False, data=form(browser))
        assert taken.status_code == 403
        check(taken.text)


@pytest.mark.parametrize("which", list(Which))
@LANGUAGES
def test_an_empty_list_says_so(school: School, which: Which, lang: str) -> None:
    page = sign_in(school, "wang-fang").get(f"/work?which={which.value}&lang={lang}").text
    check(page)
    assert school.pages.text(Language(lang), f"work.none.{which.value}") in page


@LANGUAGES
def test_what_is_late_comes_first_and_is_counted(school: School, lang: str) -> None:
    late = reported(school, title="先报的")
    school.now_ms += 20 * 86_400_000
    fresh = reported(school, title="后报的")
    page = sign_in(school, "liu-yang").get(f"/work?which=open&lang={lang}").text
    check(page)
    assert page.index(f'href="/work/{late.number}"') < page.index(f'href="/work/{fresh.number}"')
    assert 'class="count late">1<' in page
    only = sign_in(school, "liu-yang").get(f"/work?which=overdue&lang={lang}").text
    assert f'href="/work/{fresh.number}"' not in only
    do(school, late, "chen-jie", Step.TAKEN)
    of_chen = sign_in(school, "liu-yang").get(f"/work?which=open&person=chen-jie&lang={lang}").text
    check(of_chen)
    assert f'href="/work/{late.number}"' in of_chen
    assert "陈杰" in of_chen


@LANGUAGES
def test_an_alert_s_page_and_its_orders_lead_to_each_other(school: School, lang: str) -> None:
    alert = school.alert("cold.chilled.warm", "cold-2")
    cook, guard = sign_in(school, "wang-fang"), sign_in(school, "zhang-wei")
    assert f"/work/new?alert={alert}" in cook.get(f"/alerts/{alert}?lang={lang}").text
    assert "/work/new" not in guard.get(f"/alerts/{alert}").text
    assert guard.get(f"/work/new?alert={alert}").status_code == 403
    assert cook.get("/work/new?alert=99").status_code == 404
    blank = cook.get(f"/work/new?alert={alert}&lang={lang}").text
    check(blank)
    assert 'value="urgent" checked' in blank
    assert 'value="device:cold-2" selected' in blank
    fields = form(cook, id=_field(blank, "id"), title=_field(blank, "title"), alert=str(alert))
    assert cook.post("/work", csrf=False, data=fields).headers["location"] == "/work/1?said=made"
    order = cook.get(f"/work/1?lang={lang}").text
    check(order)
    assert f'href="/alerts/{alert}"' in order
    page = guard.get(f"/alerts/{alert}?lang={lang}").text
    check(page)
    assert 'href="/work/1"' in page


def test_a_form_that_cannot_be_taken_keeps_what_was_typed(school: School) -> None:
    guard = sign_in(school, "zhang-wei")
    fields = form(guard, id=str(uuid4()), title=" ", text="在<东>头", place="area:library", urgency="urgent")
    answer = guard.post("/work", csrf=False, data=fields, files={"photos": ("a.jpg", b"no picture")})
    assert answer.status_code == 415
    check(answer.text)
    assert ">在&lt;东&gt;头</textarea>" in answer.text
    assert 'value="area:library" selected' in answer.text
    assert 'value="urgent" checked' in answer.text
    assert guard.post("/work", csrf=False, data=fields).status_code == 409
    assert guard.post("/work", csrf=False, data=fields | {"title": "x", "alert": "9" * 18}).status_code == 404
    assert guard.post("/work", csrf=False, data={**fields, "csrf": "wrong"}).status_code == 403


def test_a_form_with_too_much_in_it_is_refused(school: School) -> None:
    guard = sign_in(school, "zhang-wei")
    many = [("photos", (f"{n}.jpg", photo((20 + n, 20)), "image/jpeg")) for n in range(11)]
    fields = form(guard, id=str(uuid4()), title="灯")
    assert guard.post("/work", csrf=False, data=fields, files=many).status_code == 413
    huge = {"photos": ("a.jpg", b"x" * (13 * 1024 * 1024), "image/jpeg")}
    assert guard.post("/work", csrf=False, data=fields, files=huge).status_code == 413
    with school.book.reading() as session:
        assert orders.count(session, orders.Filter()) == 0


def test_a_photo_that_has_not_arrived_says_so(school: School) -> None:
    content = photo()
    name = sha256(content).hexdigest()
    reported(school, photos=(name,))
    browser = sign_in(school, "chen-jie")
    assert "尚未传到" in browser.get("/work/1").text
    Photos(school.campus.storage.folder).keep(name, io.BytesIO(content).read())
    assert "尚未传到" not in browser.get("/work/1").text
    assert browser.get(f"/work/1/photos/{name}").status_code == 200


def test_the_wall_s_account_has_no_work(school: School) -> None:
    browser = sign_in(school, "wall")
    assert browser.get("/work").status_code == 403
    assert 'href="/work"' not in browser.get("/alerts").text


def send_without_photos(browser: Browser, path: str, **fields: str) -> int:
    """The form as a browser sends it when no file was chosen: a file without a name, and nothing in it."""
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in form(browser, **fields).items()]
    parts.append('name="photos"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n')
    body = "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    return browser.call("POST", path, content=body.encode(), headers=headers).status_code


def _field(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None
    return found[1]
