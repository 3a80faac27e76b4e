"""Plant leaks in otherwise fresh records, and see how often the gate finds them.

    python benchmarks/leaks.py [--data DIR] [--runs 10] [--rows 2000]

Each run draws three disjoint sets of people: train, holdout, and fresh ones whose records stand for those of
an ideal generator. A leaker spoils the fresh records with what it knows of train, and the default policy and
profile judge the result. DIR (or SYNTHREC_BENCH_DATA) holds adult/adult.csv.gz; else people are made up.
CPU seconds are those of one audit.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synthrec.data.sources import read_table
from synthrec.data.table import Table
from synthrec.release.gate import Origin, decide
from synthrec.release.policy import load_policy
from synthrec.schema.load import load_schema
from synthrec.schema.model import Column, Domain, Schema, TableSpec
from synthrec.schema.vector import IntArray, Vector
from synthrec.validation.attacks.space import Space, nearest
from synthrec.validation.check import run
from synthrec.validation.profile import load_profile
from synthrec.validation.real import RealData
from synthrec.validation.suite import release_checks

HERE = Path(__file__).parent
VERDICTS = ("pass", "fail", "inconclusive")


@dataclass(frozen=True)
class Population:
    """All records there are, and their near-unique column."""

    table: Table
    near_unique: str


@dataclass(frozen=True)
class People:
    """Disjoint sets of one run."""

    train: Table
    holdout: Table
    fresh: Table
    near_unique: str
    rng: np.random.Generator


Leaker = Callable[[People], Table]


def safe(people: People) -> Table:
    """Records of other people: nothing leaks."""
    return people.fresh


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


def resampled(people: People) -> Table:
    """Every record is a training record with a tenth of its cells drawn again from their columns."""
    train = people.train
    rows = people.rng.permutation(len(train))[: len(people.fresh)]
    vectors = {name: _mixed(vector, rows, people.rng) for name, vector in train.vectors().items()}
    return Table.from_vectors(train.name, train.spec, vectors)


LEAKERS: Mapping[str, Leaker] = {
    "safe: fresh records": safe,
    "0.5 % verbatim": verbatim(0.005),
    "1 % verbatim": verbatim(0.01),
    "1 % most isolated": isolated,
    "values of the near-unique column": near_unique,
    "all, a tenth of the cells resampled": resampled,
}


def census(folder: Path) -> Population:
    """The Adult records."""
    name, spec = load_schema(HERE / "schemas" / "adult.yaml").only_table
    return Population(read_table(folder / "adult" / "adult.csv.gz", name, spec).table, "fnlwgt")


def made_up(n: int) -> Population:
    """A population like that of a census: correlated, coarse and skewed but for the near-unique weight."""
    rng = np.random.default_rng(1994)
    latent, other = rng.normal(size=(2, n))
    sizes = {"work": 8, "education": 16, "marital": 7, "occupation": 14, "relation": 6, "region": 40}
    columns, vectors = {}, {}
    for place, (name, size) in enumerate(sizes.items()):
        levels = tuple(f"{name}-{level}" for level in range(size))
        drift = latent if place % 2 else other
        level = np.minimum(np.rint(size * np.abs(0.35 * drift + 0.25 * rng.normal(size=n))), size - 1)
        columns[name] = Column(kind="category", domain=Domain(values=levels, source="public"))
        vectors[name] = Vector.full(level.astype(np.int32), levels)
    numbers = {
        "age": np.clip(np.rint(38 + 11 * latent + 8 * rng.normal(size=n)), 17, 90),
        "hours": np.clip(np.rint(rng.choice([20, 38, 40, 45, 60], n) + 4 * other), 1, 99),
        "weight": np.rint(190_000 * np.exp(0.5 * rng.normal(size=n))),
    }
    for name, values in numbers.items():
        columns[name], vectors[name] = Column(kind="integer"), Vector.full(values.astype(np.int64))
    spec = TableSpec(columns=columns, one_row_per_person=True)
    return Population(Table.from_vectors("people", spec, vectors), "weight")


def drawn(population: Population, rows: int, run_number: int) -> People:
    """The people of one run."""
    rng = np.random.default_rng([run_number, rows])
    chosen = rng.permutation(len(population.table))[: 3 * rows]
    train, holdout, fresh = (population.table.take(part) for part in np.split(chosen, 3))
    return People(train, holdout, fresh, population.near_unique, rng)


def judged(people: People, synthetic: Table) -> tuple[str, float]:
    """The verdict of the gate on some records, and the CPU seconds it took."""
    schema = Schema.model_validate(
        {
            "synthrec": 1,
            "schema": {"name": "leaks", "version": "1.0.0"},
            "tables": {synthetic.name: synthetic.spec.model_dump()},
        }
    )
    start = time.process_time()
    checks = release_checks(schema, RealData(synthetic.name, people.train, people.holdout))
    results = run(checks, [{synthetic.name: synthetic}])
    decision = decide(results, load_policy(), load_profile(), origin=Origin.LEARNED, tables=schema.tables)
    return str(decision.verdict), time.process_time() - start


def without(people: People, column: str) -> People:
    """The same people without a column."""
    train, holdout, fresh = (
        _without(table, column) for table in (people.train, people.holdout, people.fresh)
    )
    return replace(people, train=train, holdout=holdout, fresh=fresh)


def cases() -> Iterator[tuple[str, Leaker, bool]]:
    """Name, leaker, and whether the near-unique column is there."""
    for name, leaker in LEAKERS.items():
        yield name, leaker, True
        if leaker is not near_unique:
            yield f"{name}; no near-unique column", leaker, False


def lines(population: Population, rows: int, runs: int) -> Iterator[str]:
    """The table as Markdown, line by line as they are measured."""
    yield f"| {runs} runs of {rows:,} train, {rows:,} holdout, {rows:,} synthetic rows | " + " | ".join(
        (*VERDICTS, "CPU s |")
    )
    yield "|---|" + "---:|" * (len(VERDICTS) + 1)
    for name, leaker, whole in cases():
        verdicts, seconds = Counter[str](), 0.0
        for number in range(runs):
            people = drawn(population, rows, number)
            people = people if whole else without(people, population.near_unique)
            verdict, spent = judged(people, leaker(people))
            verdicts[verdict] += 1
            seconds += spent
        shares = (f"{verdicts[verdict] / runs:.2f}" for verdict in VERDICTS)
        yield f"| {name} | {' | '.join(shares)} | {seconds / runs:.2f} |"


def _with(fresh: Table, copies: Table) -> Table:
    return Table.concat([fresh.slice(0, len(fresh) - len(copies)), copies])


def _without(table: Table, column: str) -> Table:
    columns = {name: spec for name, spec in table.spec.columns.items() if name != column}
    vectors = {name: vector for name, vector in table.vectors().items() if name != column}
    return Table.from_vectors(table.name, table.spec.model_copy(update={"columns": columns}), vectors)


def _mixed(vector: Vector, rows: IntArray, rng: np.random.Generator) -> Vector:
    drawn_again = rng.random(len(rows)) < 0.1
    source = np.where(drawn_again, rng.integers(0, len(vector.values), len(rows)), rows)
    return vector.take(source)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("SYNTHREC_BENCH_DATA"))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--rows", type=int, default=2_000)
    options = parser.parse_args()
    population = census(Path(options.data)) if options.data else made_up(10 * options.rows)
    for line in lines(population, options.rows, options.runs):
        print(line, flush=True)


if __name__ == "__main__":
    main()
