"""Fit, sample and score real data sets through the command line, as a steward would.

    python benchmarks/real_sets.py --data DIR [--scorer score.py] [--sets adult] [--variants copula]

DIR (or SYNTHREC_BENCH_DATA) holds one folder per set with `<set>.csv.gz`. Schemas are in benchmarks/schemas/.
The scorer is any program that takes --train --test --synth --cat --target --out and writes one JSON object.
CPU seconds are user + system of the whole child process, imports included.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

HERE = Path(__file__).parent
SHOWN = ("q_overall", "q_shapes", "q_pairs", "tstr", "trtr", "c2st", "tvd2_test", "tvd3_test", "dcr_share")


@dataclass(frozen=True)
class DataSet:
    """A real data set: which rows, who is a person, what is predicted, what is never scored."""

    name: str
    target: str
    rows: int | None = None
    person: str | None = None
    unscored: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """Columns of numbers that are codes, which the scorer cannot know."""
    loosened: tuple[str, ...] = ()
    """Start of the names of columns whose bounds are declared a thousand times as wide."""
    of: str | None = None
    """The set whose records and schema these are, where it is another."""
    file: str | None = None
    """Stem of the file, where it is not the name of the set."""

    def schema(self, folder: Path) -> Path:
        """The schema of the set; one with other bounds is written to the folder."""
        stated = HERE / "schemas" / f"{self.of or self.name}.yaml"
        if not self.loosened:
            return stated
        lines = [_loosened(line, self.loosened) for line in stated.read_text().splitlines()]
        path = folder / f"{self.name}.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def read(self, folder: Path) -> pd.DataFrame:
        """All cells as text; an empty cell stays empty."""
        import pandas as pd  # noqa: PLC0415

        name = self.of or self.name
        path = folder / name / f"{self.file or name}.csv.gz"
        return pd.read_csv(path, dtype=str, keep_default_na=False, nrows=self.rows)


PAY = ("pay_0", "pay_2", "pay_3", "pay_4", "pay_5", "pay_6")
"""Repayment status: codes from -2 to 9."""

SETS = {
    item.name: item
    for item in (
        DataSet("adult", "income", rows=32_561),
        DataSet("credit_default", "has_default", categories=PAY),
        DataSet(
            "credit_default_wide",
            "has_default",
            categories=PAY,
            loosened=("bill_amt", "pay_amt"),
            of="credit_default",
        ),
        DataSet("heart_cleveland", "num"),
        DataSet("nist_national", "MSP", file="national2019"),
        DataSet("nist_ma", "MSP", file="ma2019"),
        DataSet("pums_ca1000", "married", unscored=("pid",)),
        DataSet("diabetes130", "readmitted", person="patient_nbr", unscored=("encounter_id", "patient_nbr")),
    )
}


DELTA = ("--delta", "1e-5")
VARIANTS = {
    "auto": (),
    "copula": ("-g", "copula"),
    "copula-stratified": ("-g", "copula", "--stratify"),
    "marginals": ("-g", "marginals"),
    "ctgan": ("-g", "ctgan"),
    "marginals-1": ("-g", "marginals", "--epsilon", "1", *DELTA),
    "marginals-3": ("-g", "marginals", "--epsilon", "3", *DELTA),
    "marginals-1-found": ("-g", "marginals", "--epsilon", "1", *DELTA, "--dp-bounds"),
    "ctgan-1": ("-g", "ctgan", "--epsilon", "1", *DELTA),
    "ctgan-3": ("-g", "ctgan", "--epsilon", "3", *DELTA),
    "copula-1": ("-g", "copula", "--epsilon", "1", *DELTA),
}
"""Name and options of `synthrec fit`; a number is the epsilon of a claim."""


def _loosened(line: str, columns: tuple[str, ...]) -> str:
    """A column of the schema with bounds a thousand times as wide."""
    if not line.strip().startswith(columns):
        return line
    return re.sub(r"(min|max): (-?\d+)", lambda found: f"{found[1]}: {int(found[2]) * 1000}", line)


def split(frame: pd.DataFrame, person: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test, 80/20 by seed 0: a permutation of the rows, or of the persons where there are some."""
    import numpy as np  # noqa: PLC0415

    units = frame.index.to_numpy() if person is None else frame[person].unique()
    order = np.random.default_rng(0).permutation(len(units))
    chosen = units[order[: int(0.8 * len(units))]]
    train = frame.index.isin(chosen) if person is None else frame[person].isin(chosen).to_numpy()
    return frame[train], frame[~train]


def run(command: Sequence[str], home: Path) -> dict[str, float]:
    """Run a child process to its end: CPU seconds, exit code and output on failure."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "SYNTHREC_HOME": str(home), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": round(cpu, 2), "exit": float(done.returncode)}


def measure(item: DataSet, variant: str, data: Path, scorer: Path | None, work: Path) -> dict[str, Any]:
    """One fit, one export, one score."""
    train, test = split(item.read(data), item.person)
    paths = {name: work / f"{name}.csv" for name in ("train", "test")}
    train.to_csv(paths["train"], index=False)
    test.to_csv(paths["test"], index=False)
    synthrec = [sys.executable, "-m", "synthrec"]
    model, out = work / "model", work / "export"
    schema = str(item.schema(work))
    fit = [*synthrec, "fit", schema, str(paths["train"]), "--holdout", str(paths["test"]), *VARIANTS[variant]]
    fitted = run([*fit, "-o", str(model)], work / "home")
    draft = ["--draft"] if fitted["exit"] else []
    sample = [*synthrec, "sample", str(model), "-n", str(len(train)), "--format", "csv", *draft]
    sampled = run([*sample, "-o", str(out)], work / "home")
    scores = score(item, paths, next(out.glob("*.csv")), scorer, work) if scorer else {}
    return {"set": item.name, "variant": variant, "fit": fitted, "sample": sampled, **scores}


def score(
    item: DataSet, paths: dict[str, Path], synthetic: Path, scorer: Path, work: Path
) -> dict[str, float]:
    """What the scorer says of the synthetic file against train and test."""
    import pandas as pd  # noqa: PLC0415

    scored = {**paths, "synth": work / "synth.csv"}
    for name, source in {**paths, "synth": synthetic}.items():
        frame = pd.read_csv(source, dtype=str, keep_default_na=False)
        frame.drop(columns=list(item.unscored)).to_csv(scored[name], index=False)
    result = work / "score.json"
    arguments = [part for name, path in scored.items() for part in (f"--{name}", str(path))]
    codes = ["--cat", ",".join(item.categories)] if item.categories else []
    command = [sys.executable, str(scorer), *arguments, *codes, "--target", item.target, "--out", str(result)]
    run(command, work / "home")
    values = json.loads(result.read_text())
    return {
        name: values[name] for name in (*SHOWN, "copies_train", "copies_test") if values.get(name) is not None
    }


def median(results: list[dict[str, Any]], name: str) -> float:
    """Median of one figure over the runs."""
    return float(statistics.median(result[name] for result in results if name in result))


def table(results: list[dict[str, Any]]) -> Iterator[str]:
    """A Markdown table: one line per set and variant, medians over the runs."""
    yield "| set | variant | runs | gate | fit CPU s | sample CPU s | " + " | ".join(SHOWN) + " |"
    yield "|---" * (6 + len(SHOWN)) + "|"
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for result in results:
        groups.setdefault((result["set"], result["variant"]), []).append(result)
    for (name, variant), group in groups.items():
        gate = ",".join("pass" if result["fit"]["exit"] == 0 else "refused" for result in group)
        cpu = [statistics.median(result[step]["cpu_s"] for result in group) for step in ("fit", "sample")]
        shown = [f"{median(group, figure):.4f}" if figure in group[0] else "" for figure in SHOWN]
        cells = [name, variant, str(len(group)), gate, *(f"{value:.1f}" for value in cpu), *shown]
        yield "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run the chosen sets and print one JSON line per run, then the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("SYNTHREC_BENCH_DATA"))
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--variants", default="copula,copula-stratified")
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data DIR or set SYNTHREC_BENCH_DATA")
    results = []
    for name in options.sets.split(","):
        for variant in options.variants.split(","):
            for _ in range(options.runs):
                with tempfile.TemporaryDirectory() as work:
                    results.append(measure(SETS[name], variant, options.data, options.scorer, Path(work)))
                print(json.dumps(results[-1]), flush=True)
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
