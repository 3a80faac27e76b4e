"""What must be true of drawn records whose real ones were awkward: types, missing shares, grain, secrets."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

SIGMAS = 5
TRAINED = 0.8
"""Share of the rows that a fit learns from."""
UNNAMED = "(other)"
"""What rare levels are pooled under."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A real table, records drawn from its model, and the error of a share that noise may add."""

    real: pd.DataFrame
    drawn: pa.Table
    noise: float = 0.0

    def sigma(self, share: float) -> float:
        """Standard deviation of the difference of a drawn share and the real one."""
        rows = 1 / max(TRAINED * len(self.real), 1) + 1 / max(len(self.drawn), 1)
        return math.sqrt(share * (1 - share) * rows) + self.noise


@dataclass(frozen=True)
class Check:
    """One thing that must hold, in words for a table, and what is wrong where it does not."""

    says: str
    fault: Callable[[Pair], str]


def _check(says: str, holds: Callable[[Pair], Any], fault: str) -> Check:
    return Check(says, lambda pair: "" if holds(pair) else fault)


def typed(column: str, kind: str) -> Check:
    """The column of the Parquet file is of an Arrow type; ``text`` is a dictionary of strings."""
    wanted = str(pa.dictionary(pa.int32(), pa.string())) if kind == "text" else kind

    def fault(pair: Pair) -> str:
        found = str(pair.drawn.schema.field(column).type)
        return "" if found == wanted else f"{column} became {found}"

    return Check(f"{column} is {kind}", fault)


def missing_kept(column: str) -> Check:
    """The share of missing cells, within `SIGMAS` standard deviations of the real share."""

    def fault(pair: Pair) -> str:
        real = float(pair.real[column].isna().mean())
        drawn = pair.drawn.column(column).null_count / len(pair.drawn)
        near = abs(drawn - real) <= SIGMAS * pair.sigma(real)
        return "" if near else f"missing in {column}: {real:.2f} became {drawn:.2f}"

    return Check(f"share missing in {column}", fault)


def share_kept(column: str, value: Any) -> Check:
    """The share of one value among the cells that are there, as `missing_kept` says."""

    def fault(pair: Pair) -> str:
        real = float((pair.real[column].dropna() == value).mean())
        cells = held(pair, column)
        drawn = sum(cell == value for cell in cells) / max(len(cells), 1)
        near = abs(drawn - real) <= SIGMAS * pair.sigma(real)
        return "" if near else f"a value of {column}: share {real:.2f} became {drawn:.2f}"

    return Check(f"share of {value!r} in {column}", fault)


def held(pair: Pair, column: str) -> list[Any]:
    """The drawn cells that are not missing, as Python values."""
    return [cell for cell in pair.drawn.column(column).to_pylist() if cell is not None]


def all_missing(column: str) -> Check:
    """No drawn cell has a value; under a claim, no more than `SIGMAS` standard deviations of its noise."""

    def holds(pair: Pair) -> bool:
        held_share = 1 - pair.drawn.column(column).null_count / len(pair.drawn)
        return bool(held_share <= SIGMAS * pair.sigma(0.0))

    return _check(f"{column} stays empty", holds, f"{column} has values")


def within(column: str, low: Any, high: Any) -> Check:
    """Every drawn value lies in a range."""

    def holds(pair: Pair) -> bool:
        cells = held(pair, column)
        return bool(cells) and all(low <= cell <= high for cell in cells)

    return _check(f"{column} from {low} to {high}", holds, f"{column} lies outside, or is empty")


def stepped(column: str, step: float) -> Check:
    """Every drawn number is the float nearest to a multiple of a step."""

    def holds(pair: Pair) -> bool:
        cells = np.array([float(cell) for cell in held(pair, column)])
        return bool(len(cells)) and np.allclose(np.rint(cells / step) * step, cells, rtol=1e-12, atol=0)

    return _check(f"{column} in steps of {step:g}", holds, f"{column} has lost its steps")


def on_the_hour(column: str) -> Check:
    """Every drawn moment is a whole hour."""

    def holds(pair: Pair) -> bool:
        cells = held(pair, column)
        return bool(cells) and all(
            (cell.minute, cell.second, cell.microsecond) == (0, 0, 0) for cell in cells
        )

    return _check(f"{column} keeps whole hours", holds, f"{column} has times within the hour")


def labels(column: str, allowed: Collection[str]) -> Check:
    """Every drawn label is one of these, and one of them at least is there."""

    def holds(pair: Pair) -> bool:
        found = set(held(pair, column))
        return bool(found) and found <= {*allowed, UNNAMED}

    return _check(f"{column} has no new label", holds, f"{column} has labels that no record had")


def none_out(column: str, *, but: Collection[str] = ()) -> Check:
    """No real text is among the drawn ones, those of many rows apart."""

    def holds(pair: Pair) -> bool:
        real = {str(cell) for cell in pair.real[column].dropna()}
        return not {str(cell) for cell in held(pair, column)} & (real - set(but))

    what = "rare text" if but else "text"
    return _check(f"no real {what} of {column} gets out", holds, f"{column} shows real texts")


def nowhere(texts: Callable[[pd.DataFrame], Collection[str]], what: str) -> Check:
    """No text of a kind is in any column."""

    def holds(pair: Pair) -> bool:
        wanted = set(texts(pair.real))
        columns = (column.cast(pa.string()) for column in pair.drawn.columns)
        return not any(wanted & set(pc.unique(column).to_pylist()) for column in columns)

    return _check(f"no {what} gets out", holds, f"{what} got out")


def same_columns(names: Callable[[pd.DataFrame], list[str]] | None = None) -> Check:
    """The columns have the names that they had, in their order."""

    def holds(pair: Pair) -> bool:
        wanted = names(pair.real) if names else [str(name) for name in pair.real.columns]
        return [name for name in pair.drawn.column_names if name in wanted] == wanted

    return _check("names of columns", holds, "columns have other names")


def constant(column: str, value: Any) -> Check:
    """Every drawn cell has one value."""
    return _check(
        f"{column} stays {value!r}",
        lambda pair: set(held(pair, column)) == {value},
        f"{column} is not constant",
    )
