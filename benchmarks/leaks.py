"""Plant leaks in otherwise fresh records, and see how often the gate finds them.

    python benchmarks/leaks.py [--data DIR] [--runs 10] [--rows 2000] [--only safe --only trees]

Each run draws three disjoint sets of people: train, holdout, and fresh ones whose records stand for those of
an ideal generator. A leaker makes records with what it knows of train, and the default policy and profile
judge them by the checks that can block; two makers are safe. DIR (or SYNTHREC_BENCH_DATA) holds
adult/adult.csv.gz; else people are made up. Beside the verdicts stand the blocking checks that failed, and
those that could not tell, each with its share of the runs. CPU seconds are those of one audit.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leakers import LEAKERS, Leaker, near_unique
from people import People, Population, census, drawn, made_up, schema_of, without

from synthrec.data.table import Table
from synthrec.release.gate import Decision, Origin, decide
from synthrec.release.policy import Policy, load_policy
from synthrec.validation.check import Check, run
from synthrec.validation.conformity import Conformity
from synthrec.validation.fidelity import fidelity_checks
from synthrec.validation.profile import Profile, load_profile
from synthrec.validation.real import RealData
from synthrec.validation.result import Verdict
from synthrec.validation.suite import attacks

VERDICTS = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE)


@dataclass
class Tally:
    """What the gate said in all runs of one case."""

    runs: int = 0
    seconds: float = 0.0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    checks: Counter[tuple[Verdict, str]] = field(default_factory=Counter)

    def add(self, decision: Decision, seconds: float) -> None:
        """Count one run."""
        self.runs, self.seconds = self.runs + 1, self.seconds + seconds
        self.verdicts[decision.verdict] += 1
        said = {(item.verdict, item.result.check) for item in decision.findings if item.blocking}
        self.checks.update(said)

    def cells(self) -> Iterator[str]:
        """Shares of the verdicts, the checks behind those that are no pass, and the cost."""
        yield from (f"{self.verdicts[verdict] / self.runs:.3f}" for verdict in VERDICTS)
        yield from (self._named(verdict) for verdict in VERDICTS[1:])
        yield f"{self.seconds / self.runs:.2f}"

    def _named(self, verdict: Verdict) -> str:
        named = [(count, check) for (said, check), count in self.checks.items() if said == verdict]
        ordered = sorted(named, key=lambda each: (-each[0], each[1]))
        return ", ".join(f"{check} {count / self.runs:.2f}" for count, check in ordered)


@dataclass(frozen=True)
class Gate:
    """The default policy and profile, read once."""

    policy: Policy = field(default_factory=load_policy)
    profile: Profile = field(default_factory=load_profile)


def judged(people: People, synthetic: Table, gate: Gate) -> tuple[Decision, float]:
    """The decision of the gate on some records, and the CPU seconds it took."""
    schema = schema_of(synthetic)
    start = time.process_time()
    real = RealData(synthetic.name, people.train, people.holdout)
    checks: tuple[Check, ...] = (Conformity(schema, synthetic.name), *fidelity_checks(real), *attacks(real))
    results = run(checks, [{synthetic.name: synthetic}])
    decision = decide(results, gate.policy, gate.profile, origin=Origin.LEARNED, tables=schema.tables)
    return decision, time.process_time() - start


def cases(only: Sequence[str]) -> Iterator[tuple[str, Leaker, bool]]:
    """Name, leaker, and whether the near-unique column is there, of the cases whose name has a part."""
    for name, leaker in LEAKERS.items():
        if only and not any(part in name for part in only):
            continue
        yield name, leaker, True
        if leaker is not near_unique:
            yield f"{name}; no near-unique column", leaker, False


def lines(population: Population, rows: int, runs: int, only: Sequence[str] = ()) -> Iterator[str]:
    """The table as Markdown, line by line as they are measured."""
    heads = " | ".join((*VERDICTS, "checks that fail", "checks that cannot tell", "CPU s"))
    yield f"| {runs} runs of {rows:,} train, {rows:,} holdout, {rows:,} synthetic rows | {heads} |"
    yield "|---|---:|---:|---:|---|---|---:|"
    gate = Gate()
    for name, leaker, whole in cases(only):
        tally = Tally()
        for number in range(runs):
            people = drawn(population, rows, number)
            people = people if whole else without(people, population.near_unique)
            tally.add(*judged(people, leaker(people), gate))
        yield f"| {name} | {' | '.join(tally.cells())} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("SYNTHREC_BENCH_DATA"))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="part of a leaker's name")
    options = parser.parse_args()
    population = census(Path(options.data)) if options.data else made_up(10 * options.rows)
    for line in lines(population, options.rows, options.runs, options.only):
        print(line, flush=True)


if __name__ == "__main__":
    main()
