"""What every table of `campus.toml` has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.config import values


class Table(BaseModel):
    """Any table of the file: no key that we do not know, no value of another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class TextTable(Table):
    """A text for people; a plain string stands for both languages."""

    zh: values.Label = Field(description="write the Chinese text between quotes")
    en: values.Label = Field(description="write the English text between quotes")


Text = Annotated[TextTable, values.for_languages(TextTable)]
