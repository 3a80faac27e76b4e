"""What an audit costs: CPU seconds of every check, and the peak of memory, on made-up people.

    python benchmarks/audit_cost.py [--rows 2000] [--columns 15]

As many rows of train, of holdout and of synthetic records, which come in chunks as from a generator. A third
of the columns are numbers with learned bounds, a third coarse categories, the rest codes that were learned;
there is a key, one column is near-unique, two are quasi-identifiers and two are sensitive. The seconds of a
check are those of all chunks and of its result; what the checks read of the real records stands before them.
The peak is that of the whole process, imports and records included.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from people import schema_of

from synthrec.data.table import Records, Table
from synthrec.schema.model import Column, Domain, Role, TableSpec
from synthrec.schema.vector import Vector
from synthrec.validation.check import Check
from synthrec.validation.real import RealData
from synthrec.validation.suite import release_checks

CHUNK = 65_536
LEARNED = Domain(source="learned")
ROLES: dict[int, Role] = {1: "quasi_identifier", 2: "quasi_identifier", 3: "sensitive", 4: "sensitive"}


def people(rows: int, columns: int, seed: int) -> Table:
    """Correlated records of mixed kinds, one row per person."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(rows, 3)) @ np.random.default_rng(0).normal(size=(3, columns))
    noisy = latent + rng.normal(size=latent.shape)
    specs = {"key": Column(kind="id", role="key")}
    vectors = {"key": _labels(np.arange(rows) + seed * 10**9, "k")}
    for place in range(columns):
        name, role = f"column {place}", ROLES.get(place, "attribute")
        specs[name], vectors[name] = _column(place, noisy[:, place], role)
    spec = TableSpec(columns=specs, primary_key=("key",), person="key", max_rows_per_person=1)
    return Table.from_vectors("people", spec, vectors)


def _column(place: int, noisy: np.ndarray, role: Role) -> tuple[Column, Vector]:
    if place % 3 == 0:
        step = 10 if place else 10_000
        column = Column(kind="integer", role=role, domain=LEARNED)
        return column, Vector.full(np.rint(step * noisy).astype(np.int64))
    size = 8 if place % 3 == 1 else 60
    codes = np.minimum(np.abs(np.rint(noisy * size / 8)), size - 1).astype(np.int64)
    vector = _labels(codes, "c")
    domain = Domain(values=tuple(f"c{code}" for code in range(size)), source="public")
    return Column(kind="code", role=role, domain=domain if size == 8 else LEARNED), vector


def _labels(codes: np.ndarray, prefix: str) -> Vector:
    found, places = np.unique(codes, return_inverse=True)
    return Vector.full(places.astype(np.int32), tuple(f"{prefix}{code}" for code in found.tolist()))


Made = TypeVar("Made")


def timed(work: Callable[[], Made]) -> tuple[Made, float]:
    """A result, and the CPU seconds it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def _shown(check: Check, chunks: Sequence[Records]) -> None:
    for chunk in chunks:
        check.add(chunk)


def lines(rows: int, columns: int) -> Iterator[str]:
    """The table as Markdown."""
    train, holdout, synthetic = (people(rows, columns, seed) for seed in range(3))
    real = RealData(train.name, train, holdout)
    checks, built = timed(lambda: release_checks(schema_of(train), real))
    yield f"| {rows:,} rows, {columns} columns | CPU s |"
    yield "|---|---:|"
    yield f"| reading the real records, all checks | {built:.2f} |"
    chunks = [{train.name: synthetic.slice(start, CHUNK)} for start in range(0, rows, CHUNK)]
    whole, questions = built, 0.0
    for check in checks:
        _, added = timed(partial(_shown, check, chunks))
        result, told = timed(check.result)
        whole += added + told
        questions += added + told if result.check.startswith("quality.") else 0.0
        yield f"| {result.check} | {added + told:.2f} |"
    yield f"| all but further questions of quality, which cannot block | {whole - questions:.2f} |"
    yield f"| all | {whole:.2f} |"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield f"| peak of memory, MB | {peak:,.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--columns", type=int, default=15)
    options = parser.parse_args()
    for line in lines(options.rows, options.columns):
        print(line, flush=True)


if __name__ == "__main__":
    main()
