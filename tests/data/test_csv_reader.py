"""CSV files: dialects, structure, headers."""

from __future__ import annotations

import codecs
import gzip

import pytest

from synthrec.data.sources import read_table
from synthrec.errors import ConfigError, InputError


@pytest.fixture
def spec(make_spec):
    return make_spec({"age": "integer", "city": "category"})


def rows(reading):
    return reading.table.data.to_pylist()


EXPECTED = [{"age": 3, "city": "Köln"}, {"age": None, "city": 'a"b\nc'}]
TEXT = 'age,city\n3,Köln\n,"a""b\nc"\n'


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (TEXT.encode(), "',' (detected), encoding utf-8 (detected)"),
        (TEXT.replace("\n3", "\r\n3").encode(), "',' (detected), encoding utf-8 (detected)"),
        (codecs.BOM_UTF8 + TEXT.encode(), "encoding utf-8 (byte order mark)"),
        (TEXT.encode("utf-16"), "encoding utf-16 (byte order mark)"),
        (TEXT.encode("cp1252"), "encoding windows-1252 (detected: not UTF-8)"),
        (TEXT.replace(",", ";").encode(), "';' (detected)"),
        (TEXT.replace(",", "\t").encode(), r"'\t' (detected)"),
        (TEXT.replace(",", "|").encode(), "'|' (detected)"),
        (gzip.compress(TEXT.encode(), mtime=0), "',' (detected)"),
        (b"\n\n" + TEXT.encode(), "',' (detected)"),
    ],
)
def test_dialects_read_the_same(read_csv_text, spec, content, note):
    reading = read_csv_text(content, spec)
    assert rows(reading) == EXPECTED
    assert note in reading.notes[0]


def test_stated_dialect(read_csv_text, spec):
    reading = read_csv_text(TEXT.replace(",", ":").encode("latin-1"), spec, delimiter=":", encoding="latin-1")
    assert rows(reading) == EXPECTED
    assert "':' (stated), encoding latin-1 (stated)" in reading.notes[0]


def test_stated_utf8_takes_a_byte_order_mark(read_csv_text, spec):
    assert rows(read_csv_text(codecs.BOM_UTF8 + TEXT.encode(), spec, encoding="utf-8")) == EXPECTED


@pytest.mark.parametrize(
    "options", [{"delimiter": ",,"}, {"delimiter": '"'}, {"encoding": "klingon"}, {"encoding": "base64"}]
)
def test_impossible_dialect(read_csv_text, spec, options):
    with pytest.raises(ConfigError):
        read_csv_text(TEXT, spec, **options)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], "the gzip file is damaged"),
        (b'age,city\n3,"x\n4,y\n', "the file is not well-formed CSV from this line on"),
        (b"age,city\n3,x,9\n4\n5,y\n", "not 2 cells as in the header: 2 rows (rows 1, 2)"),
        (b"1,Rome\n2,Oslo\n", "none of the schema's columns is named"),
        (b"age,city,age\n1,a,2\n", "2 columns have this name"),
        (b"age,citty\n1,a\n", "the column is missing"),
        (b"PAR1 but no parquet", "not a readable Parquet file"),
    ],
)
def test_broken_files(read_csv_text, faults_of, spec, content, found):
    assert [fault.split(": ", 1)[1] for fault in faults_of(lambda: read_csv_text(content, spec))] == [found]


def test_undecodable_bytes_name_the_line(read_csv_text, spec):
    with pytest.raises(InputError) as caught:
        read_csv_text(b"age,city\n3,x\n4,\xff\n", spec, encoding="utf-8")
    (fault,) = caught.value.faults
    assert (fault.line, fault.found) == (3, "bytes that are no text in utf-8-sig")


def test_binary_is_not_taken_for_windows_1252(read_csv_text, faults_of, spec):
    assert faults_of(lambda: read_csv_text(b"age,city\n\x00\xff\x01\n", spec))


@pytest.mark.parametrize("written", ["citty", "CITY", " City"])
def test_misspelt_column_gets_a_suggestion(read_csv_text, spec, written):
    with pytest.raises(InputError, match=f"rename {written} to city"):
        read_csv_text(f"age,{written}\n1,a\n", spec)


def test_extra_columns_are_left_out_with_a_note(read_csv_text, spec):
    reading = read_csv_text("x,age,x,city,y\n0,1,0,a,0\n", spec)
    assert rows(reading) == [{"age": 1, "city": "a"}]
    assert reading.notes[1].endswith("left out 2 columns that are not in the schema: x, y")


def test_all_faults_at_once_with_right_row_numbers(read_csv_text, faults_of, make_spec):
    spec = make_spec({"age": "integer", "day": {"kind": "date", "null": {}}})
    text = "age,day\nx,2024-01-01\n1\n2,\nx,never\n"
    assert faults_of(lambda: read_csv_text(text, spec)) == [
        ": not 2 cells as in the header: 1 row (row 2)",
        "t.age: not a number: 2 cells (rows 1, 4)",
        "t.day: missing where the schema allows no missing value: 1 cell (row 3)",
        "t.day: not a date or time in the column's format: 1 cell (row 4)",
    ]


@pytest.mark.parametrize("text", ["age,city\n", "age,city"])
def test_header_alone_is_a_table_without_rows(read_csv_text, spec, text):
    table = read_csv_text(text, spec).table
    assert len(table) == 0
    assert table.vector("city").levels == ()


def test_one_column_keeps_its_missing_cells(read_csv_text, make_spec):
    assert len(read_csv_text("age\n1\n\n\n2\n", make_spec({"age": "integer"})).table) == 4


def test_files_are_read_one_after_the_other(tmp_path, spec):
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    paths[0].write_text("age,city\n1,b\n")
    paths[1].write_text("city;age\na;2\n")
    reading = read_table(paths, "t", spec)
    assert rows(reading) == [{"age": 1, "city": "b"}, {"age": 2, "city": "a"}]
    assert len(reading.notes) == 2


def test_faults_of_all_files_at_once(tmp_path, spec):
    (tmp_path / "a.csv").write_text("age,city\nx,b\n")
    with pytest.raises(InputError) as caught:
        read_table([tmp_path / "a.csv", tmp_path / "gone.csv", tmp_path], "t", spec)
    found = sorted((fault.file.removeprefix(str(tmp_path)), fault.found) for fault in caught.value.faults)
    assert found == [
        ("", "it is a folder"),
        ("/a.csv", "not a number: 1 cell (row 1)"),
        ("/gone.csv", "there is no such file"),
    ]


def test_a_quote_inside_an_unquoted_cell_is_a_letter(read_csv_text, make_spec):
    spec = make_spec({"size": "category", "n": "integer"})
    assert read_csv_text('size,n\n5" pipe,1\n', spec).table.data.to_pylist() == [{"size": '5" pipe', "n": 1}]


def test_person_may_not_be_missing_even_where_null_is_allowed(read_csv_text, faults_of, make_spec):
    spec = make_spec({"who": "id", "n": "integer"}, one_row_per_person=False, person="who")
    faults = faults_of(lambda: read_csv_text("who,n\na,1\n,2\n", spec))
    assert faults == ["t.who: missing in the column that says whose row it is: 1 cell (row 2)"]


def test_no_files_at_all(faults_of, spec):
    assert faults_of(lambda: read_table([], "t", spec)) == ["t: no files are given"]
