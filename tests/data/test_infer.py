import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthrec.data.infer import infer_schema
from synthrec.data.sources import read_table
from synthrec.errors import InputError
from synthrec.schema.load import parse_schema

ROWS = 600


@pytest.fixture
def rng():
    return np.random.default_rng(12)


@pytest.fixture
def drafted(tmp_path):
    """The draft of a CSV file from columns of texts, and the spec that it loads as; the file must read."""

    def make(columns, delimiter=","):
        path = tmp_path / "clinic visits-2024.csv"
        names = list(columns)
        lines = [names, *zip(*columns.values(), strict=True)]
        quoted = (delimiter.join(f'"{cell}"' if cell != "" else "" for cell in line) for line in lines)
        path.write_text("\n".join(quoted) + "\n", "utf-8")
        draft = infer_schema(path)
        schema = parse_schema(draft)
        name, spec = schema.only_table
        assert len(read_table(path, name, spec).table) == len(lines) - 1
        return draft, spec

    return make


def column(drafted, name, cells):
    draft, spec = drafted({name: [str(cell) for cell in cells], "n": ["1.5", "2.5"] * (len(cells) // 2)})
    return draft, spec.columns[name]


def repeat(*cells):
    return [cells[n % len(cells)] for n in range(ROWS)]


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("age", [str(20 + n % 60) for n in range(ROWS)], "integer"),
        ("sex", repeat("1", "2"), "category"),
        ("ward", repeat("north", "south"), "category"),
        ("diag", [f"C{n % 90}" for n in range(ROWS)], "code"),
        ("zip", [f"{n % 100:05d}" for n in range(ROWS)], "code"),
        ("drug_code", [str(100 + n % 70) for n in range(ROWS)], "code"),
        ("alive", repeat("true", "FALSE"), "boolean"),
        ("temperature", [f"{36 + n % 60 / 10:.1f}" for n in range(ROWS)], "float"),
        ("ratio", [repr(n / 7) for n in range(ROWS)], "float"),
        ("amount", [f"{n * 1.37:.2f}" for n in range(ROWS)], "decimal"),
        ("seen", [str(dt.date(2020, 1, 1) + dt.timedelta(n)) for n in range(ROWS)], "date"),
        ("at", [f"2020-01-{1 + n % 28:02d}T10:{n % 60:02d}:00" for n in range(ROWS)], "datetime"),
        ("when", [f"2020-01-{1 + n % 28:02d}T10:{n % 60:02d}:00Z" for n in range(ROWS)], "datetime"),
        ("visit_id", [f"V{n}" for n in range(ROWS)], "id"),
        ("row", [str(n) for n in range(ROWS)], "id"),
        ("token", [f"{n:08x}-0000-4000-8000-000000000000" for n in range(ROWS)], "id"),
        ("remark", [f"the patient said so {n} times" for n in range(ROWS)], "text"),
        ("alias", [chr(97 + n % 26) * (1 + n // 26) for n in range(ROWS)], "string"),
        ("empty", [""] * ROWS, "category"),
    ],
)
def test_kinds(drafted, name, cells, kind):
    assert column(drafted, name, cells)[1].kind == kind


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        ([f"{1 + n % 28:02d}/{1 + n % 12:02d}/2020" for n in range(ROWS)], "%d/%m/%Y"),
        ([f"{1 + n % 12:02d}/{1 + n % 28:02d}/2020" for n in range(ROWS)], "%m/%d/%Y"),
        ([f"{1 + n % 28:02d}.{1 + n % 12:02d}.2020" for n in range(ROWS)], "%d.%m.%Y"),
        ([f"2020{1 + n % 12:02d}{1 + n % 28:02d}" for n in range(ROWS)], "%Y%m%d"),
    ],
)
def test_date_formats(drafted, cells, form):
    draft, found = column(drafted, "admission_date", cells)
    assert (found.kind, found.format) == ("date", form)
    assert "also reads as" not in draft


def test_an_ambiguous_date_format_is_said(drafted):
    cells = [f"{1 + n % 12:02d}/{1 + n % 12:02d}/2020" for n in range(ROWS)]
    assert "also reads as %m/%d/%Y" in column(drafted, "admitted", cells)[0]


@pytest.mark.parametrize(
    ("name", "cells", "role"),
    [
        ("Email", [f"p{n}@example.org" for n in range(ROWS)], "direct_identifier"),
        ("contact", [f"p{n}@example.org" for n in range(ROWS)], "direct_identifier"),
        ("patientName", repeat("Ann Smith", "Bob Jones"), "direct_identifier"),
        ("last_name", repeat("Smith", "Jones"), "direct_identifier"),
        ("brand_name", repeat("aspirin", "ibuprofen"), "attribute"),
        ("contact", [f"01234-{n:05d}" for n in range(ROWS)], "direct_identifier"),
        ("area", repeat("25-00503", "25-00703"), "attribute"),
        ("phone", [f"+44 20 7946 {n:04d}" for n in range(ROWS)], "direct_identifier"),
        ("gender", repeat("F", "M"), "quasi_identifier"),
        ("BirthDate", [str(dt.date(1950, 1, 1) + dt.timedelta(n)) for n in range(ROWS)], "quasi_identifier"),
        ("salary", [str(1000 + 7 * n) for n in range(ROWS)], "sensitive"),
        ("visit_id", [f"V{n}" for n in range(ROWS)], "key"),
        ("colour", repeat("red", "blue"), "attribute"),
    ],
)
def test_roles(drafted, name, cells, role):
    assert column(drafted, name, cells)[1].role == role


def test_missing_codes_are_active_where_numbers_need_them(drafted):
    cells = [str(n) if n % 5 else "NA" for n in range(ROWS)]
    found = column(drafted, "score", cells)[1]
    assert found.kind == "integer"
    assert found.null.codes == ("NA",)


def test_words_that_may_be_values_are_only_proposed(drafted):
    draft, found = column(drafted, "country", repeat("NA", "DE", "FR"))
    assert found.domain.labels == ("DE", "FR", "NA")
    assert '# null: {allowed: true, codes: ["NA"]}' in draft


def test_a_question_mark_is_missing_anywhere(drafted):
    found = column(drafted, "ward", repeat("?", "north", "south"))[1]
    assert found.null.codes == ("?",)
    assert found.domain.labels == ("north", "south")


def test_minus_nine_is_proposed_where_all_else_is_positive(drafted):
    cells = [str(n % 90) if n % 10 else "-9" for n in range(ROWS)]
    assert '# null: {allowed: true, codes: ["-9"]}' in column(drafted, "score", cells)[0]
    plain = [str(n % 90 - 20) for n in range(ROWS)]
    assert "# null" not in column(drafted, "score", plain)[0]


def test_everything_learned_is_marked(drafted, rng):
    spec = drafted({"a": [str(n) for n in rng.integers(0, 99, ROWS)], "b": repeat("x", "y")})[1]
    assert {found.domain.source for found in spec.columns.values()} == {"learned"}


def test_bounds_come_from_the_eleventh_person_and_are_round(drafted):
    cells = [str(1000 + 3 * n) for n in range(ROWS - 10)] + ["999999"] * 10
    domain = column(drafted, "score", cells)[1].domain
    assert domain.min == 1000
    assert 2767 <= domain.max <= 2850


def test_rare_categories_are_not_listed(drafted):
    cells = ["often"] * (ROWS - 10) + ["secretly rare"] * 10
    draft, found = column(drafted, "ward", cells)
    assert found.domain.labels == ("often",)
    assert "secretly" not in draft


def test_heaps_and_heavy_tails(drafted, rng):
    wide = np.rint(np.exp(rng.normal(7, 2, ROWS))).astype(int)
    wide[:200] = 0
    wide[200:240] = 5000
    found = column(drafted, "score", [str(cell) for cell in wide])[1]
    assert [int(heap) for heap in found.heaps] == [0, 5000]
    assert found.grid == "asinh"


def test_few_points_need_neither(drafted):
    found = column(drafted, "score", [str(n % 100) for n in range(ROWS)])[1]
    assert (found.heaps, found.grid, found.precision) == ((), "uniform", None)


@pytest.mark.parametrize(
    ("name", "cells", "precision"),
    [
        ("score", [str(250 * (n % 90)) for n in range(ROWS)], 50),
        ("temperature", [f"{36 + n % 60 / 20:.2f}" for n in range(ROWS)], 0.05),
        ("amount", [f"{n * 5}.50" for n in range(ROWS)], 0.5),
        ("at", [f"2020-01-{1 + n % 28:02d} {n % 24:02d}:00:00" for n in range(ROWS)], 3600),
    ],
)
def test_precision_is_the_largest_round_step(drafted, name, cells, precision):
    assert float(column(drafted, name, cells)[1].precision) == precision


def test_person_is_proposed_and_counted(drafted):
    cells = {
        "encounter_id": [f"E{n}" for n in range(ROWS)],
        "patient_nbr": [str(7_000 + n % 60) for n in range(ROWS)],
        "ward": ["rare" if n % 60 < 5 else "often" for n in range(ROWS)],
    }
    draft, spec = drafted(cells)
    assert spec.person == "patient_nbr"
    assert spec.primary_key == ("encounter_id",)
    assert spec.max_rows_per_person == 10
    assert spec.columns["ward"].domain.labels == ("often",)
    assert "7003" not in draft


def test_identifiers_of_few_persons_are_no_categories(drafted):
    draft, spec = drafted({"patient": repeat("Pa", "Pb", "Pc"), "ward": repeat("a", "b", "c")})
    assert spec.columns["patient"].kind == "id"
    assert spec.person == "patient"
    assert '"Pa"' not in draft


def test_without_a_person_the_steward_must_confirm(drafted):
    draft, spec = drafted({"ward": repeat("a", "b")})
    assert spec.one_row_per_person
    assert "confirm" in draft


def test_no_cell_of_a_near_unique_column_appears(drafted, rng):
    numbers = [int(cell) for cell in rng.integers(10**8, 10**9, ROWS)]
    columns = {
        "name": [f"Zyx{n}" for n in range(ROWS)],
        "remark": [f"Qwv{n} came in with pain" for n in range(ROWS)],
        "alias": [f"Kjh{'i' * (n % 30)}{n}" for n in range(ROWS)],
        "weight": [str(number) for number in numbers],
        "ward": [f"Bnm{n}" if n % 3 == 0 else "north" for n in range(ROWS)],
    }
    draft = drafted(columns)[0]
    assert not [mark for mark in ("Zyx", "Qwv", "Kjh", "Bnm") if mark in draft]
    assert not [number for number in numbers if str(number) in draft]


def test_awkward_names_and_labels_survive_the_yaml(drafted):
    labels = [
        "no",
        "null",
        "1.0",
        "  spaced  twice ",
        "a: b #c",
        "it's",
        "çé",
        "007",
        "{x}",
        "😀",
        "שלום",
        "\u2028",
    ]
    names = ["yes", "2", "a b", "x:y", "#h", "null", "ünit", "😀", "שם"]
    spec = drafted({name: repeat(*labels) for name in names}, delimiter=";")[1]
    assert list(spec.columns) == names
    assert all(set(found.domain.labels) == set(labels) for found in spec.columns.values())


def test_name_is_made_from_the_file_or_given(tmp_path):
    path = tmp_path / "2024 Visits.final.csv.gz"
    path.write_text("a\nx\n", "utf-8")
    assert parse_schema(infer_schema(path)).info.name == "t_2024_visits_final"
    assert parse_schema(infer_schema(path, name="visits")).info.name == "visits"


@pytest.mark.parametrize("rows", [1, 5, 20])
def test_few_rows_teach_nothing_but_kinds(tmp_path, rows):
    path = tmp_path / "few.csv"
    path.write_text("a,b\n" + "".join(f"{n}.5,x\n" for n in range(rows)), "utf-8")
    spec = parse_schema(infer_schema(path)).only_table[1]
    assert spec.columns["a"].kind == "float"
    assert (spec.columns["a"].domain.min is None) == (rows < 11)


@pytest.mark.parametrize(
    "content", ["", "a,b\n", "5,6\n1,2\n3,4\n", "a,,c\n1,2,3\n", "a,a\n1,2\n", "a,b\n1,2,3\n"]
)
def test_files_without_a_usable_table_are_refused(tmp_path, content):
    path = tmp_path / "bad.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(InputError) as caught:
        infer_schema(path)
    assert all(fault.repair for fault in caught.value.faults)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        infer_schema(tmp_path / "nowhere.csv")


def test_a_file_without_header_does_not_turn_a_record_into_names(tmp_path):
    path = tmp_path / "records.csv"
    path.write_text("Ann,34,1200\nBob,56,900\n", "utf-8")
    with pytest.raises(InputError) as caught:
        infer_schema(path)
    assert "Ann" not in str(caught.value)


def test_integers_beyond_exact_numbers_are_identifiers(drafted, rng):
    cells = 2**53 + rng.integers(1, 10**9, ROWS)
    assert column(drafted, "beyond", cells)[1].kind == "id"


@pytest.mark.parametrize("size", [1e-200, 1e20, 1e308])
def test_bounds_of_any_size_load(drafted, rng, size):
    found = column(drafted, "level", size * rng.random(ROWS))[1]
    assert found.kind == "float"
    assert found.domain.min < found.domain.max


def test_a_parquet_file_with_nested_cells_is_drafted(tmp_path):
    pq.write_table(
        pa.table({"nested": [{"a": 1}] * 20, "listed": [[1, 2]] * 20}), tmp_path / "nested.parquet"
    )
    assert set(parse_schema(infer_schema(tmp_path / "nested.parquet")).only_table[1].columns) == {
        "nested",
        "listed",
    }


def test_parquet_types(tmp_path, rng):
    days = [dt.date(2020, 1, 1) + dt.timedelta(int(n)) for n in rng.integers(0, 900, ROWS)]
    moments = [
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=int(n))
        for n in rng.integers(0, 10**8, ROWS)
    ]
    data = pa.table(
        {
            "flag": pa.array(rng.random(ROWS) < 0.5),
            "count": pa.array(rng.integers(0, 500, ROWS)),
            "whole": pa.array(rng.integers(0, 500, ROWS).astype(float)),
            "level": pa.array(rng.normal(0, 1, ROWS)),
            "cost": pa.array([Decimal(int(n)).scaleb(-2) for n in rng.integers(0, 10**6, ROWS)]),
            "day": pa.array(days),
            "start_date": pa.array([int(day.strftime("%Y%m%d")) for day in days]),
            "moment": pa.array(moments, pa.timestamp("us", tz="Europe/Berlin")),
            "ward": pa.array(rng.choice(["a", "b"], ROWS)).dictionary_encode(),
        }
    )
    path = tmp_path / "typed.parquet"
    pq.write_table(data, path)
    name, spec = parse_schema(infer_schema(path)).only_table
    kinds = {key: found.kind for key, found in spec.columns.items()}
    assert kinds["flag"] == "boolean"
    assert kinds["count"] == kinds["whole"] == "integer"
    assert kinds["level"] == "float"
    assert kinds["day"] == "date"
    assert kinds["moment"] == "datetime"
    assert kinds["ward"] == "category"
    assert len(read_table(path, name, spec).table) == ROWS
