"""The specs of columns that a fitted model fills; rules make keys, time and children."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from synthrec.schema.model import Model, Name
from synthrec.schema.spec_base import MOMENTS, NUMBERS, Spec

_DRIVE = re.compile(r"[A-Za-z]:")


def _relative(text: str) -> str:
    """A path that means the same on every machine where schema and model lie beside each other."""
    if not text.isprintable() or "\\" in text or "://" in text or _DRIVE.match(text):
        raise ValueError("not the path of a folder; write it with /, relative to this schema")
    if text.startswith("~") or PurePosixPath(text).is_absolute():
        raise ValueError("a path that holds on one machine only; write it relative to this schema")
    return text


class FittedBlock(Model):
    """A fitted model that fills columns of each row together."""

    model: Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_relative)]
    """Its folder, relative to the schema file."""


class Fitted(Spec):
    """A column that a block of the table fills from a column of its model."""

    kinds: ClassVar = NUMBERS | MOMENTS | {"boolean", "category", "code", "string"}
    block: str
    column: Name | None = None
    """Of the model; the column's own name where not given."""
