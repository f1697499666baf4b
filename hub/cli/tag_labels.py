"""What `campushub tags print` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.cli.console import fail, load_or_fail
from hub.cli.exits import Exit
from hub.cli.new_files import write_new
from hub.cli.tag_planning import address_of, place_of, tell, texts_of
from hub.patrol.labels import PER_PAGE, Label, sheets


def make(
    config: Path, environment: Mapping[str, str], asked: Sequence[str], output: Path, address: str
) -> None:
    """Writes the labels of these checkpoints, or of all, to a new file."""
    campus = load_or_fail(config, environment)
    texts = texts_of(campus)
    places = [place_of(campus, id_) for id_ in asked] or list(campus.checkpoints.values())
    if not places:
        fail(texts("tags.print.none"), Exit.CONFIGURATION)
    labels = [Label(place.id, place.name, campus.areas[place.area].name) for place in places]
    made = sheets(campus.site.name, address_of(campus, address), labels)
    write_new(texts, output, made, "--output")
    pages = -(-len(labels) // PER_PAGE)
    tell(texts("tags.print.made", file=output, labels=len(labels), pages=pages))
