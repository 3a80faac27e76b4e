"""Take awkward tables through the public functions with every generator, and say what became of each.

    python benchmarks/awkward.py [--markdown docs/awkward.md] [--only copula] [--resume told.json] [--seed 0]

A case is a small table, made here, that is awkward in one way. It goes in as a pandas frame, a Parquet or a
CSV file: `infer` drafts a schema, a steward's edits are written into it, `fit` learns, and `sample` draws as
many rows as a draft. Then the drawn records are checked. Under a claim domains are public where the case says
so, and are found by noised counts where it does not. Cases of one column and one door stand in one table
where they are accepted, except for the first generator, which has each in a table of its own.

A cell of the printed table says ``kept`` where all checks hold, or the exit code and the number of the
message below; ``FAULT`` where a check fails, an error is none of synthrec's own, a warning gets out, or a
message shows a cell. Tables that cost much go through the first generator only.
"""

from __future__ import annotations

import argparse
import io
import logging
import math
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from awkward_case import ROWS, Case, Door, between
from awkward_checks import TRAINED, Pair
from awkward_columns import COLUMN_CASES
from awkward_tables import TABLE_CASES
from ruamel.yaml import YAML

import synthrec
from synthrec.assets import asset
from synthrec.errors import Fault, FaultsError, InternalError, SynthrecError
from synthrec.generators.registry import names, private_names

CASES = (*COLUMN_CASES, *TABLE_CASES)
EPSILON = 30
"""Of a claim: large, so that what is checked is how columns are treated and not the noise of few rows."""
SHORTEST = 5
"""Characters of a cell that is looked for in messages; shorter ones are in them by chance."""
LONGEST_LINE = 400
KEPT, FAULT = "kept", "FAULT"
YAML_FILE = YAML()
YAML_FILE.representer.ignore_aliases = lambda _: True


HEAD = """\
# Awkward input

Tables that are awkward in one way each, through the generators in the head: `infer`, the edits of a steward,
`fit` and `sample`. A cell says `kept` where all that the last column names holds of the drawn records, or the
exit code and the number of the message below; `not run` where a table costs much and its way in is the
same for all generators. Made by `python benchmarks/awkward.py --markdown docs/awkward.md`.

"""

TAIL = """
## Limits that the table shows

- A `FAULT` of `sdv-gaussian-copula` at a share of a number of two values is SDV's own: it fits a continuous
  distribution to the codes of every number, and shares of two values that are rounded from it may be far off.
- Under a claim a share may move by the noise of its counts, which the checks allow for; epsilon is {epsilon}.
- With `dp_bounds` values beyond what a column's kind and precision can hold (2^51 steps from zero) are cut to
  it; an error that depended on them would tell of single records.
"""


@dataclass(frozen=True)
class Arm:
    """A generator, with or without a claim."""

    generator: str
    has_claim: bool = False

    @property
    def title(self) -> str:
        """Head of its column."""
        return f"{self.generator} with claim" if self.has_claim else self.generator


def arms() -> tuple[Arm, ...]:
    """Every generator of the registry, and those that learn under a claim once more; the quickest first."""
    found = [Arm(name) for name in names()] + [Arm(name, has_claim=True) for name in private_names()]
    return tuple(sorted(found, key=_cost))


def _cost(arm: Arm) -> tuple[bool, bool, bool, str]:
    return "ctgan" in arm.generator, arm.generator.startswith("sdv-"), arm.has_claim, arm.generator


@dataclass(frozen=True)
class Outcome:
    """What became of a case: ``kept``, an exit code, or ``FAULT``, and the message."""

    word: str
    message: str = ""
    faults: tuple[Fault, ...] = ()


NOT_RUN = Outcome("not run")


@dataclass(frozen=True)
class Desk:
    """A folder to work in, and a seed."""

    folder: Path
    seed: int = 0
    numbers: Iterator[int] = field(default_factory=count)

    def fresh(self) -> Path:
        """A new folder."""
        place = self.folder / str(next(self.numbers))
        place.mkdir()
        return place

    def frame(self, case: Case) -> pd.DataFrame:
        """The table of a case, the same in every arm."""
        rng = np.random.Generator(np.random.PCG64DXSM([self.seed, *case.name.encode()]))
        made = case.make(rng)
        return made if isinstance(made, pd.DataFrame) else pd.DataFrame(made)


def beside(seed: int) -> Mapping[str, Any]:
    """A column that is not awkward, so that no two rows are equal."""
    return {"weight": np.random.Generator(np.random.PCG64DXSM(seed)).integers(0, 10**6, ROWS) / 10**4}


def together(desk: Desk, cases: Sequence[Case]) -> tuple[Case, pd.DataFrame]:
    """Several cases of one door as one."""
    if cases[0].is_alone:
        return cases[0], desk.frame(cases[0])
    frame = pd.concat([*map(desk.frame, cases), pd.DataFrame(beside(desk.seed))], axis=1)
    edits = {name: keys for case in cases for name, keys in case.edits.items()}
    public = {"weight": between(0, 100)}
    public |= {name: keys for case in cases for name, keys in case.public.items()}
    return Case("together", lambda _: frame, door=cases[0].door, edits=edits, public=public), frame


def outcomes(desk: Desk, cases: Sequence[Case], arm: Arm) -> dict[str, Outcome]:
    """What becomes of the cases in one table; each in a table of its own where that table is refused."""
    case, frame = together(desk, cases)
    drawn = _attempt(desk.fresh(), case, frame, arm)
    if isinstance(drawn, Pair):
        return {each.name: _judged(each, drawn) for each in cases}
    if len(cases) == 1:
        return {cases[0].name: drawn}
    shares = {each.name: _share(desk, each, drawn) for each in cases}
    if all(share.message for share in shares.values()):
        return shares
    return {name: found for each in cases for name, found in outcomes(desk, [each], arm).items()}


def _share(desk: Desk, case: Case, refused: Outcome) -> Outcome:
    """What an error that names the faults of many columns says of those of one case."""
    columns = {str(name) for name in desk.frame(case).columns}
    own = (fault for fault in refused.faults if columns & set(fault.where.split(".")))
    return Outcome(refused.word, "\n".join(Path(str(fault)).name for fault in own))


def _judged(case: Case, pair: Pair) -> Outcome:
    faults = [fault for fault in (check.fault(pair) for check in case.checks) if fault]
    return Outcome(FAULT, "; ".join(faults)) if faults else Outcome(KEPT)


def _attempt(place: Path, case: Case, frame: pd.DataFrame, arm: Arm) -> Pair | Outcome:
    """Records drawn from the model of a table, or why there are none."""
    said, data = io.StringIO(), _written(place, case, frame)
    drawn: Pair | Outcome
    try:
        with _listening(said):
            drawn = _taken(data, case, frame, arm)
    except SynthrecError as error:
        drawn = _refusal(error, place)
    except Exception as error:  # noqa: BLE001  a traceback is what is looked for
        drawn = Outcome(FAULT, f"{type(error).__name__} instead of an error of synthrec")
    heard = said.getvalue()
    if heard or _shown(_words(drawn) + heard, frame):
        return Outcome(FAULT, "a message shows a cell" if not heard else "a warning or log line gets out")
    return drawn


def _words(drawn: Pair | Outcome) -> str:
    return drawn.message if isinstance(drawn, Outcome) else ""


def _refusal(error: SynthrecError, place: Path) -> Outcome:
    word = FAULT if isinstance(error, InternalError) else f"exit {error.exit_code}"
    faults = tuple(error.faults) if isinstance(error, FaultsError) else ()
    return Outcome(word, str(error).replace(f"{place}{os.sep}", ""), faults)


@contextmanager
def _listening(said: io.StringIO) -> Iterator[None]:
    """Hear all that is printed, logged or warned of."""
    handler = logging.StreamHandler(said)
    handler.setLevel(logging.WARNING)
    logging.getLogger("synthrec").addHandler(handler)
    with warnings.catch_warnings(record=True) as warned, redirect_stdout(said), redirect_stderr(said):
        warnings.simplefilter("default")
        try:
            yield
        finally:
            logging.getLogger("synthrec").removeHandler(handler)
            said.write("".join(f"{each.message}\n" for each in warned))


def _shown(message: str, frame: pd.DataFrame) -> bool:
    """Whether a message has the text of a cell in it."""
    cells = {str(cell) for _, column in frame.items() for cell in column.tolist()}
    known = {str(name) for name in frame.columns}
    return any(cell in message for cell in cells - known if len(cell) >= SHORTEST)


def _taken(data: Path, case: Case, frame: pd.DataFrame, arm: Arm) -> Pair:
    """The public functions, one after the other."""
    place, home = data.parent, data.parent / "home"
    drafted = YAML_FILE.load(synthrec.infer(data, home=home))
    schema = place / "schema.yaml"
    with schema.open("w", encoding="utf-8") as file:
        YAML_FILE.dump(_edited(drafted, case, arm), file)
    report = synthrec.fit(
        schema,
        frame if case.door is Door.FRAME else data,
        out=place / "model",
        generator=arm.generator,
        release_rows=ROWS,
        population="awkward",
        home=home,
        **_claim(place, drafted, arm),
    )
    synthrec.sample(
        report.model, ROWS, out=place / "draft", draft=True, formats=("parquet", "csv"), home=home
    )
    (drawn,) = (place / "draft").glob("*.parquet")
    noise = _noise(report.model, len(frame)) if arm.has_claim else 0.0
    return Pair(frame.rename(columns=str), pq.read_table(drawn), noise)


def _written(place: Path, case: Case, frame: pd.DataFrame) -> Path:
    """The file that a draft is made from; a frame that Parquet cannot hold goes as CSV."""
    if case.door is not Door.CSV:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame.to_parquet(
                    place / "records.parquet", index=None if case.door is Door.PARQUET else False
                )
        except Exception:  # noqa: BLE001  pandas and pyarrow raise all sorts of errors
            (place / "records.parquet").unlink(missing_ok=True)
        else:
            return place / "records.parquet"
    frame.to_csv(place / "records.csv", index=False, errors="replace")
    return place / "records.csv"


def _edited(drafted: Any, case: Case, arm: Arm) -> Any:
    """The draft with what the case's steward writes into it."""
    (table,) = drafted["tables"].values()
    for edits in (case.edits, case.public if arm.has_claim else {}):
        for name, keys in edits.items():
            if name in table["columns"]:
                table["columns"][name].update(_fitting(table["columns"][name], keys))
    if case.table:
        table.pop("one_row_per_person", None)
        table.update(case.table)
    return drafted


def _fitting(column: Mapping[str, Any], keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without a range on a column that was not taken for numbers."""
    is_range = "min" in keys.get("domain", {})
    return {} if is_range and column["kind"] in {"string", "id", "category", "code"} else keys


def _claim(place: Path, drafted: Any, arm: Arm) -> dict[str, Any]:
    """Options of a fit under a claim, domains that are still learned found by noised counts."""
    if not arm.has_claim:
        return {}
    policy = place / "policy.yaml"
    text = asset("privacy", "policies/default.yaml").read_text(encoding="utf-8")
    loosened = "policy:\n  loosened: {by: the author of this table, reason: so few rows}\n"
    text = text.replace("  epsilon: 3\n", f"  epsilon: {EPSILON}\n").replace("policy:\n", loosened, 1)
    policy.write_text(text, encoding="utf-8")
    (table,) = drafted["tables"].values()
    domains = [column.get("domain", {}) for column in table["columns"].values()]
    is_learned = any(domain.get("source") == "learned" for domain in domains)
    return {"epsilon": EPSILON, "policy": policy, "dp_bounds": is_learned}


def _noise(model: Path, rows: int) -> float:
    """Standard deviation that the noise of a claim adds to a share of the training rows."""
    events = json.loads((model / "manifest.json").read_text(encoding="utf-8"))["claim"]["plan"]["events"]
    counted = [event for event in events if event["name"] in {"one_way", "levels"}]
    deviation = max(
        (event["noise_multiplier"] * math.sqrt(event["tables"]) for event in counted), default=0.0
    )
    return deviation / (TRAINED * rows)


Told = Mapping[Arm, Mapping[str, Outcome]]
"""By arm, and name of a case."""


def matrix(desk: Desk, chosen: Sequence[Arm], before: Told) -> Iterator[Told]:
    """What becomes of every case, arm by arm; the first says which cases may stand in one table.

    Args:
        desk: Where to work.
        chosen: The arms.
        before: What an earlier run found; it is not looked for again.
    """
    told: dict[Arm, Mapping[str, Outcome]] = {}
    for arm in chosen:
        found = before.get(arm, {})
        missing = [case for case in CASES if case.name not in found]
        told[arm] = {**found, **_column(desk, arm, missing, told.get(chosen[0]))}
        yield told


def _column(
    desk: Desk, arm: Arm, cases: Sequence[Case], first: Mapping[str, Outcome] | None
) -> Mapping[str, Outcome]:
    if first is None:
        return {case.name: outcomes(desk, [case], arm)[case.name] for case in cases}
    found: dict[str, Outcome] = {}
    for group in _groups(cases, first):
        found |= {group[0].name: NOT_RUN} if group[0].is_dear else outcomes(desk, group, arm)
    return found


def _groups(cases: Sequence[Case], first: Mapping[str, Outcome]) -> Iterator[list[Case]]:
    """Cases by door where the first arm accepted them, each of the others alone."""
    joined: dict[tuple[Door, str], list[Case]] = {}
    for case in cases:
        if case.is_alone:
            yield [case]
        else:
            joined.setdefault((case.door, first[case.name].word), []).append(case)
    yield from joined.values()


def stored(told: Told) -> str:
    """JSON form of what was found."""
    found = {
        arm.title: {name: [outcome.word, outcome.message] for name, outcome in column.items()}
        for arm, column in told.items()
    }
    return json.dumps(found, indent=1, ensure_ascii=False)


def restored(text: str) -> Told:
    """What an earlier run found, of the arms that there are."""
    found = json.loads(text)
    return {
        arm: {name: Outcome(*told) for name, told in found[arm.title].items()}
        for arm in arms()
        if arm.title in found
    }


def lines(told: Told) -> Iterator[str]:
    """The table as Markdown, and the messages below it."""
    chosen = list(told)
    yield f"| what is awkward | {' | '.join(arm.title for arm in chosen)} | what is checked |"
    yield f"|---|{'---|' * len(chosen)}---|"
    numbers: dict[str, int] = {}
    for case in CASES:
        cells = [_cell(column[case.name], numbers) for column in told.values()]
        checked = "; ".join(check.says for check in case.checks) or "refused"
        yield f"| {_plain(case.name)} | {' | '.join(cells)} | {_plain(checked)} |"
    yield ""
    yield from (f"{number}. {_plain(message)}" for message, number in numbers.items())


def _cell(outcome: Outcome, numbers: dict[str, int]) -> str:
    if not outcome.message:
        return outcome.word
    return f"{outcome.word} [{numbers.setdefault(outcome.message, len(numbers) + 1)}]"


def _plain(text: str) -> str:
    """On one line, without what Markdown would read as a mark."""
    line = " ".join(text.split()).replace("|", "\\|").replace("<", "\\<").replace("`", "'")
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} …"


def main() -> None:
    """Print the table, and write it where asked; exit with 1 where there is a fault."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page of the documentation")
    parser.add_argument(
        "--only", action="append", default=[], metavar="PART", help="part of a generator's name"
    )
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="what was found so far; it is not looked for again"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chosen = [arm for arm in arms() if not options.only or any(part in arm.title for part in options.only)]
    known = options.resume is not None and options.resume.exists()
    before = restored(options.resume.read_text(encoding="utf-8")) if known else {}
    with tempfile.TemporaryDirectory() as folder:
        for told in matrix(Desk(Path(folder), options.seed), chosen, before):
            page = "\n".join(lines(told))
            if options.resume:
                options.resume.write_text(stored({**before, **told}), encoding="utf-8")
            if options.markdown:
                options.markdown.write_text(f"{HEAD}{page}\n{TAIL.format(epsilon=EPSILON)}", encoding="utf-8")
    print(page)
    print(f"{time.process_time():.0f} CPU s", file=sys.stderr)
    sys.exit(any(found.word == FAULT for column in told.values() for found in column.values()))


if __name__ == "__main__":
    main()
