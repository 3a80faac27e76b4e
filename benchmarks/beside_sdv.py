"""Our CTGAN beside SDV's, on the same rows, with one scorer and CPU seconds of training and drawing.

    python benchmarks/beside_sdv.py --train train.csv --test test.csv --schema adult.yaml --scorer score.py

Needs the extra `sdv`. SDV sees strings and integers of at most ten values as categories. Both train on the
CPU of one machine, one after the other; the rows drawn are as many as the training rows.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from synthrec.codec.codec import Codec
from synthrec.data.sources import read_table
from synthrec.generators.registry import generator
from synthrec.rng import Streams
from synthrec.schema.load import load_schema

SHOWN = ("q_overall", "q_shapes", "q_pairs", "tstr", "c2st")
SEED = 1
FEW = 10
"""Integers of at most so many values are categories to SDV."""


def ours(train: Path, schema: Path, name: str) -> pd.DataFrame:
    """As many rows as there are, by a generator of ours."""
    table, spec = load_schema(schema).only_table
    real = read_table(train, table, spec).table
    codec = Codec.build(spec, table, real)
    fitted = generator(name).fit(codec.encode(real), streams=Streams(SEED))
    streams = Streams(SEED)
    return codec.decode(fitted.sample(0, len(real), streams=streams), 0, streams).to_pandas()


def sdv(train: Path, epochs: int) -> pd.DataFrame:
    """As many rows as there are, by SDV's CTGAN."""
    from sdv.metadata import Metadata  # noqa: PLC0415
    from sdv.single_table import CTGANSynthesizer  # noqa: PLC0415

    frame = pd.read_csv(train, skipinitialspace=True)
    numeric = {name for name in frame.select_dtypes("number") if frame[name].nunique() > FEW}
    columns = {name: {"sdtype": "numerical" if name in numeric else "categorical"} for name in frame}
    metadata = Metadata.load_from_dict({"tables": {"rows": {"columns": columns}}})
    synthesizer = CTGANSynthesizer(metadata, epochs=epochs)
    synthesizer.fit({"rows": frame})
    drawn: pd.DataFrame = synthesizer.sample(len(frame))["rows"]
    return drawn


def scored(frame: pd.DataFrame, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What the scorer says."""
    synthetic, result = folder / "synthetic.csv", folder / "score.json"
    frame.to_csv(synthetic, index=False)
    files = {
        "train": given.train,
        "test": given.test,
        "synth": synthetic,
        "target": given.target,
        "out": result,
    }
    arguments = [part for name, value in files.items() for part in (f"--{name}", str(value))]
    subprocess.run([sys.executable, str(given.scorer), *arguments], check=True, capture_output=True)
    found: dict[str, Any] = json.loads(result.read_text())
    return found


def main() -> None:
    """Train each, score each, print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("train", "test", "schema", "scorer"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--target", default="income")
    parser.add_argument("--epochs", type=int, default=30)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "ctgan": lambda: ours(given.train, given.schema, "ctgan"),
        f"SDV CTGAN, {given.epochs} epochs": lambda: sdv(given.train, given.epochs),
    }
    print(f"| generator | CPU s | {' | '.join(SHOWN)} |\n|---|{'---|' * (len(SHOWN) + 1)}")
    for name, make in makers.items():
        start = time.process_time()
        frame = make()
        spent = time.process_time() - start
        with tempfile.TemporaryDirectory() as folder:
            found = scored(frame, given, Path(folder))
        print(f"| {name} | {spent:.0f} | {' | '.join(f'{found[key]:.4f}' for key in SHOWN)} |", flush=True)


if __name__ == "__main__":
    main()
