"""Data files that mean harm, or were cut: one clear error, in bounded time and memory, no cell shown."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthrec.data.infer import infer_schema
from synthrec.data.raw import MOST_COLUMNS
from synthrec.data.sources import read_table
from synthrec.errors import InputError
from synthrec.schema.load import parse_schema

SECONDS = 5
"""CPU time for one file."""
CANARY = "zYx7canary"

SPEC = parse_schema("""\
synthrec: 1
schema: {name: s}
tables:
  t:
    one_row_per_person: true
    columns:
      age: {kind: integer, domain: {source: learned}, null: {allowed: true}}
      note: {kind: text, null: {allowed: true}}
""").tables["t"]


def parquet() -> bytes:
    file = io.BytesIO()
    columns = {"age": list(range(1_000)), "note": [f"{CANARY}{n}" for n in range(1_000)]}
    pq.write_table(pa.table(columns), file, compression="none")
    return file.getvalue()


def long_cell(size: int, quote: str = "") -> bytes:
    return f"age,note\n1,a\n2,{quote}{CANARY}{'x' * size}{quote}\n".encode()


PARQUET, PACKED = parquet(), gzip.compress(f"age,note\n1,{CANARY}\n".encode() * 9_999)
WIDE = [f"c{n}" for n in range(100_000)]
LINES = f"{','.join(WIDE)}\n{','.join('1' * 100_000)}\n"

HOSTILE = {
    "a zero byte": (f"age,note\n1,{CANARY}\n2,a\0b\n".encode(), ":3: a zero byte"),
    "a zero byte in the header": (b"age,note,x\0y\n1,a,2\n", ":1: a zero byte"),
    "two bytes a sign": ("age,note\n1,a\n".encode("utf-16-le"), ":1: a zero byte"),
    "zeros": (bytes(1_000_000), ":1: a zero byte"),
    "a quote never closed": (f'age,note\n0,b\n1,"{CANARY}\n2,b\n'.encode(), ":3: the file is not well-f"),
    "a long cell": (long_cell(200_000), "note: longer than 131,072 bytes: 1 cell (row 2)"),
    "a long cell in quotes": (long_cell(200_000, '"'), "note: longer than 131,072 bytes: 1 cell (row 2)"),
    "a long number": (b"age,note\n" + b"1" * 200_000 + b",a\n", "age: longer than 131,072 bytes: 1 cell"),
    "100,000 columns": (LINES.encode(), ":1: 100,000 columns; give at most"),
    "a long header": (b"age," + b"x" * 5_000_000 + b"\n1,2\n", ""),
    "quotes alone": (b'"' * 2_000_001, ""),
    "delimiters alone": (b"age,note\n" + b"," * 2_000_000, ""),
    "half a gzip file": (PACKED[: len(PACKED) // 2], "the gzip file is damaged"),
    "gzip of another sum": (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "the gzip file is damaged"),
    "gzip and more": (PACKED + b"more", "the gzip file is damaged"),
    "gzip without a body": (b"\x1f\x8b", "the gzip file is damaged"),
    "half a Parquet file": (PARQUET[: len(PARQUET) // 2], "not a readable Parquet file"),
    "Parquet without an end": (PARQUET[:-4], "not a readable Parquet file"),
    "Parquet with a footer of 2 GB": (PARQUET[:-8] + b"\xff\xff\xff\x7fPAR1", "not a readable Parquet file"),
    "Parquet in name": (b"PAR1" + bytes(5_000) + b"PAR1", "not a readable Parquet file"),
    "four letters": (b"PAR1", "not a readable Parquet file"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused(tmp_path, what):
    content, found = HOSTILE[what]
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    for read in (lambda: read_table(path, "t", SPEC), lambda: infer_schema(path)):
        start = time.process_time()
        with pytest.raises(InputError) as caught:
            read()
        assert time.process_time() - start < SECONDS
        assert found in str(caught.value)
        assert len(str(caught.value)) < 1_000
        assert CANARY not in "".join(
            map(str, (caught.value, caught.value.__cause__, caught.value.__context__))
        )


def test_a_mark_of_byte_order_is_no_part_of_a_name(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(b"\xef\xbb\xbfage,note\n1,a\n")
    assert len(read_table(path, "t", SPEC).table) == 1


def test_as_many_columns_as_may_be(tmp_path):
    path = tmp_path / "data.csv"
    names = ["age", "note", *WIDE[: MOST_COLUMNS - 2]]
    path.write_text(f"{','.join(names)}\n{','.join('1' * MOST_COLUMNS)}\n")
    assert len(read_table(path, "t", SPEC).table) == 1


BOUNDED = """
import resource, sys
from pathlib import Path
from synthrec.data.infer import infer_schema
from synthrec.errors import InputError
import pyarrow.csv, pyarrow.parquet, pyarrow.compute
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    infer_schema(Path(sys.argv[1]))
except InputError as error:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, error)
"""


def bomb(size: int) -> bytes:
    """A gzip file of text, a thousandth of `size`."""
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6) as packed:
        packed.write(b"age,note\n")
        for _ in range(size >> 20):
            packed.write(b"1," + b"a" * ((1 << 20) - 3) + b"\n")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "found", "megabytes"),
    [
        (bomb(400 << 20), "holds more than 200 times its size", 300),
        (long_cell(100_000_000), "longer than 131,072 bytes", 800),
    ],
    ids=["a bomb", "a cell of 100 MB"],
)
def test_memory_is_bounded(tmp_path, content, found, megabytes):
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    ran = subprocess.run([sys.executable, "-c", BOUNDED, path], capture_output=True, text=True, check=True)
    grown, message = ran.stdout.split(maxsplit=1)
    assert found in message
    assert CANARY not in message
    assert int(grown) < megabytes


def test_mutated_parquet_is_read_or_refused(tmp_path):
    """Any byte of footer and pages may lie; that ends in a table or in one error."""
    path, refused = tmp_path / "data.parquet", []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        content = bytearray(PARQUET)
        for place in rng.integers(0, len(content), rng.integers(1, 6)):
            content[place] = rng.integers(0, 256)
        footer = rng.integers(len(content) - 600, len(content) - 8)
        content[footer] = rng.integers(0, 256)
        path.write_bytes(content)
        try:
            read_table(path, "t", SPEC)
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > 20
    assert CANARY not in "".join(refused)
