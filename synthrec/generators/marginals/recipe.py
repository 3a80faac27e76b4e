"""The fixed public defaults: shares of the precision, sizes of groups, and how long to fit.

They were chosen by looking at scores on UCI Adult, UCI credit default and Diabetes 130-US; no other table had
a say. Nothing here depends on the rows of a fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from synthrec.codec.adaptive import HEAPS, OCTAVES, REFINE

ONE_WAY, TWO_WAY = "one_way", "two_way"

WIDE_SHARES: Mapping[str, float] = MappingProxyType({OCTAVES: 0.03, REFINE: 0.03, HEAPS: 0.10})
"""Shares of the releases that place the fine bins of wide numeric columns, where there are any."""

TARGET_BOOST = 4.0
"""A pair with the target gets this multiple of its share."""

TOP_LEVELS = 64
"""Groups of a nominal column; further levels share the last one and are redrawn from the 1-way marginal."""

FEW_LEVELS = 24
"""Columns of no more levels are not grouped."""

EXACT_GROUPS = 32
"""Groups of an ordered column without noise, at most."""

ROWS_PER_CELL = 50
"""Rows of a cell of two such columns on average, at least: exact counts of fewer would be remembered."""

_GROUPS = ((300.0, 8), (2_500.0, 12), (6_000.0, 16), (15_000.0, 24))
"""Signal to noise of one 1-way count below which an ordered column gets that many groups."""

MIXED_FIT = 1.1
"""Discrepancy above which a mixture is too small for its targets."""


@dataclass(frozen=True)
class Effort:
    """How large and how long: `members` fits of `components` components each, `steps` Adam steps."""

    members: int
    components: int
    steps: int


NOISY = Effort(4, 100, 400)
"""Enough where noise hides the detail."""

FINE = Effort(4, 200, 800)
"""Where the noise is small, or there is none."""


def shares(wide: int, pairs: int) -> dict[str, float]:
    """Share of the precision (1 / sigma**2) of each event, in the order in which they read; sum 1.

    Args:
        wide: Number of wide numeric columns.
        pairs: Number of pairs of columns.
    """
    found = dict(WIDE_SHARES) if wide else {}
    found[ONE_WAY] = one_way_share(wide)
    if pairs:
        found[TWO_WAY] = 1 - sum(found.values())
    else:
        found[ONE_WAY] += 1 - sum(found.values())
    return found


def one_way_share(wide: int) -> float:
    """Share of the 1-way marginals: less where other releases have seen the wide columns already."""
    return 0.14 if wide else 0.20


def ordered_groups(rows: float, sigma: float) -> int:
    """Groups of an ordered column, from the number of rows and the noise of a 1-way count.

    About n * mu / sqrt(d), with mu**2 the precision of the whole plan: sigma = sqrt(d) / (mu * sqrt(.2)).
    """
    if sigma == 0:
        return int(np.clip(np.sqrt(rows / ROWS_PER_CELL), _GROUPS[0][1], EXACT_GROUPS))
    signal = rows / (sigma * np.sqrt(0.2))
    return next((groups for limit, groups in _GROUPS if signal < limit), EXACT_GROUPS)
