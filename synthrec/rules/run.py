"""The run that rows are made for: how many roots it has, and what is kept from block to block."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from synthrec.rules.quotas import Quota


@dataclass(eq=False)
class Run:
    """One pass over the blocks of a run.

    What a column draws is not to depend on it, but for exact prevalence, which is a property of the run.
    """

    roots: int = sys.maxsize
    """Roots of the whole run."""
    block: int = 4_096
    """Roots that are made at a time."""
    made: Counter[str] = field(default_factory=Counter)
    """Rows of each table in earlier blocks."""
    start: int = 0
    """The first root of the block in the making."""
    quotas: dict[str, Sequence[Quota]] = field(default_factory=dict)
    """Per column of an exact prevalence, by its place in the schema, one quota for each stratum."""

    @property
    def wanted(self) -> int:
        """Roots of the block that belong to the run; the others are made and cut off."""
        return self.roots - self.start
