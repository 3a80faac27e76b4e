"""No fault, log, warning or chained exception shows a cell of real data."""

from __future__ import annotations

import datetime as dt
import gzip
import logging
import traceback
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthrec.data.sources import read_table
from synthrec.data.split import given_holdout
from synthrec.errors import InputError
from synthrec.schema.model import TableSpec

CANARY = "zYx7canary"
DIGITS = "8675309123"
KINDS = [
    "integer",
    "decimal",
    "float",
    "boolean",
    "date",
    "datetime",
    "category",
    "code",
    "string",
    "id",
    "text",
]


def spec_of(kind, **settings):
    column = {"kind": kind} | ({"scale": 2} if kind == "decimal" else {}) | settings
    return TableSpec.model_validate(
        {
            "columns": {"a": column, "b": {"kind": "integer"}},
            "one_row_per_person": True,
        }
    )


@pytest.fixture
def refused_in_silence(caplog, capsys):
    """Run a call that must be refused; nothing of it may show a canary."""
    caplog.set_level(logging.DEBUG)

    def check(call):
        with pytest.raises(InputError) as caught:
            call()
        shown = [caplog.text, *capsys.readouterr()]
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        shown += [repr(caught.value), str(vars(caught.value)), *traceback.format_exception(caught.value)]
        for text in shown:
            assert CANARY not in text
            assert DIGITS not in text

    return check


FILES = {
    "bad cells": f"a,b\n{CANARY},{CANARY}\n{CANARY},1\n",
    "long number": f"a,b\n{DIGITS * 5},{DIGITS * 5}\n",
    "separators": f'a,b\n"{DIGITS},000",1\n"{DIGITS},000","{DIGITS},000"\n',
    "long line": f"a,b\n1,2,{CANARY}\n",
    "short line": f"a,b\n{CANARY}\n",
    "open quote": f'a,b\n"{CANARY},1\n2,3\n',
    "text after quote": f'a,b\n"x"{CANARY},"1\n',
    "no header": f"{CANARY},{DIGITS}\n{CANARY},1\n",
    "part of a header": f"b,{CANARY}\n1,{CANARY}\n",
    "no delimiter": f"{CANARY}\n{CANARY}\n",
    "nul": f"a,b\n{CANARY}\0,{CANARY}\0\n",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", FILES)
def test_text_files(tmp_path, refused_in_silence, kind, case):
    path = tmp_path / "a.csv"
    path.write_text(FILES[case])
    spec = spec_of(kind, domain={"values": ["1"], "source": "public"} if kind in KINDS[6:] else None)
    if case == "part of a header":
        refused_in_silence(lambda: read_table(path, "t", spec_of(kind), encoding="utf-8"))
    refused_in_silence(lambda: read_table(path, "t", spec))


@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-16", "ascii", "shift_jis"])
def test_undecodable_files(tmp_path, refused_in_silence, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(f"a,b\n{CANARY},\0".encode() + b"\xff\x81\x8d\xfe" + CANARY.encode() + b"\n")
    refused_in_silence(lambda: read_table(path, "t", spec_of("integer"), encoding=encoding))


def test_damaged_files(tmp_path, refused_in_silence):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(f"a,b\n{CANARY},1\n".encode())[:-4])
    refused_in_silence(lambda: read_table(path, "t", spec_of("id")))
    parquet = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [CANARY] * 100, "b": [1] * 100}), parquet, compression="none")
    content = bytearray(parquet.read_bytes())
    content[4:40] = bytes(36)
    parquet.write_bytes(content)
    refused_in_silence(lambda: read_table(parquet, "t", spec_of("id")))


CELLS = {
    "text": CANARY,
    "number": int(DIGITS) * 10**20,
    "float": float(DIGITS) * 1e300,
    "decimal": Decimal(f"{DIGITS}.{DIGITS}"),
    "list": [CANARY],
    "dict": {CANARY: CANARY},
    "bytes": CANARY.encode(),
    "surrogate": CANARY + "\ud800",
    "duration": dt.timedelta(seconds=int(DIGITS[:8])),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CELLS)
@pytest.mark.parametrize("typed", [True, False])
def test_frames(refused_in_silence, kind, case, typed):
    cells = [CELLS[case]] * 2 if typed else [1, CELLS[case]]
    frame = pd.DataFrame(
        {"a": pd.Series(cells, dtype=object), "b": pd.Series([CANARY, CELLS[case]], dtype=object)}
    )
    refused_in_silence(lambda: read_table(frame, "t", spec_of(kind)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", ["text", "list", "dict", "bytes", "duration", "decimal"])
def test_arrow(refused_in_silence, kind, case):
    table = pa.table({"a": [CELLS[case]] * 2, "b": [CANARY] * 2})
    refused_in_silence(lambda: read_table(table, "t", spec_of(kind)))


def test_messages_of_pyarrow_go_no_further(tmp_path, refused_in_silence, monkeypatch):
    def loud(*_args, **_settings):
        raise pa.ArrowInvalid(f"CSV parse error: {CANARY}")

    monkeypatch.setattr("pyarrow.csv.read_csv", loud)
    (tmp_path / "a.csv").write_text(f"a,b\n{CANARY},1\n")
    refused_in_silence(lambda: read_table(tmp_path / "a.csv", "t", spec_of("id")))


def test_person_overlap(refused_in_silence):
    spec = TableSpec.model_validate({"columns": {"a": {"kind": "id"}}, "person": "a"})
    table = read_table(pd.DataFrame({"a": [CANARY]}), "t", spec).table
    refused_in_silence(lambda: given_holdout(table, table))
