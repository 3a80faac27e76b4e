"""Rows that another tool has drawn once and for all, as codes.

SDV keeps its models as pickles, which run code when they are opened; synthrec never opens one. What is kept
is a bank of rows drawn at the fit. A draw serves them in order, and one that needs more is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from synthrec.codec.base import CodeArray, CodeDomain, Codes
from synthrec.errors import ConfigError, VerificationError
from synthrec.generators.base import Arrays, Evidence
from synthrec.rng import Streams

LARGEST = 10_000_000
"""Rows of a bank at most."""


class BankSpentError(ConfigError):
    """More rows are asked for than were drawn at the fit."""


@dataclass(frozen=True, eq=False)
class Bank:
    """Rows drawn at the fit."""

    name: ClassVar[str]
    licence: ClassVar[str] = (
        "SDV, which drew these records, is under the Business Source License 1.1: it may not be used for a "
        "commercial synthetic data service to third parties"
    )

    codes: Codes

    @property
    def domain(self) -> CodeDomain:
        """Domain of the codes."""
        return self.codes.domain

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How many rows there are."""
        return {"bank_rows": len(self.codes)}

    @property
    def limits(self) -> tuple[str, ...]:
        """What a card says of records from a bank."""
        return (
            f"drawn from a bank of {len(self.codes):,} rows made at the fit: every draw serves the same rows",
            self.licence,
        )

    def sample(self, start: int, stop: int, *, streams: Streams) -> Codes:  # noqa: ARG002
        """Rows [start, stop) of the bank, fewer at its end; the same for every seed.

        Raises:
            BankSpentError: the bank ends before `start`.
        """
        if start >= max(len(self.codes), 1) and stop > start:
            raise BankSpentError(
                f"the model keeps {len(self.codes):,} rows, drawn at the fit, and all of them are used; fit "
                "again with a larger --release-rows"
            )
        return Codes(self.codes.values[start:stop].copy(), self.domain)

    def sample_where(self, evidence: Evidence, *, streams: Streams) -> Iterator[Codes]:  # noqa: ARG002
        """The rows of the bank that satisfy the evidence."""
        kept = np.ones(len(self.codes), dtype=bool)
        for name, allowed in evidence.allowed.items():
            kept &= allowed[self.codes.values[:, self.domain.names.index(name)]]
        if kept.any():
            yield Codes(self.codes.values[kept], self.domain)

    def arrays(self) -> Arrays:
        """Bank (rows, d) int32."""
        return {"bank": np.ascontiguousarray(self.codes.values)}

    @classmethod
    def restore(cls, domain: CodeDomain, parameters: Mapping[str, Any], arrays: Arrays) -> Self:
        """The bank that `arrays` holds.

        Raises:
            VerificationError: shapes, types or values cannot come from a fit.
        """
        if set(arrays) != {"bank"} or set(parameters) != {"bank_rows"}:
            raise _refusal("is not a bank of rows")
        rows = _checked(np.asarray(arrays["bank"]), domain)
        if parameters["bank_rows"] != len(rows):
            raise _refusal("has not the rows that its manifest states")
        return cls(Codes(rows, domain))


class GaussianCopulaBank(Bank):
    """Drawn by SDV's Gaussian copula."""

    name = "sdv-gaussian-copula"


class CtganBank(Bank):
    """Drawn by SDV's CTGAN."""

    name = "sdv-ctgan"


def _checked(rows: np.ndarray, domain: CodeDomain) -> CodeArray:
    if rows.dtype != np.int32 or rows.ndim != 2 or rows.shape[1] != len(domain) or len(rows) > LARGEST:
        raise _refusal("has not the shape of rows of codes")
    if (rows < 0).any() or (rows >= np.array(domain.sizes)).any():
        raise _refusal("holds codes outside the domain")
    return rows


def _refusal(finding: str) -> VerificationError:
    return VerificationError(f"bank: {finding}; it was changed or damaged: fit it anew or restore a copy")
