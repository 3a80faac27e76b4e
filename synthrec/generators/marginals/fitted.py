"""A fitted mixture: rows by block, rows under evidence, and its stored form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from synthrec.codec.base import CodeArray, CodeDomain, Codes
from synthrec.generators.base import Arrays, Evidence
from synthrec.generators.blockwise import LastBlock
from synthrec.generators.marginals import stored
from synthrec.generators.marginals.conditioning import Conditioned
from synthrec.generators.marginals.mixture import Mixture
from synthrec.rng import BLOCK, Streams

MAX_BLOCKS = 200
"""Blocks after which a draw under evidence ends."""


@dataclass(frozen=True, eq=False)
class MarginalsFitted:
    """A mixture of product distributions."""

    name: ClassVar[str] = "marginals"

    mixture: Mixture
    _last: LastBlock = field(default_factory=LastBlock, init=False, repr=False)

    @property
    def domain(self) -> CodeDomain:
        """Domain of the codes."""
        return self.mixture.domain

    @property
    def parameters(self) -> Mapping[str, Any]:
        """No settings: the recipe is fixed."""
        return {}

    def sample(self, start: int, stop: int, *, streams: Streams) -> Codes:
        """Rows [start, stop) of the endless sample that `streams` names; prefix-stable."""
        return self._last.rows(self.domain, self.draw_block, start, stop, streams)

    def sample_where(self, evidence: Evidence, *, streams: Streams) -> Iterator[Codes]:
        """Rows that satisfy the evidence exactly, BLOCK at a time; none where it has probability 0."""
        conditioned = Conditioned.on(self.mixture, evidence)
        if conditioned.effective_components == 0:
            return
        for block in range(MAX_BLOCKS):
            rows = conditioned.rows(streams.sampling("marginals:where", block), BLOCK)
            yield Codes(rows.T, self.domain)

    def effective_components(self, evidence: Evidence) -> float:
        """How many components speak for rows under the evidence, between 0 (impossible) and all.

        Rows under evidence that fewer than FEW_COMPONENTS components carry repeat those components: on UCI
        Adult at epsilon = 1 they were farther from the real rows than unconditional ones.
        """
        return Conditioned.on(self.mixture, evidence).effective_components

    def draw_block(self, streams: Streams, block: int) -> CodeArray:
        """All rows of one block, shape (d, BLOCK)."""
        return self._unconditional.rows(streams.sampling("marginals:rows", block), BLOCK)

    @cached_property
    def _unconditional(self) -> Conditioned:
        return Conditioned.on(self.mixture, Evidence({}))

    def arrays(self) -> Arrays:
        """Components, groups, shares within groups, and links."""
        return stored.pack(self.mixture)

    @classmethod
    def restore(cls, domain: CodeDomain, parameters: Mapping[str, Any], arrays: Arrays) -> Self:
        """The mixture that `arrays` describes.

        Raises:
            VerificationError: shapes, types or values cannot come from a fit.
        """
        stored.check_parameters(parameters)
        return cls(stored.unpack(domain, arrays))
