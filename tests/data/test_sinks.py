"""Files that are written: same rows, same bytes; formulas disarmed; nothing half-written."""

from __future__ import annotations

import gzip
import os
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthrec.data import sinks
from synthrec.data.sinks import open_sink
from synthrec.data.sources import read_table
from synthrec.data.table import Table
from synthrec.errors import ConfigError
from synthrec.schema.vector import Vector

SUFFIXES = [".parquet", ".csv", ".csv.gz"]


@pytest.fixture
def small_groups(monkeypatch):
    monkeypatch.setattr(sinks, "GROUP_ROWS", 64)


@pytest.fixture
def table(make_spec):
    rows = 300
    rng = np.random.default_rng(3)
    spec = make_spec({"c": "category", "n": "integer", "d": {"kind": "decimal", "scale": 2}, "t": "datetime"})
    missing = rng.random(rows) < 0.2
    vectors = {
        "c": Vector(rng.integers(0, 9, rows).astype(np.int32), missing, tuple("ihgfedcba")),
        "n": Vector.full(rng.integers(-50, 50, rows)),
        "d": Vector(np.where(missing, 0, rng.integers(0, 10**6, rows)), missing),
        "t": Vector.full(rng.integers(0, 10**15, rows)),
    }
    return Table.from_vectors("t", spec, vectors)


def write(path, table, cuts=(), profile="plain"):
    with open_sink(path, table.spec, profile=profile) as sink:
        for start, stop in zip([0, *cuts], [*cuts, len(table)], strict=True):
            sink.write(table.slice(start, stop - start))
    return path.read_bytes()


def write_all(sink, tables):
    for table in tables:
        sink.write(table)
    sink.close()


def other_dictionary(table):
    """The same rows over another dictionary."""
    vector = table.vector("c")
    levels = ("zz", *sorted(vector.levels))
    place = np.array([levels.index(level) for level in vector.levels], np.int32)
    return Table.from_vectors(
        "t", table.spec, table.vectors() | {"c": Vector(place[vector.values], vector.missing, levels)}
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("cuts", [(1,), (64, 128), (63, 65, 299), (0, 0, 150), tuple(range(1, 300))])
def test_bytes_do_not_depend_on_chunks(tmp_path, table, small_groups, suffix, cuts):
    whole = write(tmp_path / f"a{suffix}", table)
    assert write(tmp_path / f"b{suffix}", table, cuts) == whole
    assert write(tmp_path / f"c{suffix}", other_dictionary(table), cuts) == whole


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 300])
def test_rows_come_back(tmp_path, table, small_groups, suffix, rows):
    part = table.slice(0, rows)
    path = tmp_path / f"records{suffix}"
    write(path, part)
    assert read_table(path, "t", table.spec).table.data.to_pylist() == part.data.to_pylist()


def test_parquet_layout(tmp_path, table, small_groups):
    write(tmp_path / "a.parquet", table)
    file = pq.ParquetFile(tmp_path / "a.parquet")
    groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [64, 64, 64, 64, 44]
    assert {groups[0].column(index).compression for index in range(4)} == {"ZSTD"}
    assert file.metadata.metadata[b"synthrec.origin"] == b"synthetic"
    assert file.schema_arrow.field("d").type == pa.decimal128(18, 2)
    assert pd.read_parquet(tmp_path / "a.parquet")["c"].dtype == "category"


def test_group_size_is_fixed():
    assert sinks.GROUP_ROWS == 131_072


def test_gzip_has_no_clock_and_no_name(tmp_path, table):
    content = write(tmp_path / "name.csv.gz", table)
    assert content[3:8] == bytes(5)
    assert gzip.decompress(content) == write(tmp_path / "plain.csv", table)


def test_csv_text(tmp_path, make_spec):
    spec = make_spec(
        {
            "c": "category",
            "n": "integer",
            "d": {"kind": "decimal", "scale": 2},
            "f": "float",
            "b": "boolean",
            "day": {"kind": "date", "format": "%d/%m/%Y"},
            "iso": "date",
            "t": "datetime",
            "z": {"kind": "datetime", "timezone": "Europe/Berlin"},
            "zf": {"kind": "datetime", "timezone": "UTC", "format": "%Y%m%dT%H%M%z"},
        }
    )
    none = np.array([False, True])
    vectors = {name: Vector(np.array([86_400_000_000, 0]), none) for name in ("t", "z", "zf")}
    vectors |= {name: Vector(np.array([30, 0]), none) for name in ("n", "d", "day", "iso")}
    vectors |= {"f": Vector(np.array([0.1, 0]), none), "b": Vector(np.array([True, False]), none)}
    vectors |= {"c": Vector(np.zeros(2, np.int32), none, ('say "a, b"',))}
    text = write(tmp_path / "a.csv", Table.from_vectors("t", spec, vectors)).decode()
    lines = text.splitlines()
    assert lines[0].replace('"', "") == "c,n,d,f,b,day,iso,t,z,zf"
    assert lines[1].replace('""', "'").replace('"', "") == (
        "say 'a, b',30,0.30,0.1,true,31/01/1970,1970-01-31,1970-01-02T00:00:00,"
        "1970-01-02T00:00:00Z,19700102T0000+0000"
    )
    assert lines[2] == "," * 9


DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\ufeff=1",
    '"=1',
    "'=1",
    "  =1",
    " \t@x",
    "\uff1d1",
]
HARMLESS = ["a=1", "1-2", "x@y", "(=1)", "A"]


def test_spreadsheet_profile_disarms_text_cells(tmp_path, make_spec):
    spec = make_spec({kind: kind for kind in ("category", "code", "string", "id", "text")} | {"n": "integer"})
    labels = tuple(DANGEROUS + HARMLESS)
    codes = np.arange(len(labels), dtype=np.int32)
    vectors = {name: Vector.full(codes, labels) for name in spec.columns} | {
        "n": Vector.full(-codes.astype(np.int64))
    }
    table = Table.from_vectors("t", spec, vectors)
    write(tmp_path / "a.csv", table, profile="spreadsheet")
    cells = read_table(tmp_path / "a.csv", "t", spec).table.data
    for kind in ("category", "code", "string", "id", "text"):
        assert cells[kind].to_pylist() == ["'" + text for text in DANGEROUS] + HARMLESS
    assert cells["n"].to_pylist() == [-number for number in range(len(labels))]
    write(tmp_path / "b.csv", table)
    assert read_table(tmp_path / "b.csv", "t", spec).table.data["id"].to_pylist() == list(labels)


def test_spreadsheet_profile_disarms_a_zero_byte(tmp_path, make_spec):
    """Which no reader here takes in."""
    spec = make_spec({"a": "string"})
    table = Table.from_vectors("t", spec, {"a": Vector.full(np.array([0], np.int32), ("\0=1",))})
    write(tmp_path / "a.csv", table, profile="spreadsheet")
    assert b'"\'\0=1"' in (tmp_path / "a.csv").read_bytes()


def test_spreadsheet_profile_disarms_the_header(tmp_path, make_spec):
    spec = make_spec({"=cmd": "integer"})
    write(
        tmp_path / "a.csv",
        Table.from_vectors("t", spec, {"=cmd": Vector.full(np.array([1]))}),
        profile="spreadsheet",
    )
    assert (tmp_path / "a.csv").read_text().startswith('"\'=cmd"')


def test_early_years_keep_four_digits(tmp_path, make_spec):
    spec = make_spec({"day": {"kind": "date", "format": "%Y/%m/%d %%Y"}})
    table = Table.from_vectors("t", spec, {"day": Vector.full(np.array([-719162, 0]))})
    write(tmp_path / "a.csv", table)
    assert "0001/01/01 %Y" in (tmp_path / "a.csv").read_text()


def test_unknown_suffix(tmp_path, table):
    with pytest.raises(ConfigError, match=r"\.parquet"):
        open_sink(tmp_path / "a.xlsx", table.spec)
    assert not (tmp_path / "a.xlsx").exists()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_at_the_end_leaves_no_file(tmp_path, table, monkeypatch, suffix):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    sink = open_sink(tmp_path / f"a{suffix}", table.spec)
    sink.write(table)
    with pytest.raises(OSError, match="No space left"):
        sink.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_while_writing_leaves_no_file(tmp_path, table, small_groups, suffix):
    sink = open_sink(tmp_path / f"a{suffix}", table.spec)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, sink._raw.fileno())
    os.close(full)
    with pytest.raises(OSError, match="No space left"):
        write_all(sink, [table] * 100)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_exception_of_the_caller_leaves_no_file(tmp_path, table, suffix):
    def interrupted():
        with open_sink(tmp_path / f"a{suffix}", table.spec) as sink:
            sink.write(table)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_are_synced_once_closed(tmp_path, table, monkeypatch, suffix):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), real(handle)))
    sink = open_sink(tmp_path / f"a{suffix}", table.spec)
    sink.write(table)
    sink.close()
    sink.close()
    assert len(synced) == 1


def test_a_header_that_cannot_be_written_leaves_no_file(tmp_path, table, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.csv.CSVWriter", full)
    with pytest.raises(OSError, match="No space left"):
        open_sink(tmp_path / "a.csv", table.spec)
    assert list(tmp_path.iterdir()) == []


def test_decimals_of_csv_are_exact(tmp_path, make_spec):
    spec = make_spec({"d": {"kind": "decimal", "scale": 9}})
    write(tmp_path / "a.csv", Table.from_vectors("t", spec, {"d": Vector.full(np.array([1, -(10**18) + 1]))}))
    cells = read_table(tmp_path / "a.csv", "t", spec).table.data["d"].to_pylist()
    assert cells == [Decimal("0.000000001"), Decimal("-999999999.999999999")]
