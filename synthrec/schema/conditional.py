"""Which row of a conditional table holds for which combination of labels."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from synthrec.schema.faults import suggestion
from synthrec.schema.generate_model import Lookup, Table
from synthrec.schema.model import LABEL_KINDS, Column, label
from synthrec.schema.prevalence_spec import Prevalence
from synthrec.schema.rule_tables import Problem
from synthrec.schema.spec_base import When
from synthrec.schema.vector import IntArray

Arranged = Table | Lookup | Prevalence
"""Specs whose rows hold for combinations of labels."""
MAX_CELLS = 4_000_000
"""Combinations of labels that one spec may tell apart."""


def closed_labels(column: Column) -> tuple[str, ...]:
    """The labels that a column of a conditional table can take; empty when they are not listed."""
    if column.kind == "boolean":
        return ("false", "true")
    return column.domain.labels if column.kind in LABEL_KINDS and column.domain else ()


def arrange(spec: Arranged, by: Sequence[Column]) -> tuple[IntArray, list[Problem]]:
    """Row number for each combination of labels (-1: none), one axis per column, and what is wrong."""
    labels = [closed_labels(column) for column in by]
    if (size := prod(map(len, labels))) > MAX_CELLS:
        found = f"{size:.1e} combinations of labels"
        return np.empty(0, np.int64), [(("by",), found, f"keep them within {MAX_CELLS:,}")]
    cells = np.full([len(names) for names in labels], -1, np.int64)
    problems: list[Problem] = []
    whens: list[When] = [row.when for row in spec.rows]
    for i, when in enumerate(whens):
        picks, wrong = _positions(when, labels)
        problems += [(("rows", i, "when", *path), found, repair) for path, found, repair in wrong]
        if wrong:
            continue
        place = np.ix_(*picks)
        if (cells[place] >= 0).any():
            problems.append((("rows", i, "when"), "a combination that an earlier row has", "give each once"))
        cells[place] = i
    if spec.default is None and not problems and (cells < 0).any():
        problems.append((("rows",), _uncovered(cells, labels), "add rows for them, or a default"))
    return cells, problems


def _positions(when: When, labels: list[tuple[str, ...]]) -> tuple[list[list[int]], list[Problem]]:
    if len(when) != len(labels):
        return [], [((), f"{len(when)} values", f"give one for each of the {len(labels)} columns of `by`")]
    picks: list[list[int]] = []
    problems: list[Problem] = []
    for j, (part, names) in enumerate(zip(when, labels, strict=True)):
        wanted = [label(value) for value in (part if isinstance(part, tuple) else (part,))]
        problems += [
            ((j,), f"unknown label {text!r}", suggestion(text, names)) for text in wanted if text not in names
        ]
        picks.append([names.index(text) for text in wanted if text in names])
    return picks, problems


def _uncovered(cells: IntArray, labels: list[tuple[str, ...]]) -> str:
    first = np.argwhere(cells < 0)[0]
    example = ", ".join(names[i] for names, i in zip(labels, first, strict=True))
    return f"{int((cells < 0).sum())} combinations without a row, for example {example}"
