"""Tables that are awkward as a whole, and what must hold of records drawn from them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from awkward_case import GROUPS, PUBLIC_GROUPS, ROWS, Case, Cells, Door, Rng, between, groups, names
from awkward_checks import labels, nowhere, same_columns, within


def _plain(rng: Rng, rows: int) -> Cells:
    return {"years": rng.integers(18, 90, rows), "tree": groups(rng, rows)}


PLAIN = {"years": between(0, 120), "tree": PUBLIC_GROUPS, "weight": between(0, 1)}


PLAIN_CHECKS = (within("years", 0, 120), labels("tree", GROUPS))


def _indexed(rng: Rng, index: Callable[[], list[str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {**_plain(rng, ROWS), "weight": rng.random(ROWS)}, index=pd.Index(index(), name="who")
    )


def _duplicate_index(rng: Rng) -> pd.DataFrame:
    return _indexed(rng, lambda: ["canary-same"] * ROWS)


def _visits(rng: Rng) -> pd.DataFrame:
    people = np.r_[np.zeros(5_000, dtype=int), np.arange(1, 200)]
    rows = len(people)
    own = np.where(people == 0, 77_777, rng.integers(18, 90, rows))
    return pd.DataFrame(
        {"patient_id": [f"canary{person:06d}" for person in people], "years": own, "tree": groups(rng, rows)}
    )


def _secret_years(_: pd.DataFrame) -> list[str]:
    return ["77777"]


def _index_texts(real: pd.DataFrame) -> list[str]:
    return [str(label) for label in real.index]


TABLE_CASES = (
    Case("20 rows", lambda rng: _plain(rng, 20), PLAIN_CHECKS, public=PLAIN, is_alone=True),
    Case("one row", lambda _: {"years": [77_777], "tree": ["canary-tree"]}, is_alone=True),
    Case("a header and no rows", lambda rng: _plain(rng, 0), is_alone=True),
    Case("an empty file", lambda _: pd.DataFrame(), door=Door.CSV, is_alone=True),
    Case(
        "one column",
        lambda rng: {"tree": groups(rng)},
        (labels("tree", GROUPS),),
        public=PLAIN,
        is_alone=True,
    ),
    Case(
        "two columns of one name",
        lambda rng: pd.DataFrame(list(zip(groups(rng), groups(rng), strict=True)), columns=["tree", "tree"]),
        is_alone=True,
    ),
    Case(
        "names of columns in two levels",
        lambda rng: pd.DataFrame({("a", "x"): groups(rng), ("a", "y"): groups(rng)}),
        (same_columns(),),
        is_dear=True,
        is_alone=True,
    ),
    Case(
        "a column without a name",
        lambda rng: {"": groups(rng), "tree": groups(rng)},
        door=Door.CSV,
        is_alone=True,
    ),
    *(
        Case(
            f"names of persons in the index ({door})",
            lambda rng: _indexed(rng, lambda: names(rng)),
            (*PLAIN_CHECKS, nowhere(_index_texts, "text of the index")),
            door,
            public=PLAIN,
            is_dear=True,
            is_alone=True,
        )
        for door in (Door.FRAME, Door.PARQUET)
    ),
    Case(
        "one label for every row in the index",
        _duplicate_index,
        (*PLAIN_CHECKS, nowhere(_index_texts, "text of the index")),
        public=PLAIN,
        is_dear=True,
        is_alone=True,
    ),
    Case(
        "a person with 5,000 rows",
        _visits,
        (nowhere(_secret_years, "value of that person alone"), labels("tree", GROUPS)),
        public=PLAIN,
        table={"person": "patient_id", "max_rows_per_person": 2},
        is_dear=True,
        is_alone=True,
    ),
    Case(
        "every record twice",
        lambda rng: pd.concat([pd.DataFrame({**_plain(rng, ROWS), "weight": rng.random(ROWS)})] * 2),
        public=PLAIN,
        is_alone=True,
    ),
    Case(
        "200 columns",
        lambda rng: {f"column_{number:03d}": groups(rng, 60) for number in range(200)},
        (same_columns(), labels("column_199", GROUPS)),
        public={f"column_{number:03d}": PUBLIC_GROUPS for number in range(200)},
        is_dear=True,
        is_alone=True,
    ),
    Case(
        "11,000 columns",
        lambda _: pd.DataFrame(np.zeros((2, 11_000)), columns=[f"c{n}" for n in range(11_000)]),
        door=Door.CSV,
        is_alone=True,
    ),
)
