"""The copulas as arrays, and back with every array checked before it is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeDomain
from synthrec.errors import VerificationError
from synthrec.generators.base import Arrays
from synthrec.generators.copula.marginals import FAR, FloatArray, Marginal
from synthrec.generators.copula.stratum import FACTOR_STEP, MAX_COLUMNS, Stratum, on_grid

MAX_STRATA = 256

_TOLERANCE = 1e-4
"""Rounding of a stored factor row's length and of the sum of shares."""


def pack(weights: FloatArray, strata: Sequence[Stratum]) -> dict[str, NDArray[np.generic]]:
    """Arrays of S strata: weights (S,), factor (S, d, d), order (S, ΣK), cuts (S, Σ(K + 1))."""
    return {
        "weights": weights,
        "factor": np.stack([stratum.factor for stratum in strata]),
        "order": np.stack([np.concatenate([m.order for m in stratum.marginals]) for stratum in strata]),
        "cuts": np.stack([np.concatenate([m.cuts for m in stratum.marginals]) for stratum in strata]),
    }


def checked_parameters(parameters: Mapping[str, Any], domain: CodeDomain) -> dict[str, Any]:
    """The settings of a stored fit.

    Raises:
        VerificationError: they are not those of a copula on this domain.
    """
    stratify, strata = parameters.get("stratify"), parameters.get("strata")
    known = stratify is None or stratify in domain.names
    if set(parameters) != {"stratify", "strata"} or not known or type(strata) is not int:
        raise _refusal("parameters", "do not fit the model's columns")
    return dict(parameters)


def unpack(domain: CodeDomain, arrays: Arrays) -> tuple[FloatArray, tuple[Stratum, ...]]:
    """Shares and strata from stored arrays.

    Raises:
        VerificationError: names, shapes, types or values cannot come from a fit.
    """
    _check_forms(domain, arrays)
    weights = np.asarray(arrays["weights"], dtype=np.float64)
    if (weights <= 0).any() or abs(weights.sum() - 1) > _TOLERANCE:
        raise _refusal("weights", "are not shares that sum to 1")
    strata = []
    for factor, order, cuts in zip(arrays["factor"], arrays["order"], arrays["cuts"], strict=True):
        marginals = _marginals(domain, np.asarray(order), np.asarray(cuts))
        strata.append(Stratum(marginals, _checked_factor(np.asarray(factor, dtype=np.float64))))
    return weights, tuple(strata)


def _check_forms(domain: CodeDomain, arrays: Arrays) -> None:
    weights = arrays.get("weights")
    strata = len(weights) if weights is not None and weights.ndim == 1 else 0
    width, levels = len(domain), sum(domain.sizes)
    forms: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "weights": (np.float64, (strata,)),
        "factor": (np.float64, (strata, width, width)),
        "order": (np.int32, (strata, levels)),
        "cuts": (np.float64, (strata, levels + width)),
    }
    if set(arrays) != set(forms) or not 1 <= strata <= MAX_STRATA or not 1 <= width <= MAX_COLUMNS:
        raise _refusal("arrays", f"are not {', '.join(forms)} of a bounded number of strata and columns")
    for name, (kind, shape) in forms.items():
        if arrays[name].dtype != kind or arrays[name].shape != shape:
            raise _refusal(name, f"is not {kind.__name__} of shape {shape}")
        if not np.isfinite(arrays[name]).all():
            raise _refusal(name, "holds a value that is not finite")


def _checked_factor(factor: FloatArray) -> FloatArray:
    lengths = np.sqrt((factor * factor).sum(1))
    triangular = not np.triu(factor, 1).any() and (np.diag(factor) > 0).all()
    if not triangular or np.abs(lengths - 1).max() > _TOLERANCE:
        raise _refusal("factor", "is not the Cholesky factor of a correlation matrix")
    if not np.array_equal(on_grid(factor, FACTOR_STEP), factor):
        raise _refusal("factor", "is not on the grid of fitted factors")
    return factor


def _marginals(
    domain: CodeDomain, order: NDArray[np.generic], cuts: NDArray[np.generic]
) -> tuple[Marginal, ...]:
    ends = np.cumsum(domain.sizes)
    marginals = []
    for j, (end, size) in enumerate(zip(ends, domain.sizes, strict=True)):
        levels = order[end - size : end].astype(np.int32)
        borders = cuts[end - size + j : end + j + 1].astype(np.float64)
        if not np.array_equal(np.sort(levels), np.arange(size)):
            raise _refusal("order", "is not a permutation of a column's levels")
        if (np.diff(borders) < 0).any() or borders[0] != -FAR or borders[-1] != FAR:
            raise _refusal("cuts", "do not increase from end to end")
        marginals.append(Marginal(levels, borders))
    return tuple(marginals)


def _refusal(what: str, finding: str) -> VerificationError:
    return VerificationError(
        f"copula model: {what} {finding}; it was changed or damaged: fit it anew or restore a copy"
    )
