"""CPU seconds and memory of a generator on Adult: read, fit, draw, write; imports not counted.

    python benchmarks/speed.py --data DIR [--generator copula] [--rows 1000000] [--large 5000000] [--runs 3]

DIR (or SYNTHREC_BENCH_DATA) holds adult/adult.csv.gz. Prints medians; the large draw runs in a process of its
own, through the command line, and reports its peak resident memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from real_sets import SETS, split

from synthrec.codec.codec import Codec
from synthrec.data.sinks import open_sink
from synthrec.data.sources import read_table
from synthrec.data.table import Table
from synthrec.generators.registry import generator
from synthrec.generators.sampler import LearnedSampler
from synthrec.rng import Streams
from synthrec.schema.load import load_schema

HERE = Path(__file__).parent
Value = TypeVar("Value")


def timed(times: dict[str, list[float]], name: str, work: Callable[[], Value]) -> Value:
    """The result of some work; its CPU seconds go under a name."""
    start = time.process_time()
    value = work()
    times.setdefault(name, []).append(time.process_time() - start)
    return value


def once(train: Path, rows: int, work: Path, times: dict[str, list[float]], name_of: str) -> None:
    """Read, fit, draw and write one time."""
    name, spec = load_schema(HERE / "schemas" / "adult.yaml").only_table
    table = timed(times, "read", lambda: read_table(train, name, spec).table)
    codec = timed(times, "codec", lambda: Codec.build(spec, name, table))
    codes = timed(times, "encode", lambda: codec.encode(table))
    fitted = timed(times, "fit", lambda: generator(name_of).fit(codes, streams=Streams(0)))
    draws = LearnedSampler(spec, codec, fitted)
    tables = timed(times, "draw", lambda: [part.table for part in draws.stream(rows, streams=Streams(1))])
    timed(times, "write", lambda: write(work / "rows.parquet", tables))
    (work / "rows.parquet").unlink()


def write(path: Path, tables: list[Table]) -> None:
    """All tables into one Parquet file."""
    with open_sink(path, tables[0].spec) as sink:
        for table in tables:
            sink.write(table)


def large(train: Path, test: Path, rows: int, work: Path, name_of: str) -> tuple[float, float]:
    """CPU seconds and peak memory (MB) of one large draft through the command line."""
    synthrec = [sys.executable, "-m", "synthrec"]
    schema, model = str(HERE / "schemas" / "adult.yaml"), str(work / "model")
    environment = {**os.environ, "SYNTHREC_HOME": str(work / "home")}
    fit = [*synthrec, "fit", schema, str(train), "--holdout", str(test), "-g", name_of, "-o", model]
    subprocess.run(fit, env=environment, check=True, capture_output=True)
    draft = [*synthrec, "sample", model, "-n", str(rows), "--draft", "-o", str(work / "draft")]
    process = subprocess.Popen(draft, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def report(times: dict[str, list[float]], rows: int) -> Iterator[str]:
    """One line per step, medians."""
    median = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in median.items():
        yield f"{name:8} {seconds:8.3f} CPU s"
    learning = median["codec"] + median["encode"] + median["fit"]
    yield f"fit, with codec and encoding: {learning:.3f} CPU s"
    yield f"decoded rows per CPU s: {rows / median['draw']:,.0f}"
    yield f"rows into Parquet per CPU s: {rows / (median['draw'] + median['write']):,.0f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SYNTHREC_BENCH_DATA"))
    parser.add_argument("--generator", default="copula")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data DIR or set SYNTHREC_BENCH_DATA")
    with tempfile.TemporaryDirectory() as folder:
        work, times = Path(folder), dict[str, list[float]]()
        parts = split(SETS["adult"].read(Path(options.data)), None)
        for name, part in zip(("train", "test"), parts, strict=True):
            part.to_csv(work / f"{name}.csv", index=False)
        for _ in range(options.runs):
            once(work / "train.csv", options.rows, work, times, options.generator)
        print("\n".join(report(times, options.rows)))
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory of this process, {options.rows:,} rows held at once: {own:.0f} MB")
        seconds, peak = large(work / "train.csv", work / "test.csv", options.large, work, options.generator)
        print(f"{options.large:,} rows by the command line: {seconds:.1f} CPU s in all, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
