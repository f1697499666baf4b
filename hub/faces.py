"""Which faces this hub has, and in which order they stand on the live page: known here and nowhere else."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hub.canteen import cards as canteen
from hub.desk import cards as desk
from hub.desk import work_api
from hub.desk.routes import router as desk_router
from hub.patrol import alone_api, place_pictures, report_api, tap_api
from hub.patrol import cards as patrol
from hub.patrol import page as guard_page
from hub.power import cards as power
from hub.rounds import order_api
from hub.trust import routes as trust
from hub.wall import routes as wall
from hub.web.deps import Deps
from hub.web.pages import Pages

FACES: Final = (desk.FACE, canteen.FACE, power.FACE, patrol.FACE, wall.FACE, trust.FACE)

# What programs and phones ask for; the same for every application.
APIS: Final = (
    work_api.router,
    tap_api.router,
    report_api.router,
    order_api.router,
    place_pictures.router,
    alone_api.router,
)


def make_pages(deps: Deps) -> Pages:
    """The pages of every face."""
    return Pages(deps, FACES)


def make_routers(deps: Deps, pages: Pages) -> tuple[APIRouter, ...]:
    """The routes of every face."""
    return (
        desk_router(deps, pages),
        *APIS,
        wall.router(pages),
        trust.router,
        guard_page.router(deps, pages),
    )
