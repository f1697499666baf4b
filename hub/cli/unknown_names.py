"""What is said of a name that was typed and is nobody's: the one that was meant, or which there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.config.faults import escaped, nearest
from hub.words.texts import Texts

_LISTED: Final = 20


def known_ones(texts: Texts, typed: str, known: Iterable[str]) -> str:
    """In the language of `texts`, which are those of the commands."""
    names = sorted(known)
    meant = nearest(typed, names)
    if meant is not None:
        return texts("known.meant", name=escaped(meant))
    if not names:
        return texts("known.none")
    listed = texts("known.comma").join(map(escaped, names[:_LISTED]))
    return texts("known.more" if len(names) > _LISTED else "known.all", names=listed)
