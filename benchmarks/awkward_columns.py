"""Columns that are awkward in one way each, and what must hold of records drawn from them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd
from awkward_case import (
    GROUPS,
    PUBLIC_GROUPS,
    ROWS,
    Case,
    Cells,
    Door,
    Rng,
    between,
    days,
    groups,
    listed,
    lost,
    names,
)
from awkward_checks import (
    Check,
    all_missing,
    constant,
    labels,
    missing_kept,
    none_out,
    nowhere,
    on_the_hour,
    same_columns,
    share_kept,
    stepped,
    typed,
    within,
)


def _missing(rng: Rng) -> Cells:
    amount = np.where(rng.random(ROWS) < 0.36, np.nan, rng.integers(10, 900, ROWS) / 10)
    return {"gap_number": amount, "gap_group": lost(rng, groups(rng), 0.2)}


def _zipf(rng: Rng) -> Cells:
    ranks = np.minimum(rng.zipf(1.6, ROWS), 67)
    return {"zipf": [f"level-canary-{rank:02d}" for rank in ranks]}


def _frequent(real: pd.DataFrame) -> set[str]:
    counts = real["zipf"].value_counts()
    return set(counts.index[counts < 11])


WORDS = ("select", "class", "__index__", "None", "not", "null", "index")
STRANGE_NAMES = (
    "größe 😀",
    "שם",
    'says "so"',
    "a,b;c",
    "{{7*7}}",
    "<b>bold</b>",
    " padded ",
    "=1+1",
    "a.b/c",
)
EMOJI = ("canary 😀", "שלום canary", 'can"ary', "line\nbreak", "a,b;c", "=SUM(A1)", "naïve ö")


def _spoken(name: str, rng: Rng) -> Cells:
    return {name: np.array(EMOJI, dtype=object)[rng.integers(0, len(EMOJI), ROWS)]}


def _strange_names(ending: str, _: pd.DataFrame) -> list[str]:
    return [f"{name}{ending}" for name in STRANGE_NAMES]


def _strange(ending: str, rng: Rng) -> Cells:
    return {f"{name}{ending}": groups(rng) for name in STRANGE_NAMES}


COLUMN_CASES = (
    Case(
        "NaN in a number, None in a category",
        _missing,
        (
            missing_kept("gap_number"),
            missing_kept("gap_group"),
            stepped("gap_number", 0.1),
            typed("gap_group", "text"),
        ),
        public={"gap_number": between(0, 100), "gap_group": PUBLIC_GROUPS},
    ),
    Case(
        "a column of NaN only",
        lambda _: {"empty": np.full(ROWS, np.nan)},
        (all_missing("empty"),),
        public={"empty": listed("unused")},
    ),
    Case(
        "one infinity",
        lambda rng: {"endless": np.r_[np.inf, rng.random(ROWS - 1)]},
        public={"endless": between(0, 1)},
    ),
    Case(
        "days as datetime64, with NaT",
        lambda rng: {
            "seen": pd.Series(days(rng, "2021-01-01", "2023-06-30").astype("datetime64[ns]")).where(
                rng.random(ROWS) > 0.2
            )
        },
        (
            missing_kept("seen"),
            typed("seen", "date32[day]"),
            within("seen", dt.date(2021, 1, 1), dt.date(2023, 12, 31)),
        ),
        public={"seen": between("2021-01-01", "2023-12-31")},
    ),
    Case(
        "days as dd/mm/yyyy text",
        lambda rng: {
            "day": [
                f"{day.day:02d}/{day.month:02d}/{day.year}"
                for day in days(rng, "2021-01-01", "2023-06-30").astype(object)
            ]
        },
        (typed("day", "date32[day]"), within("day", dt.date(2021, 1, 1), dt.date(2023, 12, 31))),
        Door.CSV,
        public={"day": between("2021-01-01", "2023-12-31")},
    ),
    Case(
        "moments with a time zone, at midnight there",
        lambda rng: {
            "zoned": pd.Series(days(rng, "2021-01-01", "2023-06-30").astype("datetime64[us]")).dt.tz_localize(
                "Europe/Vienna"
            )
        },
        (typed("zoned", "timestamp[us, tz=Europe/Vienna]"), on_the_hour("zoned")),
        Door.PARQUET,
        edits={"zoned": {"timezone": "Europe/Vienna"}},
        public={"zoned": between("2021-01-01T00:00:00+01:00", "2023-12-31T00:00:00+01:00")},
    ),
    Case(
        "texts that are names, each once",
        lambda rng: {"named": names(rng)},
        (none_out("named"), typed("named", "text")),
    ),
    Case(
        "67 levels, most of them rare",
        _zipf,
        (
            labels("zipf", [f"level-canary-{rank:02d}" for rank in range(1, 68)]),
            nowhere(_frequent, "level of fewer than 11 rows"),
        ),
    ),
    Case(
        "constant columns",
        lambda _: {"same_text": ["steady"] * ROWS, "same_integer": [4242] * ROWS, "same_float": [2.5] * ROWS},
        (constant("same_text", "steady"), constant("same_integer", "4242"), constant("same_float", 2.5)),
        public={
            "same_text": listed("steady"),
            "same_integer": listed("4242"),
            "same_float": {"precision": "0.5", **between(2.5, 2.5)},
        },
    ),
    Case(
        "truth values",
        lambda rng: {"truth": rng.random(ROWS) < 0.3},
        (typed("truth", "bool"), share_kept("truth", True)),
    ),
    Case(
        "truth values with None",
        lambda rng: {"maybe": lost(rng, rng.random(ROWS) < 0.5, 0.25)},
        (typed("maybe", "bool"), missing_kept("maybe")),
    ),
    Case(
        "nullable Int64 with NA",
        lambda rng: {"nullable": pd.Series(lost(rng, rng.integers(0, 500, ROWS), 0.3, pd.NA), dtype="Int64")},
        (typed("nullable", "int64"), missing_kept("nullable"), within("nullable", 0, 500)),
        public={"nullable": between(0, 500)},
    ),
    Case(
        "category with unused levels",
        lambda rng: {"levels": pd.Categorical(groups(rng), categories=[*GROUPS, "canary-unused"])},
        (typed("levels", "text"), labels("levels", GROUPS)),
        public={"levels": PUBLIC_GROUPS},
    ),
    Case("durations", lambda rng: {"lasted": pd.to_timedelta(rng.integers(60, 90_000, ROWS), unit="s")}),
    Case(
        "Decimal objects",
        lambda rng: {"paid": [Decimal(int(cents)).scaleb(-2) for cents in rng.integers(100, 99_999, ROWS)]},
        (typed("paid", "decimal128(18, 2)"), within("paid", 0, 1_000)),
        public={"paid": between(0, 1_000)},
    ),
    Case(
        "lists in cells",
        lambda rng: {"several": [[f"canary{number}", number] for number in rng.integers(0, 9_999, ROWS)]},
    ),
    Case(
        "dictionaries in cells",
        lambda rng: {"nested": [{"canary": int(number)} for number in rng.integers(0, 9_999, ROWS)]},
    ),
    Case(
        "bytes in cells",
        lambda rng: {"raw": [b"canary\xff" + bytes([number]) for number in rng.integers(0, 99, ROWS)]},
    ),
    Case("complex numbers", lambda rng: {"phase": rng.random(ROWS) + 1j * rng.random(ROWS)}),
    Case(
        "periods of pandas",
        lambda rng: {
            "month": pd.PeriodIndex(days(rng, "2021-01-01", "2023-06-30").astype("datetime64[ns]"), freq="M")
        },
    ),
    Case(
        "integers, floats, texts and None mixed",
        lambda rng: {
            "mixed": np.array([7001, 2.5, "canary-text", None], dtype=object)[rng.integers(0, 4, ROWS)]
        },
        (typed("mixed", "text"), labels("mixed", ("7001", "2.5", "canary-text")), missing_kept("mixed")),
        public={"mixed": listed("7001", "2.5", "canary-text")},
    ),
    Case(
        "texts of 20,000 characters",
        lambda rng: {
            "long_own": [f"canary{number}" * 2_000 for number in rng.integers(0, 10**6, ROWS)],
            "long_level": np.where(rng.random(ROWS) < 0.5, "canary" * 4_000, "short"),
        },
        (none_out("long_own"), labels("long_level", ("canary" * 4_000, "short"))),
        public={"long_level": listed("canary" * 4_000, "short")},
    ),
    Case(
        "a cell longer than a record's should be",
        lambda _: {"longest": ["canary" * 30_000, *["short"] * (ROWS - 1)]},
        door=Door.CSV,
        public={"longest": listed("short")},
    ),
    Case(
        "numbers near 1e308",
        lambda rng: {"huge": rng.random(ROWS) * 1.5e308},
        (typed("huge", "double"), within("huge", 0, 1.7e308)),
        public={"huge": between(0, 1.7e308)},
    ),
    Case(
        "one number near 1e308",
        lambda rng: {"stray": np.r_[1.7e308, rng.random(ROWS - 1)]},
        (typed("stray", "double"), within("stray", -0.5, 1.5)),
    ),
    Case(
        "numbers near 1e-308",
        lambda rng: {"tiny": rng.random(ROWS) * 1e-308},
        (typed("tiny", "double"), within("tiny", 0, 1e-300)),
        public={"tiny": between(0, 1e-300)},
    ),
    Case(
        "integers above 2^53",
        lambda rng: {"beyond": 2**53 + rng.integers(1, 10**9, ROWS)},
        (none_out("beyond"), typed("beyond", "text")),
    ),
    Case(
        "unsigned integers above 2^63",
        lambda rng: {"unsigned": np.uint64(2**63) + rng.integers(0, 10**9, ROWS).astype(np.uint64)},
        (none_out("unsigned"),),
    ),
    *(
        Case(
            f"emoji, right-to-left, quotes and line ends in values ({door})",
            partial(_spoken, name),
            (typed(name, "text"), labels(name, EMOJI)),
            door,
            public={name: listed(*EMOJI)},
        )
        for door, name in ((Door.FRAME, "spoken"), (Door.CSV, "written"))
    ),
    Case(
        "texts that are no Unicode",
        lambda rng: {"broken": np.array(["canary\ud800", "fine"], dtype=object)[rng.integers(0, 2, ROWS)]},
        public={"broken": listed("fine")},
    ),
    Case(
        "an integer as name of a column",
        lambda rng: pd.DataFrame({0: rng.integers(18, 90, ROWS)}),
        (same_columns(lambda _: ["0"]), within("0", 0, 120), typed("0", "int64")),
        public={"0": between(0, 120)},
    ),
    Case(
        "keywords as names of columns",
        lambda rng: {word: rng.integers(0, 80, ROWS) for word in WORDS},
        (same_columns(lambda _: list(WORDS)), within("select", 0, 100)),
        public=dict.fromkeys(WORDS, between(0, 100)),
    ),
    *(
        Case(
            f"emoji, right-to-left, quotes and formulas in names ({door})",
            partial(_strange, ending),
            (same_columns(partial(_strange_names, ending)),),
            door,
            public={f"{name}{ending}": PUBLIC_GROUPS for name in STRANGE_NAMES},
        )
        for door, ending in ((Door.FRAME, "1"), (Door.CSV, "2"))
    ),
    Case(
        "empty texts and None",
        lambda rng: {"blank": np.array(["", "full", None], dtype=object)[rng.integers(0, 3, ROWS)]},
        (
            Check(
                "empty texts count as missing",
                lambda pair: (
                    ""
                    if abs(
                        pair.drawn.column("blank").null_count / len(pair.drawn)
                        - float(pair.real["blank"].isin(["", None]).mean())
                    )
                    <= 5 * pair.sigma(0.66)
                    else "share missing in blank"
                ),
            ),
            labels("blank", ("full",)),
        ),
        public={"blank": listed("full")},
    ),
    Case(
        "NA, null and ? as texts",
        lambda rng: {"coded": np.array(["NA", "null", "?", "value"], dtype=object)[rng.integers(0, 4, ROWS)]},
        (labels("coded", ("NA", "null", "value")),),
        Door.CSV,
        public={"coded": listed("NA", "null", "value")},
    ),
    Case(
        "codes with leading zeros",
        lambda rng: {
            "postcode": np.array(["01067", "04109", "99084"], dtype=object)[rng.integers(0, 3, ROWS)]
        },
        (typed("postcode", "text"), labels("postcode", ("01067", "04109", "99084"))),
        Door.CSV,
        public={"postcode": listed("01067", "04109", "99084")},
    ),
    Case(
        "numbers with decimal commas",
        lambda rng: {
            "comma": [f"{number / 100:.2f}".replace(".", ",") for number in rng.integers(100, 9_999, ROWS)]
        },
        (none_out("comma"),),
        Door.CSV,
    ),
    Case(
        "negative zero",
        lambda rng: {"signed": np.where(rng.random(ROWS) < 0.5, -0.0, 0.5)},
        (typed("signed", "double"), within("signed", 0, 1), share_kept("signed", 0.0)),
        public={"signed": {"precision": "0.5", **between(0, 1)}},
    ),
    Case(
        "days before 1900 and after 2262",
        lambda rng: {
            "ages": pd.Series(
                np.where(
                    rng.random(ROWS) < 0.5,
                    days(rng, "1700-01-01", "1899-01-01"),
                    days(rng, "2300-01-01", "2400-01-01"),
                )
            ).astype("datetime64[s]")
        },
        (within("ages", dt.date(1600, 1, 1), dt.date(2499, 12, 31)), typed("ages", "date32[day]")),
        Door.PARQUET,
        public={"ages": between("1700-01-01", "2400-12-31")},
    ),
    Case(
        "days after 2262 as objects",
        lambda rng: {
            "future": np.array(
                [dt.date(2300 + int(year), 1, 1) for year in rng.integers(0, 90, ROWS)], dtype=object
            )
        },
        (within("future", dt.date(2299, 1, 1), dt.date(2399, 12, 31)), typed("future", "date32[day]")),
        public={"future": between("2300-01-01", "2399-12-31")},
    ),
    Case(
        "a leap second and 24:00",
        lambda rng: {
            "clock": np.array(
                ["2016-12-31 23:59:60", "2016-12-31 24:00:00", "2016-12-30 10:00:00"], dtype=object
            )[rng.integers(0, 3, ROWS)]
        },
        (labels("clock", ("2016-12-31 23:59:60", "2016-12-31 24:00:00", "2016-12-30 10:00:00")),),
        Door.CSV,
        public={"clock": listed("2016-12-31 23:59:60", "2016-12-31 24:00:00", "2016-12-30 10:00:00")},
    ),
    Case(
        "a leap second in a column declared as datetime",
        lambda rng: {
            "strict": np.array(["2016-12-31 23:59:60", "2016-12-30 10:00:00"], dtype=object)[
                rng.integers(0, 2, ROWS)
            ]
        },
        (),
        Door.CSV,
        edits={"strict": {"kind": "datetime", "domain": {"source": "learned"}}},
        public={"strict": between("2016-01-01", "2017-01-01")},
    ),
    Case(
        "numbers of 32 and 16 bits",
        lambda rng: {
            "single": rng.random(ROWS).astype(np.float32),
            "half": rng.integers(0, 100, ROWS).astype(np.int16),
        },
        (typed("single", "double"), typed("half", "int64"), within("single", 0, 1)),
        public={"single": between(0, 1), "half": between(0, 100)},
    ),
    Case(
        "columns of Arrow types in pandas",
        lambda rng: {
            "arrow_count": pd.Series(lost(rng, rng.integers(0, 500, ROWS), 0.3), dtype="int64[pyarrow]"),
            "arrow_text": pd.Series(lost(rng, groups(rng), 0.3), dtype="string[pyarrow]"),
        },
        (typed("arrow_count", "int64"), missing_kept("arrow_count"), missing_kept("arrow_text")),
        public={"arrow_count": between(0, 500), "arrow_text": PUBLIC_GROUPS},
    ),
    Case(
        "a sparse column",
        lambda rng: {
            "sparse": pd.arrays.SparseArray(np.where(rng.random(ROWS) < 0.8, 0, rng.integers(1, 90, ROWS)))
        },
        (typed("sparse", "int64"), share_kept("sparse", 0)),
        public={"sparse": between(0, 100)},
    ),
)
