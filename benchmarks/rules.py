"""Rows per CPU second of the rule engine, and of other makers of the same columns where they are installed.

    python benchmarks/rules.py [--rows 500000] [--only encounters]

CPU seconds are user and system time of the process on one core, imports and a first block not counted; for
the whole command, of the child process with all it does. Numbers of one run compare; those of two machines
do not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rivals import RIVALS
from ruamel.yaml import YAML

from synthrec.data.sinks import open_sink
from synthrec.data.table import Records
from synthrec.rng import Streams
from synthrec.rules.categories import sampler
from synthrec.rules.engine import RuleEngine
from synthrec.schema.model import Schema
from synthrec.validation.check import run
from synthrec.validation.suite import release_checks

HERE = Path(__file__).parent
CODES = {f"X{number:04d}": 1 + number % 17 for number in range(1_000)}
MANY_CODES = 70_000
ACCOUNT_ROWS = 45
"""Transactions of an account of the bank, nearly."""
RULES = [
    {"name": "order", "expr": "discharged >= admitted"},
    {"name": "days", "expr": "days_between(admitted, discharged) == stay"},
    {"name": "charges", "expr": "charge >= 0"},
    {"name": "dead", "expr": "not (died and readmitted)"},
]


@dataclass(frozen=True)
class Measure:
    """What was made, in how many CPU seconds, and what is to be reached."""

    name: str
    rows: int
    seconds: float
    target: float | None = None
    """Rows per CPU second."""

    @property
    def line(self) -> str:
        """One line of the report."""
        rate = self.rows / self.seconds
        wanted = "" if self.target is None else f"   (wanted {self.target:,.0f})"
        return f"{self.name:34} {self.rows:>10,} rows {self.seconds:7.2f} CPU s {rate:>12,.0f} rows/s{wanted}"


def document(name: str) -> dict[str, Any]:
    """A schema of the benchmark as plain values."""
    found: dict[str, Any] = YAML(typ="safe").load(HERE / "schemas" / f"rules_{name}.yaml")
    if name == "encounters":
        diagnosis = found["tables"]["encounter"]["columns"]["diagnosis"]
        diagnosis["domain"] = {"values": list(CODES), "source": "public"}
        diagnosis["generate"] = {"category": {"weights": dict(CODES)}}
    return found


def schema(name: str, *, rules: bool = False) -> Schema:
    """The schema; with the invariants of an encounter where asked for."""
    found = document(name)
    if rules:
        found["tables"]["encounter"]["constraints"] = RULES
    return Schema.model_validate(found)


def drawn(schema_: Schema, roots: int) -> Iterator[Records]:
    """The records, after a first block that is not timed."""
    engine = RuleEngine(schema_)
    list(engine.stream(1, streams=Streams(0)))
    return engine.stream(roots, streams=Streams(1))


def timed(name: str, target: float, chunks: Iterator[Records], use: Callable[[Records], None]) -> Measure:
    """Rows of the largest table per CPU second."""
    rows = 0
    start = time.process_time()
    for records in chunks:
        use(records)
        rows += max(len(table) for table in records.values())
    return Measure(name, rows, time.process_time() - start, target)


def nothing(records: Records) -> None:
    """Leave the records alone."""


def encounters(rows: int) -> Iterator[Measure]:
    """A table of twenty columns: made; made and held to four rules; checked for a release; into Parquet."""
    yield timed("20 columns", 1.5e6, drawn(schema("encounters"), rows), nothing)
    ruled = schema("encounters", rules=True)
    yield timed("20 columns, 4 rules kept", 0.7e6, drawn(ruled, rows), nothing)
    start = time.process_time()
    run(release_checks(ruled, None), drawn(ruled, rows))
    yield Measure("  and the checks of a release", rows, time.process_time() - start, 0.7e6)
    with tempfile.TemporaryDirectory() as folder:
        table = ruled.tables["encounter"]
        with open_sink(Path(folder) / "rows.parquet", table) as sink:
            chunks = drawn(ruled, rows)
            yield timed("20 columns into Parquet", 0.5e6, chunks, lambda it: sink.write(it["encounter"]))


def children(rows: int) -> Iterator[Measure]:
    """Bookings with a running balance, 25 of an account."""
    yield timed("bookings with running balances", 1e6, drawn(schema("ledger"), rows // 25), nothing)


def events(rows: int) -> Iterator[Measure]:
    """Events by the hour of the week and of the month, 91 of an account."""
    yield timed("events", 1e6, drawn(schema("events"), rows // 91), nothing)


def codes(rows: int) -> Iterator[Measure]:
    """One of 70,000 codes by weight."""
    rng = np.random.default_rng(1)
    table = sampler(rng.gamma(0.5, size=MANY_CODES))
    start = time.process_time()
    for _ in range(0, 20 * rows, 65_536):
        table.draw(65_536, rng)
    made = len(range(0, 20 * rows, 65_536)) * 65_536
    yield Measure(f"one of {MANY_CODES:,} codes", made, time.process_time() - start, 20e6)


def bank(rows: int) -> Iterator[Measure]:
    """The whole command on the schema of a bank, twice: memory must not grow with the rows."""
    for part in (rows, 2 * rows):
        with tempfile.TemporaryDirectory() as folder:
            command = ["sample", "retail_bank", "-n", str(part // ACCOUNT_ROWS), "-o", f"{folder}/out"]
            environment = {**os.environ, "SYNTHREC_HOME": f"{folder}/home"}
            process = subprocess.Popen(
                [sys.executable, "-m", "synthrec", *command], env=environment, stdout=subprocess.DEVNULL
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
            if status:
                raise SystemExit(f"the command failed with status {status}")
            made = _rows(Path(folder) / "out" / "transaction.parquet")
        seconds = usage.ru_utime + usage.ru_stime
        yield Measure(f"bank, command, peak {usage.ru_maxrss / 1024:,.0f} MB", made, seconds, 100_000)


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq  # noqa: PLC0415  (so that the parent's memory is no part of what is measured)

    return int(pq.ParquetFile(path).metadata.num_rows)


def others(rows: int) -> Iterator[Measure]:
    """The encounters by other makers, of fewer rows since they are slower."""
    for rival in RIVALS:
        some = min(rows, rival.rows)
        try:
            seconds = rival.seconds(some, schema("encounters"))
        except ImportError:
            print(f"{rival.name:34} not installed")
            continue
        yield Measure(rival.name, some, seconds)


PARTS: dict[str, Callable[[int], Iterator[Measure]]] = {
    part.__name__: part for part in (encounters, children, events, codes, bank, others)
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    for name, part in PARTS.items():
        if options.only in {None, name}:
            for measure in part(options.rows):
                print(measure.line, flush=True)


if __name__ == "__main__":
    main()
