"""Same seed, same bytes; the first rows of a long sample are the rows of a short one."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from synthrec import api
from synthrec.rng import BLOCK

BOTH = ("parquet", "csv")
LONG = BLOCK + 3_000
"""Rows that cross the border between two blocks of the streams."""


def contents(report):
    return {path.name: path.read_bytes() for path in report.files}


def rows(parquet, count):
    return pq.read_table(parquet).slice(0, count).to_pylist()


@pytest.fixture(scope="module")
def long_draft(admissions, tmp_path_factory):
    out = tmp_path_factory.mktemp("long") / "out"
    return api.sample(admissions.model, LONG, out=out, formats=BOTH, draft=True, home=admissions.home)


@pytest.mark.parametrize("chunk_rows", [1_000, 4_096, 65_536])
def test_chunks_change_no_byte(admissions, tmp_path, chunk_rows):
    reports = [
        api.sample(
            admissions.model, 5_000, out=tmp_path / name, formats=BOTH, chunk_rows=size, home=admissions.home
        )
        for name, size in (("whole", 5_000), ("parts", chunk_rows))
    ]
    assert contents(reports[0]) == contents(reports[1])


@pytest.mark.parametrize("chunk_rows", [4_096, 65_537])
def test_chunks_change_no_byte_across_blocks(admissions, tmp_path, long_draft, chunk_rows):
    options = {"out": tmp_path / "out", "formats": BOTH, "draft": True, "home": admissions.home}
    again = api.sample(admissions.model, LONG, chunk_rows=chunk_rows, **options)
    assert contents(again) == contents(long_draft)


def test_chunks_change_no_byte_of_a_conditional_draw(admissions, tmp_path):
    options = {"where": "age >= 65", "formats": BOTH, "draft": True, "home": admissions.home}
    drafts = [
        api.sample(admissions.model, 3_000, out=tmp_path / str(size), chunk_rows=size, **options)
        for size in (1_000, 65_536)
    ]
    assert contents(drafts[0]) == contents(drafts[1])
    short = api.sample(admissions.model, 700, out=tmp_path / "short", **options)
    assert rows(short.files[0], 700) == rows(drafts[0].files[0], 700)


def test_a_short_sample_is_the_beginning_of_a_long_one(admissions, tmp_path, long_draft):
    short = api.sample(admissions.model, 1_000, out=tmp_path / "out", formats=BOTH, home=admissions.home)
    parquet, csv = short.files
    assert rows(parquet, 1_000) == rows(long_draft.files[0], 1_000)
    assert csv.read_bytes().splitlines() == long_draft.files[1].read_bytes().splitlines()[:1_001]


def test_the_seed_names_the_records(admissions, tmp_path):
    def draw(name, seed):
        options = {"seed": seed, "draft": True, "home": admissions.home}
        return contents(api.sample(admissions.model, 500, out=tmp_path / name, **options))

    assert draw("a", 7) == draw("b", 7)
    assert draw("c", 7) != draw("d", 8)


def test_the_same_rows_fit_the_same_model(small, tmp_path, people, described):
    """Shuffled rows of the same persons: same split, same densities, same fingerprint."""
    header, *rows = small.data.read_text().splitlines()
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("\n".join([header, *reversed(rows)]) + "\n")
    api.fit(small.schema, shuffled, out=tmp_path / "model", home=small.home)
    assert described(tmp_path / "model") == described(small.model)
    tensors = [(model / "model.safetensors").read_bytes() for model in (tmp_path / "model", small.model)]
    assert tensors[0] == tensors[1]
