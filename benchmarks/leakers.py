"""Makers of records that leak, and two that do not: what the audit must tell apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from people import People
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.generators.copula.generator import CopulaGenerator
from synthrec.rng import Streams
from synthrec.schema.vector import IntArray, Vector
from synthrec.validation.attacks.space import Space, nearest

Leaker = Callable[[People], Table]


def fresh(people: People) -> Table:
    """Records of other people: nothing leaks."""
    return people.fresh


def copula(people: People) -> Table:
    """A Gaussian copula over binned values, fitted on train: it remembers nobody."""
    train, streams = people.train, Streams(int(people.rng.integers(2**62)))
    codec = Codec.build(train.spec, train.name, train)
    fitted = CopulaGenerator().fit(codec.encode(train), streams=streams)
    return codec.decode(fitted.sample(0, len(people.fresh), streams=streams), 0, streams)


def verbatim(share: float) -> Leaker:
    """Leaks a share of records that are training records."""

    def leak(people: People) -> Table:
        rows = people.rng.choice(len(people.train), round(share * len(people.fresh)), replace=False)
        return _with(people.fresh, people.train.take(rows))

    return leak


def isolated(people: People) -> Table:
    """1 % of the records are those training records that are farthest from any other person's."""
    space = Space.of(people.train.spec, people.train)
    steps, _ = nearest(space.points(people.train), space.points(people.fresh))
    rows = np.argsort(steps)[::-1][: len(people.fresh) // 100]
    return _with(people.fresh, people.train.take(rows))


def near_unique(people: People) -> Table:
    """Every record holds a training person's value of the near-unique column; the rest is fresh."""
    rows = people.rng.integers(0, len(people.train), len(people.fresh))
    copied = {people.near_unique: people.train.vector(people.near_unique).take(rows)}
    return Table.from_vectors(people.fresh.name, people.fresh.spec, people.fresh.vectors() | copied)


def resampled(share: float) -> Leaker:
    """Every record is a training record with a share of its cells drawn again from their columns."""

    def leak(people: People) -> Table:
        train = people.train
        rows = people.rng.permutation(len(train))[: len(people.fresh)]
        vectors = {name: _mixed(vector, rows, people.rng, share) for name, vector in train.vectors().items()}
        return Table.from_vectors(train.name, train.spec, vectors)

    return leak


def trees(leaf: int) -> Leaker:
    """Sequential trees (CART synthesis; Reiter 2005, Journal of Official Statistics 21).

    Column by column, each value is that of a random training record in the same leaf of a tree that predicts
    the column from those before it; the first column is a bootstrap sample. With leaves of one record the
    trees know the records by heart.
    """

    def leak(people: People) -> Table:
        train, rng = people.train, people.rng
        vectors = train.vectors()
        known = np.column_stack([_figures(vectors[name]) for name in vectors])
        made = np.empty((len(people.fresh), known.shape[1]))
        drawn: dict[str, Vector] = {}
        for place, (name, vector) in enumerate(vectors.items()):
            donors = _donors(vector, known[:, :place], known[:, place], made[:, :place], leaf, rng)
            drawn[name], made[:, place] = vector.take(donors), known[donors, place]
        return Table.from_vectors(train.name, train.spec, drawn)

    return leak


LEAKERS: Mapping[str, Leaker] = {
    "safe: fresh records": fresh,
    "safe: smoothed copula": copula,
    "0.5 % verbatim": verbatim(0.005),
    "1 % verbatim": verbatim(0.01),
    "1 % most isolated": isolated,
    "values of the near-unique column": near_unique,
    "all, 10 % of the cells resampled": resampled(0.1),
    "all, 30 % of the cells resampled": resampled(0.3),
    "sequential trees, leaves of 1": trees(1),
    "sequential trees, leaves of 5": trees(5),
}


def _with(records: Table, copies: Table) -> Table:
    return Table.concat([records.slice(0, len(records) - len(copies)), copies])


def _mixed(vector: Vector, rows: IntArray, rng: np.random.Generator, share: float) -> Vector:
    drawn_again = rng.random(len(rows)) < share
    source = np.where(drawn_again, rng.integers(0, len(vector.values), len(rows)), rows)
    return vector.take(source)


def _figures(vector: Vector) -> Any:
    """Values as numbers for a tree, missing below them all."""
    values = vector.values.astype(np.float64)
    return np.where(vector.missing, values.min(initial=0) - 1, values)


def _donors(
    vector: Vector, known: Any, target: Any, made: Any, leaf: int, rng: np.random.Generator
) -> IntArray:
    """A random training record from the leaf of each record that is made."""
    if known.shape[1] == 0:
        return rng.integers(0, len(known), len(made))
    kind = DecisionTreeRegressor if vector.levels is None else DecisionTreeClassifier
    tree = kind(min_samples_leaf=leaf, random_state=int(rng.integers(2**31))).fit(known, target)
    leaves, wanted = tree.apply(known), tree.apply(made)
    order = np.argsort(leaves, kind="stable")
    first = np.searchsorted(leaves[order], wanted, "left")
    last = np.searchsorted(leaves[order], wanted, "right")
    return np.asarray(order[rng.integers(first, last)])
