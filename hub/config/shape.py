"""Whether the file has the schema's shape: each deviation becomes a fault that names key, line and remedy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hub.config.document import Document
from hub.config.faults import Fault, escaped, shown, suggestion
from hub.config.full_width import hint
from hub.config.schema import File

_Table = TypeVar("_Table", bound=BaseModel)
_SECRETS: Final = ("password", "token")
_WORDS_FOR_TYPES: Final = {
    "bool_type": "is neither true nor false",
    "dict_type": "is not a table",
    "float_type": "is not a number",
    "int_type": "is not a whole number",
    "list_type": "is not an array",
    "model_type": "is of the wrong type",
    "string_type": "is not a text between quotes",
    "string_too_short": "is empty",
    "string_too_long": "is too long",
    "too_short": "is empty",
    "finite_number": "is not a finite number",
}

_ILL_FORMED: Final = ("campus", "enum", "literal_error", "string_pattern_mismatch")


def validate(document: Document) -> tuple[File | None, list[Fault]]:
    """The typed file, or None and every deviation from the schema."""
    return validate_as(File, document)


def validate_as(schema: type[_Table], document: Document) -> tuple[_Table | None, list[Fault]]:
    """The same for a file of another schema."""
    try:
        return schema.model_validate(document.data), []
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, [_fault(schema, document, detail) for detail in details]


def _fault(schema: type[BaseModel], document: Document, detail: ErrorDetails) -> Fault:
    path = detail["loc"]
    kind = detail["type"]
    described = _description(schema, path)
    if kind == "extra_forbidden":
        problem, remedy = _unknown(schema, path)
    elif kind == "missing":
        problem, remedy = "is missing", described
    elif kind == "campus":
        problem, remedy = detail["ctx"]["problem"], detail["ctx"]["remedy"] or described
    elif kind in ("enum", "literal_error"):
        problem, remedy = _unknown_word(detail, described)
    else:
        problem, remedy = _problem(kind, detail["input"], path), described
    if kind in _ILL_FORMED and isinstance(detail["input"], str):
        typed = hint(detail["input"])
        remedy = f"{typed}; {remedy}" if typed and typed not in remedy else remedy
    return document.fault(document.written(path), problem, remedy)


def _unknown(schema: type[BaseModel], path: Sequence[str | int]) -> tuple[str, str]:
    """A key that the schema does not know. Its value is never shown: it may be a misplaced secret."""
    key = str(path[-1])
    table = _model_at(schema, path[:-1])
    known = tuple(table.model_fields) if table else ()
    if key in _SECRETS and f"{key}_env" in known:
        return "stands in the file itself", f"take it out, and name its place with {key}_env or {key}_file"
    if key in _SECRETS and f"{key}_hash" in known:
        return "stands in the file itself", f"take it out: `campushub broker user` makes a {key}_hash"
    return "is not a known setting", suggestion(escaped(key), known)


def _unknown_word(detail: ErrorDetails, remedy: str) -> tuple[str, str]:
    value = detail["input"]
    known = re.findall(r"'([^']+)'", detail["ctx"]["expected"])
    nearest = get_close_matches(value[:100], known, n=1) if isinstance(value, str) else []
    quoted = f"{shown(value)} " if _is_plain(value) else ""
    return quoted + "is not known here", f"did you mean “{nearest[0]}”? {remedy}" if nearest else remedy


def _problem(kind: str, value: object, path: Sequence[str | int]) -> str:
    key = str(path[-1])
    quoted = (
        "" if key.endswith(("_env", "_file", "_url", "_hash")) or not _is_plain(value) else f"{shown(value)} "
    )
    if kind in _WORDS_FOR_TYPES:
        return quoted + _WORDS_FOR_TYPES[kind]
    if kind in ("greater_than_equal", "less_than_equal"):
        return quoted + "is out of range"
    if kind == "string_pattern_mismatch":
        return quoted + "is not well formed"
    return quoted + "is not valid"


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _description(schema: type[BaseModel], path: Sequence[str | int]) -> str:
    """The remedy of the innermost described field on `path`."""
    remedy = "see the documented example"
    model: type[BaseModel] | None = schema
    for part in path:
        field = model.model_fields.get(part) if model and isinstance(part, str) else None
        if field is not None:
            remedy = field.description or remedy
            model = _table_of(field)
    return remedy


def _model_at(schema: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = schema
    for part in path:
        if isinstance(part, str):
            field = model.model_fields.get(part) if model else None
            model = _table_of(field) if field else None
    return model


def _table_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of the table, or of each table in the array, that a field holds."""
    for candidate in (field.annotation, *get_args(field.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None
