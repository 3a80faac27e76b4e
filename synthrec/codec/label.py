"""Categories, codes, listed strings and booleans as codes: one level per label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synthrec.codec.base import CodeArray
from synthrec.data.learn import learned_categories
from synthrec.errors import InternalError
from synthrec.schema.model import Column, Domain
from synthrec.schema.vector import BoolArray, IntArray, Vector


@dataclass(frozen=True, eq=False)
class LabelCodec:
    """Labels in the order of the domain; `other`, where set, stands for all labels that are not listed."""

    labels: tuple[str, ...]
    ordered: bool
    has_missing: bool
    other: str | None = None

    @property
    def size(self) -> int:
        """Number of levels, the missing level included."""
        return len(self.labels) + self.has_missing

    def encode(self, vector: Vector) -> CodeArray:
        """Codes, int32 of shape (n,).

        Raises:
            InternalError: a label that is neither listed nor pooled, or missing unexpectedly.
        """
        levels = vector.levels or ()
        places = {label: place for place, label in enumerate(self.labels)}
        unlisted = -1 if self.other is None else places[self.other]
        table = np.array([places.get(level, unlisted) for level in levels] or [-1], dtype=np.int32)
        codes = table[vector.values.astype(np.intp, copy=False)]
        codes[vector.missing] = self.size - 1 if self.has_missing else -1
        if len(codes) and codes.min() < 0:
            raise InternalError("labels outside the domain, or missing ones, reached the codec")
        return codes

    def decode(self, codes: CodeArray, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """The labels of the codes; nothing is drawn."""
        missing = _missing(codes, len(self.labels))
        values = np.where(missing, 0, codes) if self.has_missing else codes
        return Vector(values, missing, self.labels)

    def document(self) -> dict[str, Any]:
        """JSON form: the labels, and which one is the pool of rare ones."""
        return {"kind": "label", "labels": list(self.labels), "other": self.other}


@dataclass(frozen=True)
class BooleanCodec:
    """False is 0, true is 1."""

    has_missing: bool

    @property
    def size(self) -> int:
        """Number of levels, the missing level included."""
        return 2 + self.has_missing

    @property
    def ordered(self) -> bool:
        """Two levels are in order."""
        return True

    def encode(self, vector: Vector) -> CodeArray:
        """Codes, int32 of shape (n,).

        Raises:
            InternalError: missing unexpectedly.
        """
        if vector.missing.any() and not self.has_missing:
            raise InternalError("missing values in a column that may not be missing")
        return np.where(vector.missing, 2, vector.values.astype(np.int32)).astype(np.int32)

    def decode(self, codes: CodeArray, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """The truth values of the codes; nothing is drawn."""
        return Vector(codes == 1, _missing(codes, 2))

    def document(self) -> dict[str, Any]:
        """JSON form; a boolean has nothing to learn."""
        return {"kind": "boolean"}


def build_listed(column: Column, domain: Domain) -> LabelCodec:
    """The codec of listed labels; no data is looked at.

    Raises:
        ValueError: the domain lists no values.
    """
    if not domain.labels:
        raise ValueError("the domain lists no values")
    other = domain.other if domain.source == "dp" else None
    return LabelCodec(domain.labels, domain.ordered, column.null.allowed, other)


def build_learned(column: Column, domain: Domain, vector: Vector, persons: IntArray) -> LabelCodec:
    """The codec of the categories that at least eleven training persons hold; the rest is pooled.

    Raises:
        ValueError: there is neither a category nor a missing level.
    """
    frequent = learned_categories(vector, persons)
    labels = tuple(label for label in domain.labels if label in frequent) if domain.labels else frequent
    held = np.bincount(vector.values[~vector.missing].astype(np.intp), minlength=len(vector.levels or ()))
    found = {level for level, rows in zip(vector.levels or (), held, strict=True) if rows}
    pooled = not found <= set(labels)
    other = domain.other if pooled else None
    if other is not None and other not in labels:
        labels = (*labels, other)
    if not labels and not column.null.allowed:
        raise ValueError("no row has a value")
    return LabelCodec(labels, domain.ordered, column.null.allowed, other)


def _missing(codes: CodeArray, level: int) -> BoolArray:
    missing: BoolArray = codes == level
    return missing
