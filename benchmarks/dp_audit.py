"""Lower bounds on epsilon of private fits, from many runs on a worst-case pair of tables (D4).

    python benchmarks/dp_audit.py [--runs 4000] [--epsilon 0.5 1 2 3 5]

Two tables differ by one person, who alone has one category; the share of that category in what is released
tells the worlds apart as well as anything can. A bound above the claimed epsilon proves a fault, and the
program ends with code 1. A correct mechanism passes with the stated confidence. At every epsilon the curator
is audited for persons of one row and of three, beside the generators, as are two planted faults that have to
be found: half the noise, and a domain read off the records.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.generators.copula_dp import PrivateCopula
from synthrec.generators.copula_dp.queries import Encoder, LevelQuery
from synthrec.generators.marginals import PrivateMarginals
from synthrec.generators.private import PrivateGenerator
from synthrec.privacy.accountant import epsilon
from synthrec.privacy.budget import Budget
from synthrec.privacy.curator import Curator
from synthrec.privacy.entropy import SystemEntropy
from synthrec.privacy.events import Plan
from synthrec.privacy.selfaudit import epsilon_lower_bound, gaussian_lower_bound
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import IntArray, Vector

DELTA = Decimal("1e-5")
CONFIDENCE = 0.999
EPSILONS = ("0.5", "1", "2", "3", "5")
LABELS = ("common", "rare")
GROUP = {"group": {"kind": "category", "domain": {"values": LABELS, "source": "public"}}}
SPEC = TableSpec.model_validate({"columns": GROUP, "one_row_per_person": True})
ROWS = 3
SEVERAL = TableSpec.model_validate(
    {
        "columns": {"name": {"kind": "id", "role": "direct_identifier"}, **GROUP},
        "person": "name",
        "max_rows_per_person": ROWS,
    }
)

Run = Callable[[Table], float]


class HalvedNoise(SystemEntropy):
    """A planted fault."""

    def integers(self, sigma: float, size: int) -> IntArray:
        """Half the noise that was asked for."""
        return super().integers(sigma / 2, size)


@dataclass(frozen=True)
class Configuration:
    """One way to release the share of the rare category."""

    name: str
    claim: float
    run: Run
    worlds: tuple[Table, Table]
    faulty: bool = False
    part: int = 1
    """A fit that takes long is run this many times less often."""


def single_rows(persons: int = 20) -> tuple[Table, Table]:
    """A table with the rare person, and without; a row each."""
    codes = np.zeros(persons + 1, dtype=np.int32)
    codes[-1] = 1
    present = Table.from_vectors("persons", SPEC, {"group": Vector.full(codes, LABELS)})
    return present, present.slice(0, persons)


def several_rows(persons: int = 20) -> tuple[Table, Table]:
    """A table with the rare person, and without; ROWS rows each."""
    people = np.repeat(np.arange(persons + 1, dtype=np.int32), ROWS)
    names = tuple(f"person {number}" for number in range(persons + 1))
    vectors = {
        "name": Vector.full(people, names),
        "group": Vector.full((people == persons).astype(np.int32), LABELS),
    }
    present = Table.from_vectors("persons", SEVERAL, vectors)
    return present, present.slice(0, persons * ROWS)


def counted(spec: TableSpec, plan: Plan, entropy: SystemEntropy) -> Run:
    """The released count of the rare category."""
    encoder = Encoder(Codec.declared(spec, "persons").columns)

    def run(table: Table) -> float:
        curator = Curator(table, plan, entropy=entropy)
        return float(curator.release("levels", [LevelQuery(encoder, "group")])[0].values[1])

    return run


def counted_in_found_domain(plan: Plan) -> Run:
    """The released count of the rare category, or nothing if no record has it: a planted fault."""
    honest = counted(SPEC, plan, SystemEntropy())

    def run(table: Table) -> float:
        return honest(table) if table.vector("group").values.any() else -1e9

    return run


def drawn(generator: PrivateGenerator, plan: Plan) -> Run:
    """The share of the rare category in what a generator draws."""

    def run(table: Table) -> float:
        _, fitted = generator.fit(SPEC, "persons", Curator(table, plan), streams=Streams(0))
        codes = fitted.sample(0, 4_096, streams=Streams(0)).values[:, 0]
        return float((codes == 1).mean())

    return run


def configurations(asked: Decimal) -> Iterator[Configuration]:
    """Four correct ones at an epsilon, and two planted faults."""
    budget = Budget(asked, DELTA)
    one, several = single_rows(), several_rows()
    copula, marginals = PrivateCopula(), PrivateMarginals()
    plan = copula.plan(SPEC, budget, {})
    wide = copula.plan(SEVERAL, budget, {})
    mixture = marginals.plan(SPEC, budget, {})
    claim = partial(_claim, DELTA)
    yield Configuration("released counts", claim(plan), counted(SPEC, plan, SystemEntropy()), one)
    yield Configuration(
        f"counts, {ROWS} rows a person", claim(wide), counted(SEVERAL, wide, SystemEntropy()), several
    )
    yield Configuration("copula", claim(plan), drawn(copula, plan), one)
    yield Configuration("marginals", claim(mixture), drawn(marginals, mixture), one, part=8)
    yield Configuration("counts, noise halved", claim(plan), counted(SPEC, plan, HalvedNoise()), one, True)
    yield Configuration("counts, domain found", claim(plan), counted_in_found_domain(plan), one, True)


def _claim(delta: Decimal, plan: Plan) -> float:
    return float(epsilon(plan, delta))


def bound(configuration: Configuration, runs: int) -> float:
    """The epsilon that the runs prove."""
    present, absent = (_repeated(configuration.run, table, runs) for table in configuration.worlds)
    return max(
        gaussian_lower_bound(present, absent, float(DELTA), confidence=CONFIDENCE),
        epsilon_lower_bound(present, absent, float(DELTA), confidence=CONFIDENCE),
    )


def _repeated(run: Run, table: Table, runs: int) -> NDArray[np.float64]:
    return np.array([run(table) for _ in range(runs)])


def main() -> int:
    """Print claim and bound of each configuration; 1 where one is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=4_000, help="runs in each of the two worlds")
    parser.add_argument("--epsilon", type=Decimal, nargs="+", default=[Decimal(e) for e in EPSILONS])
    given = parser.parse_args()
    wrong = 0
    for asked in given.epsilon:
        for configuration in configurations(asked):
            found = bound(configuration, given.runs // configuration.part)
            wrong += (found > configuration.claim) is not configuration.faulty
            said = f"claimed {configuration.claim:.3f}  proved {found:.3f}"
            print(f"{configuration.name:26} {said}{'  planted fault' * configuration.faulty}", flush=True)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
