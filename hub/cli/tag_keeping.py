"""What `campushub tags key` does. It reads no more of the configuration than where the key belongs: without
the file that it names, the whole would have a fault."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from devices.aes import KEY_BYTES
from devices.tag_keys import MasterKey
from hub.cli.console import err, fail, out
from hub.cli.exits import Exit
from hub.cli.secret_files import write_secret
from hub.cli.tag_planning import tell
from hub.config.document import Document, read
from hub.config.faults import ConfigurationError
from hub.config.model import Language
from hub.config.report import explain
from hub.config.tags import find_master_key
from hub.words.texts import Texts, load

_USUAL: Final = "secrets/tag-key"


def make(config: Path) -> None:
    """Makes the key, or says which one there is."""
    try:
        document = read(config)
    except ConfigurationError as error:
        fail(explain(error), Exit.CONFIGURATION)
    texts = load(("hub.cli",))[_language(document)]
    named = document.section("tags").text("master_key_file")
    name = named or _USUAL
    file = document.file.parent / name
    if os.path.lexists(file):
        _say_which(document, texts, file, is_named=named is not None)
    secret = secrets.token_bytes(KEY_BYTES)
    try:
        write_secret(file, f"{secret.hex().upper()}\n")
    except OSError as error:
        fail(f"{file}: {error.strerror}", Exit.UNAVAILABLE)
    _print(texts("tags.key.made", file=file, fingerprint=MasterKey(secret).fingerprint()))
    if named is None:
        _print(texts("tags.key.name_it"))
        _print(f'[tags]\nmaster_key_file = "{_USUAL}"')
    _print(texts("tags.key.keep"))


def _say_which(document: Document, texts: Texts, file: Path, *, is_named: bool) -> None:
    tell(texts("tags.key.there", file=file))
    if not is_named:
        tell(texts("tags.key.name_it"))
        tell(f'[tags]\nmaster_key_file = "{_USUAL}"')
        fail(texts("tags.key.kept"), Exit.REFUSED)
    master, faults = find_master_key(document)
    if master is None:
        err.print(
            explain(ConfigurationError(faults)), style="red", markup=False, highlight=False, soft_wrap=True
        )
    else:
        tell(texts("tags.key.which", fingerprint=master.fingerprint()))
    fail(texts("tags.key.kept"), Exit.REFUSED)


def _language(document: Document) -> Language:
    said = document.section("site").text("language")
    return Language.EN if said == Language.EN.value else Language.ZH


def _print(line: str) -> None:
    out.print(line, markup=False, highlight=False, soft_wrap=True)
