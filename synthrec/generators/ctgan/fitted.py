"""A fitted CTGAN: rows by block, rows under evidence, and its stored form; torch has no part in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from synthrec.codec.base import CodeArray, CodeDomain, Codes
from synthrec.generators.base import Arrays, Evidence
from synthrec.generators.blockwise import LastBlock
from synthrec.generators.ctgan import stored
from synthrec.generators.ctgan.conditions import Conditions
from synthrec.generators.ctgan.forward import Network
from synthrec.generators.ctgan.layout import Layout, Single
from synthrec.generators.marginals.drawing import uniforms
from synthrec.rng import BLOCK, Streams
from synthrec.schema.vector import IntArray

MAX_BLOCKS = 20
"""Blocks after which a draw under evidence ends."""
_TILE = 8_192


@dataclass(frozen=True, eq=False)
class CtganFitted:
    """A trained generator and the conditions it is asked for."""

    name: ClassVar[str] = "ctgan"

    network: Network
    conditions: Conditions
    steps: int
    """Steps that training could take."""
    _last: LastBlock = field(default_factory=LastBlock, init=False, repr=False)

    @property
    def layout(self) -> Layout:
        """The groups of the columns."""
        return self.conditions.layout

    @property
    def domain(self) -> CodeDomain:
        """Domain of the codes."""
        return self.layout.domain

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The settings of the fit."""
        return {"steps": self.steps}

    def sample(self, start: int, stop: int, *, streams: Streams) -> Codes:
        """Rows [start, stop) of the endless sample that `streams` names; prefix-stable."""
        return self._last.rows(self.domain, self.draw_block, start, stop, streams)

    def draw_block(self, streams: Streams, block: int) -> CodeArray:
        """All rows of one block, shape (d, BLOCK)."""
        return self._rows(streams.sampling("ctgan:rows", block))

    def sample_where(self, evidence: Evidence, *, streams: Streams) -> Iterator[Codes]:
        """Rows of another endless sample that satisfy the evidence; ends after MAX_BLOCKS blocks."""
        if not self._is_possible(evidence):
            return
        for block in range(MAX_BLOCKS):
            rows = self._rows(streams.sampling("ctgan:where", block))
            kept = np.ones(rows.shape[1], dtype=bool)
            for name, allowed in evidence.allowed.items():
                kept &= allowed[rows[self.domain.names.index(name)]]
            if kept.any():
                yield Codes(np.asfortranarray(rows[:, kept].T), self.domain)

    def _is_possible(self, evidence: Evidence) -> bool:
        """Whether every column has an allowed level that is ever drawn."""
        for name, allowed in evidence.allowed.items():
            j = self.domain.names.index(name)
            grouping = self.layout.groupings[j]
            drawn = grouping.within * self.conditions.shares[j][grouping.groups] > 0
            if not (drawn & allowed).any():
                return False
        return True

    def _rows(self, rng: np.random.Generator) -> CodeArray:
        codes = np.empty((len(self.domain), BLOCK), dtype=np.int32)
        for start in range(0, BLOCK, _TILE):
            size = min(_TILE, BLOCK - start)
            groups = draw_groups(self.network, self.conditions, rng, size)
            codes[:, start : start + size] = self._levels(groups, rng)
        return codes

    def _levels(self, groups: IntArray, rng: np.random.Generator) -> CodeArray:
        columns = []
        for j, inversion in enumerate(self.layout.levels):
            group = groups[:, j].astype(np.int32)
            columns.append(group if inversion is None else inversion.draw(group, uniforms(rng, len(group))))
        return np.array(columns, dtype=np.int32)

    def arrays(self) -> Arrays:
        """Weights, groups, shares within groups, and shares of the conditions."""
        return stored.pack(self.network, self.conditions)

    @classmethod
    def restore(cls, domain: CodeDomain, parameters: Mapping[str, Any], arrays: Arrays) -> Self:
        """The generator that `arrays` describes.

        Raises:
            VerificationError: shapes, types or values cannot come from a fit.
        """
        steps = stored.checked_steps(parameters)
        return cls(*stored.unpack(domain, arrays), steps)


def draw_groups(network: Network, conditions: Conditions, rng: np.random.Generator, rows: int) -> IntArray:
    """Groups of all columns of new rows, shape (rows, d), each drawn from the network's shares."""
    logits = network.logits(draw_inputs(network, conditions, rng, rows))
    parts = np.split(logits, conditions.layout.offsets[1:-1], axis=1)
    return np.stack([_chosen(part, rng) for part in parts], axis=1)


def draw_inputs(network: Network, conditions: Conditions, rng: np.random.Generator, rows: int) -> Single:
    """Noise and conditions, shape (rows, noise + width)."""
    condition = conditions.indicators(*conditions.draw(rng, rows))
    noise = rng.standard_normal((rows, network.noise), dtype=np.float32)
    return np.concatenate([noise, condition], axis=1)


def _chosen(logits: Single, rng: np.random.Generator) -> IntArray:
    """One group per row by inversion of the softmax, shape (rows,)."""
    upper = np.cumsum(np.exp(logits - logits.max(1, keepdims=True)), axis=1)
    at = rng.random(len(logits), dtype=np.float32) * upper[:, -1]
    return np.asarray(np.minimum((at[:, None] >= upper).sum(1), logits.shape[1] - 1))
