"""The density: a mixture of product distributions over groups, levels within groups, and linked columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synthrec.codec.base import CodeDomain
from synthrec.generators.marginals.fitting import Single
from synthrec.generators.marginals.grouping import Grouping
from synthrec.generators.marginals.links import Link
from synthrec.privacy.counts import FloatArray


@dataclass(frozen=True, eq=False)
class Mixture:
    """C equally likely components; within one, the columns are independent but for the links."""

    domain: CodeDomain
    groupings: tuple[Grouping, ...]
    components: tuple[Single, ...]
    """Per column, shares of its groups by component, shape (C, size)."""
    links: Mapping[int, Link]
    loadings: FloatArray
    """How strongly the levels of a column within its groups follow a draw common to all, shape (d,)."""

    @property
    def count(self) -> int:
        """Number of components C."""
        return len(self.components[0])


def matched(components: Single, shares: Single, offsets: np.ndarray) -> Single:
    """Components (D, C) rescaled so that their mean is `shares` exactly (iterative proportional fitting).

    Deming and Stephan 1940: alternately scale levels to their share and columns to sum 1; a level of share 0
    gets probability 0.
    """
    fitted = np.where(shares[:, None] > 0, np.maximum(components, 1e-12), 0).astype(np.float64)
    wanted = shares.astype(np.float64) * components.shape[1]
    starts, widths = offsets[:-1], np.diff(offsets)
    for _ in range(_MATCHING_ROUNDS):
        mass = fitted.sum(1)
        if np.abs(mass - wanted).max() < _MATCHED * components.shape[1]:
            break
        fitted *= (wanted / np.where(mass > 0, mass, 1))[:, None]
        fitted /= np.repeat(np.add.reduceat(fitted, starts, axis=0), widths, axis=0)
    return fitted.astype(np.float32)


_MATCHING_ROUNDS = 500
_MATCHED = 1e-7
