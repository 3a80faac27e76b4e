"""What a case of awkward input is, and the cells that cases share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from awkward_checks import Check

ROWS = 300
Rng = np.random.Generator
Cells = Mapping[str, Any]


class Door(StrEnum):
    """How the records come in."""

    FRAME = "frame"
    PARQUET = "Parquet"
    CSV = "CSV"


@dataclass(frozen=True)
class Case:
    """One awkward table."""

    name: str
    make: Callable[[Rng], Cells | pd.DataFrame]
    checks: tuple[Check, ...] = ()
    door: Door = Door.FRAME
    edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By column: what a steward writes into the draft of the schema."""
    public: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By column: its domain, which a claim needs to be told."""
    table: Mapping[str, Any] = field(default_factory=dict)
    """What a steward writes into the draft about the table."""
    is_alone: bool = False
    """Whether the awkward thing is the table and no column of it."""
    is_dear: bool = False
    """Whether most generators take minutes for it."""


def between(low: Any, high: Any) -> Mapping[str, Any]:
    """A public range."""
    return {"domain": {"min": low, "max": high, "source": "public"}}


def listed(*values: str) -> Mapping[str, Any]:
    """Public categories."""
    return {"domain": {"values": list(values), "source": "public"}}


GROUPS = ("maple", "cedar", "birch")
PUBLIC_GROUPS = listed(*GROUPS)


def groups(rng: Rng, rows: int = ROWS) -> np.ndarray:
    """Three frequent labels."""
    return np.array(GROUPS, dtype=object)[rng.choice(3, rows, p=[0.5, 0.3, 0.2])]


def lost(rng: Rng, values: Any, share: float, nothing: Any = None) -> np.ndarray:
    """Cells of which a share is missing."""
    cells = np.array(values, dtype=object)
    cells[rng.random(len(cells)) < share] = nothing
    return cells


def days(rng: Rng, first: str, last: str) -> np.ndarray:
    """Days of a range, evenly."""
    start, stop = np.datetime64(first, "D"), np.datetime64(last, "D")
    return start + rng.integers(0, int((stop - start).astype(int)), ROWS)


def names(rng: Rng) -> list[str]:
    """Texts that stand for persons, each there once."""
    return [f"Canary Quillfeather-{number}" for number in rng.permutation(100_000)[:ROWS]]
