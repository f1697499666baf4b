"""The plan that a phone keeps: whose rounds, when, which checkpoints; asked for again at little cost."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from hub.book.model import RoundRun
from hub.patrol.plan import plan_of
from rules.model import RoundState
from rules.route import Sequence, Stop, Visit
from tests.hub.patrol.posting import GATE
from tests.hub.web.world import NOW_MS, World

PLAN = "/api/v1/patrol/plan"
HOUR_MS = 3_600_000


def planned(world: World, **changes: object) -> None:
    run = RoundRun(
        "night@2026-05-29",
        "night",
        NOW_MS - HOUR_MS,
        NOW_MS + HOUR_MS,
        900_000,
        RoundState.PLANNED,
        (GATE,),
        (),
    )
    fields = {name: getattr(run, name) for name in run.__struct_fields__} | changes
    world.board.put_rounds((RoundRun(**fields),))


def test_a_guard_gets_the_rounds_that_are_the_guards_own(world: World) -> None:
    planned(world)

    plan = world.browser("guard").get(PLAN).json()

    assert plan == {
        "now": "2026-05-29T04:26:40.000+08:00",
        "person": {"id": "guard", "name": "Guard <b>Li</b>", "language": "zh-CN"},
        "checkpoints": [
            {
                "id": "gate",
                "name": {"zh-CN": "大门", "en": "Gate"},
                "area": {"zh-CN": "食堂", "en": "Canteen"},
                "floor": None,
                "tags": [sha256(GATE.encode()).hexdigest()],
                "picture": None,
                "checklist": [],
            }
        ],
        "badges": [sha256(b.badge.encode()).hexdigest() for b in world.campus.people.values() if b.badge],
        "reports": ["checklist", "incident", "sos"],
        "unseen": 0,
        "work": 0,
        "rounds": [
            {
                "id": "night@2026-05-29",
                "name": {"zh-CN": "夜巡", "en": "Night"},
                "starts": "2026-05-29T03:26:40.000+08:00",
                "ends": "2026-05-29T05:26:40.000+08:00",
                "deadline": "2026-05-29T05:41:40.000+08:00",
                "grace_s": 900,
                "order": "free",
                "state": "planned",
                "alone_s": None,
                "checkpoints": [
                    {
                        "id": "gate",
                        "name": {"zh-CN": "大门", "en": "Gate"},
                        "area": {"zh-CN": "食堂", "en": "Canteen"},
                        "floor": None,
                        "tags": [sha256(GATE.encode()).hexdigest()],
                        "picture": None,
                        "checklist": [],
                        "visited_at": None,
                        "visits": [],
                        "earliest": None,
                        "latest": None,
                    }
                ],
            }
        ],
    }
    assert world.browser("head").get(PLAN).json()["rounds"] == []
    assert world.browser("canteen").get(PLAN).status_code == 403


def test_a_visit_is_shown_with_its_time(world: World) -> None:
    visit = Visit(NOW_MS - 60_000, "tap:1", GATE, "guard")
    planned(world, state=RoundState.COMPLETED, visited=(GATE,), visits=(visit,))

    (round_,) = world.browser("guard").get(PLAN).json()["rounds"]

    assert round_["state"] == "completed"
    assert round_["checkpoints"][0]["visited_at"] == "2026-05-29T04:25:40.000+08:00"
    assert round_["checkpoints"][0]["visits"] == [{"id": "1", "at": "2026-05-29T04:25:40.000+08:00"}]


def test_badges_are_told_as_hashes_only(world: World) -> None:
    people = {**world.campus.people}
    for id_, badge in (("guard", "04B83A1C5E7280"), ("head", "04000000000180")):
        people[id_] = replace(people[id_], badge=badge)
    person = people["guard"]

    plan = plan_of(replace(world.campus, people=people), (), person, NOW_MS)

    hashes = [sha256(badge.encode()).hexdigest() for badge in ("04B83A1C5E7280", "04000000000180")]
    assert plan.badges == sorted(hashes)
    assert "04B83A1C5E7280" not in plan.model_dump_json()


def test_the_same_plan_is_not_sent_twice_and_a_changed_one_is(world: World) -> None:
    planned(world)
    browser = world.browser("guard")
    etag = browser.get(PLAN).headers["etag"]
    world.now_ms += 60_000

    same = browser.get(PLAN, headers={"if-none-match": f'"other", W/{etag}'})
    planned(world, state=RoundState.IN_PROGRESS)
    other = browser.get(PLAN, headers={"if-none-match": etag})

    assert (same.status_code, same.text, same.headers["etag"]) == (304, "", etag)
    assert (other.status_code, other.json()["rounds"][0]["state"]) == (200, "in_progress")


def test_a_fixed_order_and_its_times_are_told(world: World) -> None:
    night = replace(
        world.campus.rounds["night"],
        sequence=Sequence.FIXED,
        stops=(Stop(GATE, earliest_ms=600_000, latest_ms=HOUR_MS),),
    )
    campus = replace(world.campus, rounds={"night": night})
    planned(world)

    (round_,) = plan_of(campus, world.board.rounds(), campus.people["guard"], NOW_MS).rounds

    (stop,) = round_.checkpoints
    assert round_.order == "fixed"
    assert (stop.earliest, stop.latest) == ("2026-05-29T03:36:40.000+08:00", "2026-05-29T04:26:40.000+08:00")


def test_a_checkpoint_that_the_configuration_has_lost_is_said_to_be_gone(world: World) -> None:
    planned(world, tags=("04111111111180",))

    (round_,) = world.browser("guard").get(PLAN).json()["rounds"]

    assert round_["checkpoints"][0]["name"] == {"zh-CN": "（已撤）", "en": "(no longer there)"}
