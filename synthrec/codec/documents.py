"""Column codecs from their JSON form, checked strictly: a stored model is not trusted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import numpy as np

from synthrec.codec import label, numeric
from synthrec.codec.base import ColumnCodec
from synthrec.codec.bins import FINE_BINS, Bins
from synthrec.codec.granularity import WEIGHTS, divisors, level_points
from synthrec.codec.heaped import HeapedCodec, Origin
from synthrec.codec.label import BooleanCodec, LabelCodec
from synthrec.codec.lattice import LIMIT, FloatLattice, Lattice, declared_step
from synthrec.codec.numeric import NumericCodec
from synthrec.schema.model import Column, Domain
from synthrec.schema.vector import IntArray

MAX_LEVELS = 1_000_000
"""Levels of one column that a document may hold."""


def restore_column(column: Column, document: Any) -> ColumnCodec:
    """The codec of one column.

    Public and declared domains are built anew from the schema and must give the same document.

    Raises:
        ValueError: the document cannot come from this column; the message holds no value.
    """
    domain = column.domain or Domain(source="learned")
    if column.kind == "boolean":
        codec: ColumnCodec = BooleanCodec(column.null.allowed)
    elif column.is_numeric and isinstance(document, dict) and document.get("kind") == "heaped":
        codec = _heaped(column, domain, document)
    elif domain.source == "learned":
        codec = _numeric(column, document) if column.is_numeric else _label(column, domain, document)
    else:
        codec = (numeric.build_public if column.is_numeric else label.build_listed)(column, domain)
    if codec.document() != document:
        raise ValueError("a column's levels differ from its schema")
    return codec


def _numeric(column: Column, document: Any) -> NumericCodec:
    parts = _parts(document, "numeric", {"step", "edges", "low", "width"})
    edges, low, width = (_integers(parts[key]) for key in ("edges", "low", "width"))
    if not len(edges) - 1 == len(low) == len(width) >= 1:
        raise ValueError("bins and edges do not match in number")
    if (np.diff(edges) < 1).any() or (width < 1).any():
        raise ValueError("edges are not increasing")
    if (low < edges[:-1]).any() or (low + width > edges[1:]).any():
        raise ValueError("a bin draws outside its edges")
    return NumericCodec(_lattice(column, parts["step"]), Bins(edges, low, width), column.null.allowed, "clip")


def _heaped(column: Column, domain: Domain, document: Any) -> HeapedCodec:
    """The bins and level weights of a stated domain; nothing else of the column may be learned."""
    stated = numeric.build_public(column, domain)
    parts = _parts(document, "heaped", {"origin", "step", "edges", "chain", "weights"})
    edges, first, last = _integers(parts["edges"]), stated.bins.first, stated.bins.last
    if len(edges) < 2 or (np.diff(edges) < 1).any() or (edges[0], edges[-1]) != (first, last + 1):
        raise ValueError("edges are not increasing from the lower bound to the upper one")
    if last - first < FINE_BINS or parts["origin"] not in get_args(Origin):
        raise ValueError("a column's bins were not learned from counts")
    chain = divisors(column, stated.lattice, max(abs(first), abs(last)))
    weights = _weights(parts["weights"], level_points(edges, chain))
    return HeapedCodec(
        stated.lattice,
        Bins.between(edges),
        stated.has_missing,
        stated.outside,
        chain,
        weights,
        parts["origin"],
    )


def _weights(rows: Any, points: IntArray) -> IntArray:
    """Level weights, one row per bin: each sums to `WEIGHTS` and stands on levels that have a point."""
    if not isinstance(rows, list) or len(rows) != len(points):
        raise ValueError("level weights and bins do not match in number")
    weights = [_integers(row) for row in rows]
    if any(len(row) != points.shape[1] for row in weights):
        raise ValueError("level weights and divisors do not match in number")
    table = np.array(weights)
    if (table < 0).any() or (table.sum(axis=1) != WEIGHTS).any() or (table[points == 0] != 0).any():
        raise ValueError("level weights are no shares of a bin")
    return table


def _lattice(column: Column, text: Any) -> Lattice:
    if not isinstance(text, str) or not text.replace(".", "", 1).isdecimal() or len(text) > 400:
        raise ValueError("a step is not a decimal number")
    step = Decimal(text)
    if step <= 0 or (declared_step(column) or step) != step:
        raise ValueError("a step differs from the schema's precision")
    if column.kind == "float":
        return FloatLattice(step)
    if step != step.to_integral_value():
        raise ValueError("a step is not a whole number")
    return Lattice(step)


def _integers(items: Any) -> IntArray:
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_LEVELS + 1:
        raise ValueError("a list of whole numbers is missing or too long")
    if not all(type(item) is int and abs(item) <= LIMIT + 1 for item in items):
        raise ValueError("a list holds something else than whole numbers within the limit")
    return np.array(items, dtype=np.int64)


def _label(column: Column, domain: Domain, document: Any) -> LabelCodec:
    parts = _parts(document, "label", {"labels", "other"})
    labels, other = parts["labels"], parts["other"]
    if not isinstance(labels, list) or len(labels) > MAX_LEVELS:
        raise ValueError("a list of labels is missing or too long")
    if not all(isinstance(item, str) for item in labels) or len(set(labels)) != len(labels):
        raise ValueError("labels are not distinct texts")
    if other is not None and (other != domain.other or other not in labels):
        raise ValueError("the label of pooled categories differs from the schema's")
    if domain.labels and not set(labels) <= {*domain.labels, domain.other}:
        raise ValueError("labels are not those of the domain")
    if not labels and not column.null.allowed:
        raise ValueError("a column has no level")
    return LabelCodec(tuple(labels), domain.ordered, column.null.allowed, other)


def _parts(document: Any, kind: str, keys: set[str]) -> dict[str, Any]:
    if not isinstance(document, dict) or document.keys() != {"kind", *keys} or document["kind"] != kind:
        raise ValueError(f"a column is not in the form of a {kind} codec")
    return document
