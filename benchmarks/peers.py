"""MST and AIM of SmartNoise Synth on the same rows and scorer as ours, with CPU seconds.

    PEERS/bin/python benchmarks/peers.py --train train.csv --test test.csv --scorer score.py --python PYTHON

PEERS is an environment with `smartnoise-synth`, which pins old packages; PYTHON runs the scorer. Columns of
at most ten values, and texts, are categories, missing ones a category of their own; of the others the tool
finds bounds with a fifth of epsilon. Delta is 1e-5. A method that does not end within --limit seconds is
reported so.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import pandas as pd

SHOWN = ("q_overall", "q_shapes", "q_pairs", "tstr", "c2st")
FEW = 10
PREPROCESSING = 0.2


def draw(method: str, train: Path, epsilon: float, out: Path) -> None:
    """Fit and draw as many rows, and leave them and the CPU seconds in files."""
    from snsynth import Synthesizer  # noqa: PLC0415

    warnings.filterwarnings("ignore")
    frame = pd.read_csv(train, skipinitialspace=True)
    texts = frame.select_dtypes(exclude="number").columns
    frame[texts] = frame[texts].fillna("?")
    numeric = [name for name in frame.select_dtypes("number") if frame[name].nunique() > FEW]
    start = time.process_time()
    synthesizer = Synthesizer.create(method, epsilon=epsilon, delta=1e-5)
    categorical = [name for name in frame.columns if name not in numeric]
    synthesizer.fit(
        frame,
        preprocessor_eps=epsilon * PREPROCESSING,
        continuous_columns=numeric,
        categorical_columns=categorical,
    )
    synthesizer.sample(len(frame)).to_csv(out, index=False)
    out.with_suffix(".cpu").write_text(str(time.process_time() - start))


def main() -> None:
    """Run and score each method."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("train", "test", "scorer", "python"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--target", default="income")
    parser.add_argument("--methods", default="mst,aim")
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--limit", type=float, default=900.0)
    given = parser.parse_args()
    print(f"| method | CPU s | {' | '.join(SHOWN)} |\n|---|{'---|' * (len(SHOWN) + 1)}")
    for method in given.methods.split(","):
        with tempfile.TemporaryDirectory() as folder:
            out, result = Path(folder) / "rows.csv", Path(folder) / "score.json"
            worker = multiprocessing.Process(target=draw, args=(method, given.train, given.epsilon, out))
            worker.start()
            worker.join(given.limit)
            worker.kill()
            if not out.exists():
                print(f"| {method} | no result within {given.limit:.0f} s |", flush=True)
                continue
            files = {"train": given.train, "test": given.test, "synth": out, "out": result}
            arguments = [part for name, path in files.items() for part in (f"--{name}", str(path))]
            command = [str(given.python), str(given.scorer), *arguments, "--target", given.target]
            subprocess.run(command, check=True, capture_output=True)
            found = json.loads(result.read_text())
            spent = float(out.with_suffix(".cpu").read_text())
            print(
                f"| {method} | {spent:.0f} | {' | '.join(f'{found[key]:.4f}' for key in SHOWN)} |", flush=True
            )


if __name__ == "__main__":
    main()
