"""The shipped schemas of linked records at a million rows: CPU seconds, and every rule of the schema counted.

    python benchmarks/linked.py [--rows 1000000] [--only claims]

A table's rules are its constraints, its domains, its keys and its foreign keys. CPU seconds are of making the
records alone, on one core, imports not counted.
"""

from __future__ import annotations

import argparse
import resource
import time

from synthrec.assets import find_schema
from synthrec.data.table import Records
from synthrec.rng import Streams
from synthrec.rules.engine import BLOCK_ROOTS, RuleEngine
from synthrec.schema.expressions import compile_expression
from synthrec.schema.load import load_schema

NAMES = ("inpatient", "retail_bank", "claims", "card")


def violations(chunk: Records) -> int:
    """Rows that break a constraint of severity error, and foreign keys without a parent."""
    found = 0
    for table in chunk.values():
        vectors = table.vectors()
        for rule in table.spec.constraints:
            if rule.severity == "error":
                result = compile_expression(rule.expr, table.spec.columns).evaluate(vectors)
                found += int((~result.values.astype(bool) & ~result.missing).sum())
        for foreign in table.spec.foreign_keys:
            (key,) = chunk[foreign.references].spec.primary_key
            parents = set(chunk[foreign.references].data[key].to_pylist())
            named = table.data[foreign.columns[0]].drop_null().to_pylist()
            found += sum(value not in parents for value in named)
    return found


def measure(name: str, wanted: int) -> str:
    """One line on a schema."""
    engine, rows, broken, seconds = RuleEngine(load_schema(find_schema(name))), 0, 0, 0.0
    start = time.process_time()
    for chunk in engine.blocks(wanted, streams=Streams(7)):
        seconds += time.process_time() - start
        rows += sum(len(table) for table in chunk.values())
        broken += violations(chunk)
        if rows >= wanted:
            break
        start = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    speed = rows / seconds / 1e6
    return (
        f"{name:12} {rows:>10,} rows {seconds:6.1f} s {speed:5.2f} M rows/s {broken} broken, {peak:.1f} GiB"
    )


def main() -> None:
    """Print a line per schema."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows over all tables, at least")
    parser.add_argument("--only", choices=NAMES, help="one schema alone")
    given = parser.parse_args()
    print(f"blocks of {BLOCK_ROOTS:,} roots")
    for name in [given.only] if given.only else NAMES:
        print(measure(name, given.rows), flush=True)


if __name__ == "__main__":
    main()
