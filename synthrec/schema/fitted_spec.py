"""The specs of columns that a fitted model fills; rules make keys, time and children."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, ClassVar

from pydantic import Field

from synthrec.schema.model import Model, Name
from synthrec.schema.spec_base import MOMENTS, NUMBERS, Spec

_DRIVE = re.compile(r"[A-Za-z]:")


def is_portable(path: str) -> bool:
    """Whether a path means the same on every machine where schema and model lie beside each other."""
    is_foreign = "\\" in path or "://" in path or _DRIVE.match(path) is not None
    is_local = path.startswith("~") or PurePosixPath(path).is_absolute()
    return path.isprintable() and not is_foreign and not is_local


class FittedBlock(Model):
    """A fitted model that fills columns of each row together."""

    model: Annotated[str, Field(min_length=1, max_length=400)]
    """Its folder, relative to the schema file."""


class Fitted(Spec):
    """A column that a block of the table fills from a column of its model."""

    kinds: ClassVar = NUMBERS | MOMENTS | {"boolean", "category", "code", "string"}
    block: str
    column: Name | None = None
    """Of the model; the column's own name where not given."""
