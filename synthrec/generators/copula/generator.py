"""Fitting: one Gaussian copula, or one per level of a column."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeDomain, Codes
from synthrec.errors import ConfigError, Fault, InputError
from synthrec.generators.copula.fitted import CopulaFitted
from synthrec.generators.copula.stratum import MAX_COLUMNS, Stratum
from synthrec.rng import Streams

MIN_ROWS = 11
"""Fewer rows than this cannot be learned from."""

MIN_STRATUM = 200
"""Levels of the stratifying column with fewer rows share one stratum."""

MAX_STRATA = 32


@dataclass(frozen=True)
class CopulaGenerator:
    """The Gaussian copula over codes, without differential privacy."""

    name: ClassVar[str] = "copula"

    stratify: str | None = None
    """Column with one copula for each of its levels; None fits one copula."""

    def fit(self, codes: Codes, *, streams: Streams) -> CopulaFitted:  # noqa: ARG002
        """Learn cuts and latent correlations; the same rows give the same model.

        Raises:
            InputError: fewer than MIN_ROWS rows, no column, or more than MAX_COLUMNS.
            ConfigError: the stratifying column is not modelled.
        """
        _check_size(codes)
        parts = self._parts(codes)
        weights = np.array([len(part) for part in parts]) / len(codes)
        strata = tuple(Stratum.fit(Codes(codes.values[part], codes.domain)) for part in parts)
        return CopulaFitted(codes.domain, self.stratify, weights, strata)

    def _parts(self, codes: Codes) -> tuple[NDArray[np.intp], ...]:
        """Rows of each stratum: the frequent levels of the column, then all others together."""
        if self.stratify is None:
            return (np.arange(len(codes)),)
        column = codes.values[:, _position(codes.domain, self.stratify)]
        part = _pooled(np.bincount(column))[column]
        return tuple(np.flatnonzero(part == number) for number in np.unique(part))


def _pooled(counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Stratum of each level: its own for frequent levels; a pool of the others, itself not small."""
    ranked = np.argsort(-counts, kind="stable")[: MAX_STRATA - 1]
    own = ranked[counts[ranked] >= MIN_STRATUM]
    rest = counts.sum() - counts[own].sum()
    if len(own) and 0 < rest < MIN_STRATUM:
        own = own[:-1]
    stratum = np.full(len(counts), len(own))
    stratum[own] = np.arange(len(own))
    return stratum


def _position(domain: CodeDomain, column: str) -> int:
    if column in domain.names:
        return domain.names.index(column)
    close = difflib.get_close_matches(column, domain.names, n=1)
    repair = f"did you mean {close[0]!r}?" if close else "choose one of its modelled columns"
    raise ConfigError(f"cannot stratify by {column!r}: the table has no such modelled column; {repair}")


def _check_size(codes: Codes) -> None:
    faults = []
    if len(codes) < MIN_ROWS:
        repair = f"give at least {MIN_ROWS} rows; fewer persons than that cannot be learned from"
        faults.append(Fault("<training rows>", 0, 0, "rows", f"{len(codes)} rows", repair))
    if not 1 <= len(codes.domain) <= MAX_COLUMNS:
        repair = f"model 1 to {MAX_COLUMNS} columns"
        faults.append(Fault("<training rows>", 0, 0, "columns", f"{len(codes.domain)} columns", repair))
    if faults:
        raise InputError(faults)
