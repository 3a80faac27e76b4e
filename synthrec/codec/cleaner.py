"""Noisy histograms made plausible: non-negative, of the right total, and without mass invented in the tails.

The plain projection to the simplex keeps positive noise wherever a histogram is empty, and a long empty tail
holds much of it. Cells of an ordered column are therefore cleaned by groups (octaves of its values): a group
keeps mass only where it is significant, or next to one that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from synthrec.schema.vector import BoolArray, IntArray

FloatArray = NDArray[np.float64]

FALSE_GROUPS = 0.002
"""Expected number of empty groups of a column that are kept."""
FALSE_CELLS = 0.001
"""Expected number of empty cells of a column that keep their group."""
WEAK = 2.0
"""Standard deviations that a neighbour of a kept group must reach, alone or with the group beyond it."""

TAIL_RATIO = 0.45
"""Largest ratio of the first extrapolated group to the last kept one."""
TAIL_CURVE = (0.3, 0.7)
"""Range of the factor by which that ratio changes from group to group outwards."""
TAIL_GROUPS = 3
"""Kept groups that a side needs to be extrapolated."""

SLOPES = (-2.0, 4.0)
"""Range of the exponent a of the density |x|**-a within a group."""
TRACE = 1e-5
"""Rows that an empty cell next to a kept group is left with; e**-3 of it per group further out."""


@dataclass(frozen=True, eq=False)
class CellGroups:
    """Adjacent cells of a lattice in groups, and what earlier releases said of the groups."""

    edges: IntArray
    """Cell i holds the lattice indices [edges[i], edges[i + 1]); shape (f + 1,), increasing."""
    borders: IntArray
    """Edges at which groups begin and end, shape (g + 1,)."""
    counts: FloatArray
    """Earlier measurements of the groups, shape (g,)."""
    sigmas: FloatArray
    """Their standard deviations; infinite where a group was not measured. Shape (g,)."""

    @cached_property
    def of_cell(self) -> IntArray:
        """Group of each cell, shape (f,)."""
        return np.searchsorted(self.borders, self.edges[:-1], side="right") - 1

    @cached_property
    def middles(self) -> FloatArray:
        """Middles of the groups, in lattice steps; shape (g,)."""
        return (self.borders[:-1] + self.borders[1:] - 1) / 2

    @cached_property
    def widths(self) -> FloatArray:
        """Lattice points of the groups, shape (g,)."""
        return np.diff(self.borders).astype(np.float64)


def simplex(values: FloatArray, total: float) -> FloatArray:
    """The nearest non-negative vector with a given sum (Duchi et al. 2008, ICML, figure 1).

    Args:
        values: Shape (n,), n >= 1.
        total: Sum of the result; everything is 0 where it is not positive.
    """
    if total <= 0:
        return np.zeros(len(values))
    falling = np.sort(values)[::-1]
    shifts = (np.cumsum(falling) - total) / np.arange(1, len(values) + 1)
    shift = shifts[np.flatnonzero(falling > shifts)[-1]]
    projected: FloatArray = np.maximum(values - shift, 0.0)
    return projected


def clean(
    values: FloatArray, sigma: float, groups: CellGroups | None = None, *, total: float | None = None
) -> FloatArray:
    """A released histogram without negative cells, and without mass that only noise put there.

    Args:
        values: Noisy counts of the cells, shape (f,), or (f + 1,) with missing last.
        sigma: Standard deviation of the noise on each.
        groups: Groups of the first f cells; without them the result is the projection to the simplex.
        total: Rows of the table, as well as they are known; the sum of the values by default.

    Returns:
        Counts of the same shape, at least 0, whose sum is the total.
    """
    total = max(float(values.sum()), 1.0) if total is None else total
    if groups is None or sigma == 0:
        return simplex(values, total)
    size = len(groups.of_cell)
    cells, missing = values[:size], values[size:]
    masses, kept = _group_masses(cells, missing, sigma, groups, total)
    prior = _prior(groups, masses[: len(kept)])
    cleaned = _spread(cells, groups, masses, kept, prior)
    cleaned = np.append(cleaned + _traces(cleaned, groups, kept, prior), masses[len(kept) :])
    cleaned *= total / cleaned.sum()
    return cleaned


def keep(estimates: FloatArray, sigmas: FloatArray, forced: BoolArray | None = None) -> BoolArray:
    """Which adjacent groups hold rows: significant ones, and weaker ones next to them, step by step.

    Args:
        estimates: Noisy counts of the groups, shape (g,).
        sigmas: Their standard deviations, shape (g,); where all are 0 every positive group is kept.
        forced: Groups to keep in any case, shape (g,).
    """
    if not sigmas.any():
        return estimates > 0
    scores = estimates / sigmas
    kept: BoolArray = scores > upper_quantile(FALSE_GROUPS / len(scores))
    if forced is not None:
        kept = kept | forced
    if not kept.any():
        kept = np.arange(len(scores)) == np.argmax(scores)
    pairs = (estimates[:-1] + estimates[1:]) / np.hypot(sigmas[:-1], sigmas[1:])
    alone, positive = scores > WEAK, estimates > 0
    outwards = alone | (positive & np.append(pairs > WEAK, False))
    inwards = alone | (positive & np.append(False, pairs > WEAK))
    while True:
        right, left = np.append(False, kept[:-1]), np.append(kept[1:], False)
        more = ~kept & ((right & outwards) | (left & inwards))
        if not more.any():
            return kept
        kept |= more


def upper_quantile(probability: float) -> float:
    """The standard normal value that is exceeded with a probability."""
    return -float(ndtri(probability))


def _group_masses(
    cells: FloatArray, missing: FloatArray, sigma: float, groups: CellGroups, total: float
) -> tuple[FloatArray, BoolArray]:
    """Masses of the groups, and of missing after them; and which groups are kept."""
    estimates, sigmas = _combined(cells, sigma, groups)
    peaks = cells > sigma * upper_quantile(FALSE_CELLS / len(cells))
    forced = np.bincount(groups.of_cell, weights=peaks, minlength=len(estimates)) > 0
    kept = keep(estimates, sigmas, forced)
    masses = np.zeros(len(estimates) + len(missing))
    masses[np.append(kept, np.ones(len(missing), dtype=bool))] = simplex(
        np.concatenate([estimates[kept], missing]), total
    )
    for side in (1, -1):
        _extrapolate(masses[: len(kept)], kept, groups.middles, side, 2 * float(sigmas.max()))
    return masses, kept


def _combined(cells: FloatArray, sigma: float, groups: CellGroups) -> tuple[FloatArray, FloatArray]:
    """Group counts as the inverse-variance mean of the earlier measurement and the sum of the cells."""
    size = len(groups.counts)
    sums = np.bincount(groups.of_cell, weights=cells, minlength=size)
    earlier = 1 / np.maximum(groups.sigmas, 1e-9) ** 2
    now = 1 / (sigma**2 * np.bincount(groups.of_cell, minlength=size))
    return (groups.counts * earlier + sums * now) / (earlier + now), 1 / np.sqrt(earlier + now)


def _extrapolate(masses: FloatArray, kept: BoolArray, middles: FloatArray, side: int, cap: float) -> None:
    """Continue the decay of the last two kept groups outwards in place; the bounds themselves get nothing.

    An isolated outermost group is an atom and has no tail.
    """
    inner = np.arange(1, len(masses) - 1)
    found = inner[kept[inner] & (middles[inner] * side > 0)][::side]
    if len(found) < TAIL_GROUPS:
        return
    last = int(found[-1])
    if not (kept[last - side] and kept[last - 2 * side]):
        return
    before, first = max(masses[last - side], 1e-9), max(masses[last - 2 * side], 1e-9)
    decay = masses[last] / before
    curve = float(np.clip(decay / max(before / first, 1e-9), *TAIL_CURVE))
    ratio, mass, place = min(decay, TAIL_RATIO), float(masses[last]), last + side
    while 0 < place < len(masses) - 1 and middles[place] * side > 0:
        ratio *= curve
        mass = min(mass * ratio, cap)
        if mass < 0.5:
            return
        masses[place] = mass
        place += side


def _prior(groups: CellGroups, masses: FloatArray) -> FloatArray:
    """Share of each cell in its group under the density |x|**-a, with a from the neighbouring groups.

    Shape (f,); the shares of a group sum to 1.
    """
    slopes = _slopes(masses / groups.widths, groups.middles)[groups.of_cell]
    middles = np.abs(groups.edges[:-1] + groups.edges[1:] - 1) / 2
    shares: FloatArray = np.diff(groups.edges) * np.maximum(middles, 0.5) ** -slopes
    sums = np.bincount(groups.of_cell, weights=shares, minlength=len(masses))
    shares /= sums[groups.of_cell]
    return shares


def _slopes(density: FloatArray, middles: FloatArray) -> FloatArray:
    """Exponent of each group: the mean over the neighbours on its side of 0 that have a density, else 0."""
    usable = (density[:-1] > 0) & (density[1:] > 0) & (middles[:-1] * middles[1:] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = -np.diff(np.log(density)) / np.diff(np.log(np.abs(middles)))
    steps = np.where(usable, steps, 0.0)
    sums = np.append(steps, 0.0) + np.append(0.0, steps)
    number = np.append(usable, 0) + np.append(0, usable)
    slopes: FloatArray = np.clip(sums / np.maximum(number, 1), *SLOPES)
    return slopes


def _spread(
    cells: FloatArray, groups: CellGroups, masses: FloatArray, kept: BoolArray, prior: FloatArray
) -> FloatArray:
    """The mass of each group over its cells: by their counts where it is kept, by the prior elsewhere."""
    cleaned = masses[groups.of_cell] * prior
    starts = np.searchsorted(groups.of_cell, np.arange(len(kept) + 1))
    for group in np.flatnonzero(kept):
        part = slice(starts[group], starts[group + 1])
        counts = cells[part]
        cleaned[part] = simplex(counts + (masses[group] - counts.sum()) * prior[part], masses[group])
    return cleaned


def _traces(cleaned: FloatArray, groups: CellGroups, kept: BoolArray, prior: FloatArray) -> FloatArray:
    """A little mass for empty cells, less the further they are from kept groups.

    A coarse bin of empty cells alone is then drawn near the data and not at a far declared bound.
    """
    places = np.flatnonzero(kept)
    distance = np.abs(np.arange(len(kept))[:, None] - places[None, :]).min(axis=1)
    traces: FloatArray = np.where(cleaned > 0, 0.0, TRACE * np.exp(-3.0 * distance[groups.of_cell]) * prior)
    return traces
