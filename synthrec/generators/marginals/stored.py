"""The mixture as arrays, and back with every array checked before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeDomain
from synthrec.errors import VerificationError
from synthrec.generators.base import Arrays
from synthrec.generators.marginals.grouping import Grouping, restored
from synthrec.generators.marginals.links import Link
from synthrec.generators.marginals.mixture import Mixture
from synthrec.privacy.counts import FloatArray

_TOLERANCE = 1e-4
"""Rounding of stored shares."""


def pack(mixture: Mixture) -> dict[str, NDArray[np.generic]]:
    """Arrays of C components over d columns of K_j levels in k_j groups.

    components (C, sum k) float32; groups (sum K,) int32; within (sum K,) float64; parents (d,) int32, a
    column's own position where it has no parent; loadings (d,) float64, only where columns are coupled;
    links, only where some column has a parent: the tables of the children in column order, each
    (k_parent, k_child) row by row, float64.
    """
    parents = np.arange(len(mixture.domain), dtype=np.int32)
    for child, link in mixture.links.items():
        parents[child] = link.parent
    arrays: dict[str, NDArray[np.generic]] = {
        "components": np.concatenate(mixture.components, axis=1).astype(np.float32),
        "groups": np.concatenate([part.groups for part in mixture.groupings]).astype(np.int32),
        "within": np.concatenate([part.within for part in mixture.groupings]).astype(np.float64),
        "parents": parents,
    }
    if mixture.loadings.any():
        arrays["loadings"] = mixture.loadings.astype(np.float64)
    if mixture.links:
        tables = [mixture.links[child].table.ravel() for child in sorted(mixture.links)]
        arrays["links"] = np.concatenate(tables).astype(np.float64)
    return arrays


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Refuse settings: this generator has none.

    Raises:
        VerificationError: there are some.
    """
    if parameters:
        raise _refusal("parameters", "are not those of the fixed recipe")


def unpack(domain: CodeDomain, arrays: Arrays) -> Mixture:
    """The mixture of stored arrays.

    Raises:
        VerificationError: names, shapes, types or values cannot come from a fit.
    """
    _check_names(arrays)
    groupings = _groupings(domain, arrays)
    components = _components(arrays["components"], [part.size for part in groupings])
    return Mixture(
        domain, groupings, components, _links(domain, groupings, arrays), _loadings(domain, arrays)
    )


def _check_names(arrays: Arrays) -> None:
    wanted = {"components", "groups", "within", "parents"}
    if set(arrays) - {"links", "loadings"} != wanted:
        raise _refusal("arrays", f"are not {', '.join(sorted(wanted))} and, where needed, links and loadings")


def _groupings(domain: CodeDomain, arrays: Arrays) -> tuple[Grouping, ...]:
    levels = sum(domain.sizes)
    groups = _checked(arrays["groups"], "groups", np.int32, (levels,)).astype(np.int64)
    within = _checked(arrays["within"], "within", np.float64, (levels,))
    try:
        return restored(domain, groups, within)
    except ValueError as error:
        raise _refusal("arrays:", str(error)) from None


def _components(array: NDArray[np.generic], sizes: list[int]) -> tuple[NDArray[np.float32], ...]:
    count = len(array) if array.ndim == 2 else 0
    if not count:
        raise _refusal("components", "is not a table of at least one component")
    shares = _checked(array, "components", np.float32, (count, sum(sizes)))
    parts = np.split(shares, np.cumsum(sizes)[:-1], axis=1)
    for part in parts:
        if (part < 0).any() or np.abs(part.sum(1, dtype=np.float64) - 1).max() > _TOLERANCE:
            raise _refusal("components", "are not shares that sum to 1 in every column")
    return tuple(parts)


def _loadings(domain: CodeDomain, arrays: Arrays) -> FloatArray:
    if "loadings" not in arrays:
        return np.zeros(len(domain))
    found = _checked(arrays["loadings"], "loadings", np.float64, (len(domain),))
    if (np.abs(found) > 1).any():
        raise _refusal("loadings", "are not between -1 and 1")
    return found


def _links(domain: CodeDomain, groupings: tuple[Grouping, ...], arrays: Arrays) -> dict[int, Link]:
    width = len(domain)
    parents = _checked(arrays["parents"], "parents", np.int32, (width,)).astype(np.int64)
    if ((parents < 0) | (parents >= width)).any():
        raise _refusal("parents", "are not columns")
    children = np.flatnonzero(parents != np.arange(width))
    if np.isin(parents[children], children).any():
        raise _refusal("parents", "are children themselves")
    if bool(len(children)) != ("links" in arrays):
        raise _refusal("links", "are there without children, or missing")
    if not len(children):
        return {}
    shapes = [(groupings[parents[child]].size, groupings[child].size) for child in children]
    ends = np.cumsum([rows * columns for rows, columns in shapes])
    flat = _checked(arrays["links"], "links", np.float64, (int(ends[-1]),))
    tables = [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]
    return {
        int(child): Link(int(parents[child]), _checked_table(table))
        for child, table in zip(children, tables, strict=True)
    }


def _checked_table(table: FloatArray) -> FloatArray:
    total = table.sum(1)
    if (table < 0).any() or ((np.abs(total - 1) > _TOLERANCE) & (total != 0)).any():
        raise _refusal("links", "are not shares that sum to 1, or to 0, in every row")
    return table


def _checked(
    array: NDArray[np.generic], name: str, kind: type[np.generic], shape: tuple[int, ...]
) -> NDArray[Any]:
    if array.dtype != kind or array.shape != shape:
        raise _refusal(name, f"is not {kind.__name__} of shape {shape}")
    if not np.isfinite(array).all():
        raise _refusal(name, "holds a value that is not finite")
    return array


def _refusal(what: str, finding: str) -> VerificationError:
    return VerificationError(
        f"marginals model: {what} {finding}; it was changed or damaged: fit it anew or restore a copy"
    )
