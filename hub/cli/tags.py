"""`campushub tags`: the tags of checkpoints and the codes beside them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.cli.forms import Proof

tags_app = typer.Typer(
    help="Tags of checkpoints: what is missing, QR labels, keys, settings and checks (docs/tags.md).",
    no_args_is_help=True,
)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration.", envvar="CAMPUSHUB_CONFIG")
]
AddressOption = Annotated[
    str,
    typer.Option(
        help="The hub's address in URLs, as in https://hub.school.example; else the configuration's.",
        show_default=False,
    ),
]
CheckpointArgument = Annotated[
    str, typer.Argument(help="A checkpoint's id in campus.toml.", show_default=False)
]
_CONFIG: Final = Path("campus.toml")


@tags_app.command()
def plan(
    config: ConfigOption = _CONFIG,
    least: Annotated[
        Proof, typer.Option("--least", help="What every checkpoint needs at least: sun, uid or qr.")
    ] = Proof.SUN,
) -> None:
    """List what each checkpoint has, lacks, and what to do next. Exit code 1 while any is not ready."""
    from hub.cli import tag_planning

    tag_planning.show(config, os.environ, least)


@tags_app.command("print")
def print_(
    checkpoints: Annotated[
        list[str] | None, typer.Argument(help="Which; else all of them.", show_default=False)
    ] = None,
    config: ConfigOption = _CONFIG,
    output: Annotated[Path, typer.Option("--output", "-o", help="A new PDF file.")] = Path("tags.pdf"),
    address: AddressOption = "",
) -> None:
    """Make labels with QR codes, eight on a sheet of A4, to be cut and fixed at the checkpoints.

    A scanned code is a tap of a lower trust than a tag's: it can be photographed.
    """
    from hub.cli import tag_labels

    tag_labels.make(config, os.environ, checkpoints or [], output, address)


@tags_app.command()
def key(config: ConfigOption = _CONFIG) -> None:
    """Make the master key of all tags, in the file that \\[tags] names, else in secrets/tag-key.

    It never overwrites one: it says then which key there is, to be compared with its copies.
    """
    from hub.cli import tag_keeping

    tag_keeping.make(config)


@tags_app.command()
def settings(
    checkpoint: CheckpointArgument,
    config: ConfigOption = _CONFIG,
    uid: Annotated[str, typer.Option(help="The tag's UID in hex; else the configuration's.")] = "",
    key_version: Annotated[
        int | None,
        typer.Option(
            min=0, max=255, help="One more each time that this tag is written anew.", show_default=False
        ),
    ] = None,
    address: AddressOption = "",
    show_keys: Annotated[
        bool, typer.Option("--show-keys", help="Also the keys; to a terminal only.")
    ] = False,
    keys_file: Annotated[
        Path | None,
        typer.Option(help="The keys into a new file that only you can read.", show_default=False),
    ] = None,
) -> None:
    """Print all that makes an NTAG 424 DNA the tag of a checkpoint: URL, offsets, settings, key numbers.

    Whoever has a tag's keys can forge its taps: write the tag with them, then delete the file.
    """
    from hub.cli import tag_settings

    asked = tag_settings.Asked(checkpoint, uid, key_version, address, keys_file, show_keys=show_keys)
    tag_settings.show(config, os.environ, asked)


@tags_app.command()
def record(
    checkpoint: CheckpointArgument,
    read: Annotated[
        str, typer.Argument(help="The URL just read from the tag, in quotes; or its UID.", show_default=False)
    ],
    config: ConfigOption = _CONFIG,
) -> None:
    """Check what was just read from a new tag, and print the lines for campus.toml. Nothing is changed.

    Example: campushub tags record gatehouse 'https://hub.school.example/t/gatehouse?e=…&c=…'
    """
    from hub.cli import tag_recording

    tag_recording.run(config, os.environ, checkpoint, read)


@tags_app.command()
def check(
    url: Annotated[str, typer.Argument(help="What a tag or a code says, in quotes.", show_default=False)],
    config: ConfigOption = _CONFIG,
) -> None:
    """Say what a URL proves: whose tag, which read, used by which tap. Exit code 5 if it proves no new read.

    Nothing is changed: the URL stays as good as it was.
    """
    from hub.cli import tag_checking

    tag_checking.run(config, os.environ, url)
