from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.notify.bureau import Bureau


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    bureau = Bureau(tmp_path)
    yield bureau
    bureau.book.close()
