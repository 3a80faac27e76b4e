"""The specs of columns that are correlated and keep margins of their own: a Gaussian copula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from synthrec.schema.dist_spec import Dist
from synthrec.schema.model import Model
from synthrec.schema.spec_base import NUMBERS, TEXTS, Path, Spec, Weights, numeric

MOST_COLUMNS = 100
"""Columns of one block."""


class Block(Model):
    """The columns of a block and the correlations of their normal scores."""

    columns: tuple[str, ...] = Field(min_length=2, max_length=MOST_COLUMNS)
    matrix: tuple[tuple[float, ...], ...]

    @model_validator(mode="after")
    def _correlations(self) -> Block:
        size = len(self.columns)
        if len(set(self.columns)) < size:
            raise ValueError("a column stands twice in the block")
        if len(self.matrix) != size or any(len(row) != size for row in self.matrix):
            raise ValueError(f"the matrix needs {size} rows of {size} numbers, one for each column")
        matrix = np.array(self.matrix)
        if not np.isfinite(matrix).all() or (matrix != matrix.T).any() or (np.diag(matrix) != 1).any():
            raise ValueError("the matrix is not symmetric with 1 on its diagonal")
        if np.linalg.eigvalsh(matrix).min() < 1e-9:
            raise ValueError("no columns can have these correlations: the matrix is not positive definite")
        return self


class Correlated(Spec):
    """A column of the table's block: a distribution or ordered weights, read at the block's normal score."""

    kinds: ClassVar = NUMBERS | TEXTS | {"boolean"}
    block: str
    dist: Dist | None = None
    weights: Annotated[Weights, AfterValidator(numeric)] | None = None
    """Of values in their order, the lowest score first."""

    @model_validator(mode="after")
    def _one(self) -> Correlated:
        if (self.dist is None) == (self.weights is None):
            raise ValueError("give dist or weights")
        return self

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """Those of the distribution."""
        found = self.dist.expressions() if self.dist else iter(())
        return ((("dist", *path), source) for path, source in found)
