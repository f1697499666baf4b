"""Printed badges: ten on a sheet, and each code is what the guard's page takes for that badge."""

from __future__ import annotations

import segno

from hub.patrol import badges, printing
from hub.patrol.badges import PER_PAGE, Badge, badge_sheets, badge_text
from rules.model import Text
from tests.hub.patrol.test_labels import pages_of

SCHOOL = Text("实验小学", "Experimental Primary School")
GUARD = Badge("张伟", Text("保安", "Guard"), "04B83A1C5E7280")


def test_ten_badges_are_on_a_sheet_of_a4() -> None:
    assert pages_of(badge_sheets(SCHOOL, [GUARD] * PER_PAGE)) == 1
    assert pages_of(badge_sheets(SCHOOL, [GUARD] * (PER_PAGE + 1))) == 2


def test_a_code_says_its_badge() -> None:
    drawn = printing.drawn_code(badge_text(GUARD.number))
    again = segno.make("badge:04B83A1C5E7280", error="q", boost_error=False, micro=False)
    assert drawn == again.svg_inline(border=0, omitsize=True)
    assert badges.badge_text("04B83A1C") == "badge:04B83A1C"
