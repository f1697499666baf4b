"""Who hears of an order on the pages: whoever has to act, and the reporter hears back."""

from __future__ import annotations

from dataclasses import replace

from hub.config.model import Campus, Language, Person
from hub.notify import ledger
from hub.notify.message import Composer, load_texts
from hub.work import answerable, orders, telling
from hub.work.model import Place
from hub.work.overdue import Overdue
from rules.model import Role
from rules.work import Step
from tests.hub.web.world import NOW_MS, World
from tests.hub.work.test_api import DAY_MS, do, made, put_right


def heard(world: World, number: int = 1) -> list[tuple[str, str]]:
    """Whom what was told, in order."""
    with world.book.reading() as session:
        entries = ledger.of_work(session, number)
    assert all(entry.sent_at_ms is not None and entry.notice.channel == "pages" for entry in entries)
    return [(entry.notice.recipient, entry.notice.kind.value) for entry in entries]


def test_the_responsible_then_the_verifier_then_the_reporter_hear(world: World) -> None:
    number = made(world)["number"]
    assert heard(world) == [("maintenance", "work_made")]
    put_right(world, number)
    do(world, "head", number, "verify")
    assert heard(world)[1:] == [
        ("guard", "work_taken"),
        ("guard", "work_done"),
        ("head", "work_done"),
        ("guard", "work_verified"),
        ("maintenance", "work_verified"),
    ]
    with world.book.reading() as session:
        assert ledger.unseen(session, "guard") == 3
        assert ledger.unseen(session, "head") == 1


def test_who_is_sent_back_cancelled_or_moved_hears_of_it(world: World) -> None:
    number = made(world)["number"]
    put_right(world, number)
    told = len(heard(world))
    do(world, "guard", number, "send-back", reason="还是闪")
    do(world, "head", number, "reschedule", urgency="urgent", reason="危险")
    do(world, "maintenance", number, "give-back", reason="要电工")
    do(world, "head", number, "assign", responsible="person:canteen", reason="你来")
    do(world, "head", number, "cancel", reason="不修了")
    do(world, "guard", number, "reopen", reason="要修")
    assert heard(world)[told:] == [
        ("maintenance", "work_sent_back"),
        ("maintenance", "work_moved"),
        ("head", "work_given_back"),
        ("canteen", "work_made"),
        ("guard", "work_cancelled"),
        ("maintenance", "work_cancelled"),
        ("canteen", "work_reopened"),
        ("maintenance", "work_reopened"),
    ]


def test_an_order_that_is_late_is_told_once_for_each_due_time(world: World) -> None:
    number = made(world, urgency="urgent")["number"]
    overdue = Overdue(world.campus, world.book, lambda: world.now_ms)
    overdue.turn()
    world.now_ms += DAY_MS
    for _ in range(3):
        overdue.turn()
    assert heard(world)[1:] == [("maintenance", "work_overdue"), ("head", "work_overdue")]
    later = world.now_ms + DAY_MS
    do(world, "head", number, "reschedule", due_ms=later, reason="等配件")
    overdue.turn()
    do(world, "maintenance", number, "take")
    world.now_ms = later
    overdue.turn()
    assert heard(world)[-2:] == [("maintenance", "work_overdue"), ("head", "work_overdue")]
    do(world, "maintenance", number, "done", done="好了")
    told = len(heard(world))
    world.now_ms += 30 * DAY_MS
    overdue.turn()
    assert len(heard(world)) == told  # it waits for others now


def test_somebody_can_always_verify(world: World) -> None:
    number = made(world, "head")["number"]
    put_right(world, number, "head")
    with world.book.reading() as session:
        order = orders.one(session, number)
    assert order is not None
    assert telling.judges(world.campus, order) == ("admin",)
    assert do(world, "admin", number, "verify").status_code == 200


def campus(world: World, **owners: str) -> Campus:
    found = world.campus
    return replace(
        found,
        areas={"canteen": replace(found.areas["canteen"], owner=owners.get("area", ""))},
        checkpoints={"gate": replace(found.checkpoints["gate"], owner=owners.get("checkpoint", ""))},
    )


def test_who_answers_for_a_place(world: World) -> None:
    def answers(place: Place, **owners: str) -> str:
        return answerable.responsible_for(campus(world, **owners), place)

    assert answers(Place()) == "role:maintenance"
    assert answers(Place(checkpoint="gate")) == "role:maintenance"
    assert answers(Place(checkpoint="gate"), area="head") == "person:head"
    assert answers(Place(checkpoint="gate"), area="head", checkpoint="guard") == "person:guard"
    assert answers(Place(area="canteen"), area="head") == "person:head"
    assert answers(Place(device="cold-1"), area="head") == "person:canteen"
    assert answers(Place(checkpoint="gone"), area="head") == "role:maintenance"


def test_where_nobody_maintains_the_head_answers(world: World) -> None:
    few = {id_: one for id_, one in world.campus.people.items() if one.role is not Role.MAINTENANCE}
    found = replace(world.campus, people=few)
    assert answerable.responsible_for(found, Place()) == "role:head"


def test_a_message_names_the_order_and_leads_to_it(world: World) -> None:
    do(world, "head", made(world)["number"], "cancel", reason="重复\n了")
    reached = replace(world.campus, web=replace(world.campus.web, public_url="https://hub.example"))
    with world.book.reading() as session:
        notice = ledger.of_work(session, 1)[-1].notice
    for language, words in ((Language.ZH, "【整改单已取消】"), (Language.EN, "[Work order cancelled]")):
        message = Composer(reached, load_texts()[language], lambda: NOW_MS).one(notice)
        assert message.title.startswith(words)
        assert "走廊灯不亮" in message.title
        assert "The head: 重复 了" in message.body
        assert "https://hub.example/work/1" in message.body


def test_every_step_tells_in_a_kind_of_its_own() -> None:
    assert set(telling.KINDS) == set(Step)


def test_two_people_of_a_role_both_hear(world: World) -> None:
    second = Person("sun", "Sun", Role.MAINTENANCE, "", Language.ZH)
    people = {**world.campus.people, "sun": second}
    made(world)
    with world.book.reading() as session:
        order = orders.one(session, 1)
        (entry,) = orders.record_of(session, 1)
    assert order is not None
    told = telling.of_change(replace(world.campus, people=people), order, entry.change)
    assert [notice.recipient for notice in told] == ["maintenance", "sun"]
