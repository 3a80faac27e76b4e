"""Lower bounds on epsilon of private fits, from many runs on a worst-case pair of tables (D4).

    python benchmarks/dp_audit.py [--runs 4000] [--epsilon 1]

Two tables differ by one person, who alone has one category; the share of that category in what is released
tells the worlds apart as well as anything can. A bound above the claimed epsilon proves a fault, and the
program ends with code 1. A correct mechanism passes with the stated confidence; the curator itself is audited
beside the generator, as are two planted faults that have to be found.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.generators.copula_dp import PrivateCopula
from synthrec.generators.copula_dp.queries import Encoder, LevelQuery
from synthrec.privacy.accountant import epsilon
from synthrec.privacy.budget import Budget
from synthrec.privacy.curator import Curator
from synthrec.privacy.entropy import SystemEntropy
from synthrec.privacy.events import Plan
from synthrec.privacy.selfaudit import gaussian_lower_bound
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import IntArray, Vector

DELTA = Decimal("1e-5")
CONFIDENCE = 0.999
LABELS = ("common", "rare")
SPEC = TableSpec.model_validate(
    {
        "columns": {"group": {"kind": "category", "domain": {"values": LABELS, "source": "public"}}},
        "one_row_per_person": True,
    }
)

Run = Callable[[Table], float]


class HalvedNoise(SystemEntropy):
    """A planted fault."""

    def integers(self, sigma: float, size: int) -> IntArray:
        """Half the noise that was asked for."""
        return super().integers(sigma / 2, size)


def worlds(persons: int = 20) -> tuple[Table, Table]:
    """A table with the rare person, and without."""
    codes = np.zeros(persons + 1, dtype=np.int32)
    codes[-1] = 1
    present = Table.from_vectors("persons", SPEC, {"group": Vector.full(codes, LABELS)})
    return present, present.slice(0, persons)


def counted(plan: Plan, entropy: SystemEntropy) -> Run:
    """The released count of the rare category."""
    encoder = Encoder(Codec.declared(SPEC, "persons").columns)

    def run(table: Table) -> float:
        curator = Curator(table, plan, entropy=entropy)
        return float(curator.release("levels", [LevelQuery(encoder, "group")])[0].values[1])

    return run


def drawn(plan: Plan) -> Run:
    """The share of the rare category in a fitted copula."""

    def run(table: Table) -> float:
        _, fitted = PrivateCopula().fit(SPEC, "persons", Curator(table, plan), streams=Streams(0))
        codes = fitted.sample(0, 4_096, streams=Streams(0)).values[:, 0]
        return float((codes == 1).mean())

    return run


def bound(run: Run, runs: int) -> float:
    """The epsilon that the runs prove."""
    present, absent = (_repeated(run, table, runs) for table in worlds())
    return gaussian_lower_bound(present, absent, float(DELTA), confidence=CONFIDENCE)


def _repeated(run: Run, table: Table, runs: int) -> NDArray[np.float64]:
    return np.array([run(table) for _ in range(runs)])


def main() -> int:
    """Print claim and bound of each configuration; 1 where one is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=4_000, help="runs in each of the two worlds")
    parser.add_argument("--epsilon", type=Decimal, default=Decimal(1))
    given = parser.parse_args()
    plan = PrivateCopula().plan(SPEC, Budget(given.epsilon, DELTA), {})
    claim = float(epsilon(plan, DELTA))
    rows: list[tuple[str, Run, bool]] = [
        ("released counts", counted(plan, SystemEntropy()), False),
        ("copula", drawn(plan), False),
        ("released counts, noise halved", counted(plan, HalvedNoise()), True),
    ]
    wrong = 0
    for name, run, faulty in rows:
        found = bound(run, given.runs)
        wrong += (found > claim) is not faulty
        print(f"{name:32} claimed {claim:.3f}  proved {found:.3f}{'  planted fault' if faulty else ''}")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
