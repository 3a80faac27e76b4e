"""What a generator is. `fit` returns another type, so that "not fitted" cannot be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeDomain, Codes
from synthrec.rng import Streams

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of the rows to draw: for some columns, the allowed levels (bool of shape (size,))."""

    allowed: Mapping[str, NDArray[np.bool_]]


class Fitted(Protocol):
    """A density over codes that has been fitted."""

    @property
    def name(self) -> str:
        """Name of the generator in the registry."""

    @property
    def domain(self) -> CodeDomain:
        """Domain of the codes it was fitted on and draws."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The settings it was fitted with, for the card; JSON values, nothing learned."""

    def sample(self, start: int, stop: int, *, streams: Streams) -> Codes:
        """Rows [start, stop) of the endless sample that `streams` names; prefix-stable."""

    def sample_where(self, evidence: Evidence, *, streams: Streams) -> Iterator[Codes]:
        """Rows that satisfy the evidence exactly, block by block, prefix-stable.

        Ends when a bounded number of proposals is spent; the caller reports how many rows it reached.
        """

    def arrays(self) -> Arrays:
        """What was learned, as named arrays (safetensors on disk)."""

    @classmethod
    def restore(cls, domain: CodeDomain, parameters: Mapping[str, Any], arrays: Arrays) -> Self:
        """The inverse of (`domain`, `parameters`, `arrays`).

        Raises:
            VerificationError: shapes, types or values cannot come from a fit.
        """


@runtime_checkable
class Limited(Protocol):
    """A density whose card says more than that of others."""

    @property
    def limits(self) -> tuple[str, ...]:
        """What users of its records should know, in sentences."""


FEW_COMPONENTS = 10
"""Below this number of effective components, rows under evidence may be worse than rows without it."""


@runtime_checkable
class Weighed(Protocol):
    """A density that can say how much of it speaks for rows under evidence."""

    def effective_components(self, evidence: Evidence) -> float:
        """How many parts of the density carry those rows; 0 where the evidence is impossible."""


class Generator(Protocol):
    """A way to learn a density over codes."""

    @property
    def name(self) -> str:
        """Name in the registry."""

    def fit(self, codes: Codes, *, streams: Streams) -> Fitted:
        """Learn from training rows. Raises InputError where there are too few rows to learn anything."""
