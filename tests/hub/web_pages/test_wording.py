from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from hub.config.model import Language
from hub.words import texts, wording

_TEXTS = texts.load((texts.OWN_PACKAGE,))
_ZH, _EN = _TEXTS[Language.ZH], _TEXTS[Language.EN]
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_NOW_MS = 1_780_000_000_000  # 2026-05-29 04:26:40 in Shanghai


@pytest.mark.parametrize(
    ("ms", "zh", "en"),
    [
        (-5_000, "刚刚", "just now"),
        (4_999, "刚刚", "just now"),
        (59_999, "59 秒前", "59 s ago"),
        (180_000, "3 分钟前", "3 min ago"),
        (3_660_000, "1 小时 1 分前", "1 h 1 min ago"),
        (172_800_000, "2 天 0 小时前", "2 d 0 h ago"),
    ],
)
def test_an_age_is_said_in_words(ms: int, zh: str, en: str) -> None:
    assert (wording.ago(ms, _ZH), wording.ago(ms, _EN)) == (zh, en)


@pytest.mark.parametrize(
    ("value", "quantity", "said"),
    [
        (-18.44, "temperature_c", "−18.4\u00a0°C"),
        (-0.04, "temperature_c", "0.0\u00a0°C"),
        (999.0, "power_w", "999\u00a0W"),
        (18_420.0, "power_w", "18.42\u00a0kW"),
        (48_213.44, "energy_kwh", "48213.4\u00a0kWh"),
        (231.25, "voltage_l1_v", "231.2\u00a0V"),
        (82.0, "residual_current_ma", "82\u00a0mA"),
        (0.93, "power_factor", "0.93"),
        (20.96, "certificate_days", "21.0\u00a0d"),
    ],
)
def test_a_value_has_the_unit_in_its_name(value: float, quantity: str, said: str) -> None:
    assert wording.with_unit(value, quantity) == said


def test_a_moment_says_as_much_of_the_date_as_it_must() -> None:
    def moment(at_ms: int, said: texts.Texts) -> str:
        return wording.moment(at_ms, _NOW_MS, _SHANGHAI, said)

    assert moment(_NOW_MS, _EN) == "04:26"
    assert moment(_NOW_MS - 5 * 3_600_000, _EN) == "28 May 23:26"
    assert moment(_NOW_MS - 5 * 3_600_000, _ZH) == "5月28日 23:26"
    assert moment(0, _ZH) == "1970年1月1日 08:00"
    assert moment(0, _EN) == "1 Jan 1970 08:00"
