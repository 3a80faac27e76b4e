"""Drawing from fitted copulas: unconditionally by block, or under evidence; and the stored form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeArray, CodeDomain, Codes
from synthrec.generators.base import Arrays, Evidence
from synthrec.generators.blockwise import LastBlock
from synthrec.generators.copula import stored
from synthrec.generators.copula.conditioning import Conditioned
from synthrec.generators.copula.marginals import FloatArray
from synthrec.generators.copula.stratum import NORMAL_STEP, Stratum, on_grid
from synthrec.rng import BLOCK, Streams

TILE = 8_192
"""Rows made at once within a block."""


@dataclass(frozen=True, eq=False)
class CopulaFitted:
    """One or more Gaussian copulas with their shares."""

    name: ClassVar[str] = "copula"

    domain: CodeDomain
    parameters: Mapping[str, Any]
    """The settings of the fit."""
    weights: FloatArray
    """Share of each stratum, shape (S,), sum 1."""
    strata: tuple[Stratum, ...]
    _last: LastBlock = field(default_factory=LastBlock, init=False, repr=False)

    def sample(self, start: int, stop: int, *, streams: Streams) -> Codes:
        """Rows [start, stop) of the endless sample that `streams` names; prefix-stable."""
        return self._last.rows(self.domain, self.draw_block, start, stop, streams)

    def sample_where(self, evidence: Evidence, *, streams: Streams) -> Iterator[Codes]:
        """Rows that satisfy the evidence exactly; see `Conditioned` for the scheme and its bound."""
        conditioned = Conditioned.on(self.domain, self.weights, self.strata, evidence)
        for codes in conditioned.stream(streams):
            yield Codes(codes.T, self.domain)

    def draw_block(self, streams: Streams, block: int) -> CodeArray:
        """All rows of one block, shape (d, BLOCK)."""
        normals = streams.sampling("copula:normal", block)
        stratum = pick(streams.sampling("copula:stratum", block).random(BLOCK), self.weights)
        codes = np.empty((len(self.domain), BLOCK), dtype=np.int32)
        for start in range(0, BLOCK, TILE):
            tile = slice(start, start + TILE)
            drawn = normals.standard_normal((TILE, len(self.domain)), dtype=np.float32)
            codes[:, tile] = self._levels(on_grid(drawn, NORMAL_STEP).T, stratum[tile])
        return codes

    def _levels(self, normals: FloatArray, stratum: NDArray[np.intp]) -> CodeArray:
        if len(self.strata) == 1:
            return self.strata[0].levels(normals)
        codes = np.empty(normals.shape, dtype=np.int32)
        for number, copula in enumerate(self.strata):
            rows = np.flatnonzero(stratum == number)
            codes[:, rows] = copula.levels(normals[:, rows])
        return codes

    def arrays(self) -> Arrays:
        """Shares, orders, cuts and factors, stacked over strata."""
        return stored.pack(self.weights, self.strata)

    @classmethod
    def restore(cls, domain: CodeDomain, parameters: Mapping[str, Any], arrays: Arrays) -> Self:
        """The fitted copulas that `arrays` describes.

        Raises:
            VerificationError: shapes, types or values cannot come from a fit.
        """
        checked = stored.checked_parameters(parameters, domain)
        weights, strata = stored.unpack(domain, arrays)
        return cls(domain, checked, weights, strata)


def pick(uniforms: FloatArray, weights: FloatArray) -> NDArray[np.intp]:
    """Which of the weighted strata each uniform falls in."""
    return np.searchsorted(np.cumsum(weights)[:-1], uniforms, side="right")
