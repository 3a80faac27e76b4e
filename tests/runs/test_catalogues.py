"""An export in the words of catalogues: read by their own tools, and held against its card."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import partial
from pathlib import Path

import frictionless
import mlcroissant
import pyarrow.parquet as pq
import pytest

from synthrec import api
from synthrec.errors import BreachKind, ConfigError, VerificationError
from synthrec.release.card import read_card
from synthrec.release.card_files import card_files
from synthrec.release.signing.keys import SigningKey

HOSTILE = "<script>alert('1')</script> \"§~%20\""
"""A name with markup, quotes, blanks, and what stands for an escape in identifiers."""

SCHEMA = """
synthrec: 1
schema:
  name: clinic
  title: "<script>alert(1)</script> & visits"
  description: Visits to a clinic
  use: {licence: CC-BY-4.0, intended: testing, biases: [few rows], expires: 2999-12-31}
sources:
  house: {title: Codes of the house, licence: not to be handed on}
tables:
  patient:
    description: One row per person
    primary_key: [patient_id]
    person: patient_id
    max_rows_per_person: 1
    columns:
      patient_id: {kind: id, role: key, generate: {sequence: {prefix: P, width: 3}}}
      born:
        kind: date
        format: "%d/%m/%Y"
        domain: {min: 1950-01-01, max: 1999-12-31, source: public}
        generate: {date: {from: 1950-01-01, to: 1999-12-31}}
      sex:
        kind: category
        null: {allowed: true, codes: [unknown]}
        domain: {values: [F, M], source: public}
        generate: {category: {weights: {F: 1, M: 1}}, missing: {rate: 0.3}}
  visit:
    primary_key: [visit_id]
    foreign_keys: [{columns: [patient_id], references: patient}]
    person: {via: patient_id}
    max_rows_per_person: 5
    generate: {per: patient, count: {dist: {name: integers, low: 1, high: 3}}}
    columns:
      visit_id: {kind: id, role: key, generate: {sequence: {prefix: V, width: 4}}}
      patient_id: {kind: id, role: key, generate: {copy: patient.patient_id}}
      NAME:
        kind: decimal
        scale: 2
        unit: EUR
        description: "</script><b>"
        domain: {min: 0.5, max: 99.5, source: public}
        generate: {dist: {name: uniform, low: 1, high: 99}}
      code:
        kind: code
        system: house
        domain: {values: [HX1, HX2], source: public}
        generate: {category: {weights: {HX1: 1, HX2: 1}}}
  finding:
    primary_key: [finding_id]
    foreign_keys: [{columns: [visit_id], references: visit}]
    person: {via: visit_id}
    max_rows_per_person: 20
    generate: {per: visit, count: {dist: {name: integers, low: 0, high: 2}}}
    columns:
      finding_id: {kind: id, role: key, generate: {sequence: {prefix: F, width: 4}}}
      visit_id: {kind: id, role: key, generate: {copy: visit.visit_id}}
      seen: {kind: boolean, generate: {bernoulli: {p: 0.5}}}
      at: {kind: datetime, generate: {date: {from: 2024-01-01, to: 2024-12-31}}}
"""
BOTH = ("croissant", "frictionless")
TABLES = {"patient": "patient_id", "visit": "visit_id", "finding": "finding_id"}

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
"""From within mlcroissant's reader of JSON-LD."""


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "clinic.yaml"
    path.write_text(SCHEMA.replace("NAME:", json.dumps(HOSTILE) + ":"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def exports(schema, tmp_path_factory) -> dict[str, Path]:
    """The same records as Parquet, as CSV, and as both."""
    folder = tmp_path_factory.mktemp("exports")
    draw = partial(api.sample, schema, 20, seed=7, exports=BOTH, sign=SigningKey.fresh("steward", None))
    made = {
        name: draw(out=folder / name.replace(",", "-"), formats=tuple(name.split(",")))
        for name in ("parquet", "csv", "csv,parquet")
    }
    assert all(report.approved for report in made.values())
    return {name: folder / name.replace(",", "-") for name in made}


@pytest.fixture
def spoilt(exports, tmp_path) -> Path:
    """A copy of an export that a test may change; its signature is gone."""
    copy = Path(shutil.copytree(exports["csv"], tmp_path / "copy"))
    (copy / "card.dsse.json").unlink()
    return copy


def document(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_bytes())


# --- Croissant --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["parquet", "csv", "csv,parquet"])
def test_mlcroissant_finds_nothing_amiss_and_reads_every_record(exports, form):
    dataset = mlcroissant.Dataset(jsonld=str(exports[form] / "croissant.json"))
    assert dataset.metadata.ctx.is_v1_1()
    issues = dataset.metadata.ctx.issues
    assert (set(issues.errors), set(issues.warnings)) == (set(), set())
    for table, key in TABLES.items():
        read = list(dataset.records(table))
        wanted = pq.read_table(exports["parquet"] / f"{table}.parquet").column(key).to_pylist()
        assert [row[f"{table}/{key}"].decode() for row in read] == wanted


def test_cells_read_by_mlcroissant_are_those_of_the_file(exports):
    dataset = mlcroissant.Dataset(jsonld=str(exports["parquet"] / "croissant.json"))
    (column,) = (field["@id"] for field in _fields(exports["parquet"], "visit") if field["name"] == HOSTILE)
    read = [row[column] for row in dataset.records("visit")]
    wanted = pq.read_table(exports["parquet"] / "visit.parquet").column(HOSTILE).to_pylist()
    assert read == [float(value) for value in wanted]


def test_a_date_in_a_format_of_its_own_is_read_as_it_stands(exports):
    dataset = mlcroissant.Dataset(jsonld=str(exports["csv"] / "croissant.json"))
    read = [row["patient/born"].decode() for row in dataset.records("patient")]
    born = pq.read_table(exports["parquet"] / "patient.parquet").column("born").to_pylist()
    assert read == [day.strftime("%d/%m/%Y") for day in born]


def _fields(folder: Path, table: str) -> list[dict]:
    sets = {one["@id"]: one for one in document(folder, "croissant.json")["recordSet"]}
    return sets[table]["field"]


def test_keys_and_references_are_told(exports):
    sets = {one["@id"]: one for one in document(exports["csv"], "croissant.json")["recordSet"]}
    assert sets["visit"]["key"] == {"@id": "visit/visit_id"}
    references = {
        field["@id"]: (field["references"]["fileObject"]["@id"], field["references"]["extract"]["column"])
        for one in sets.values()
        for field in one["field"]
        if "references" in field
    }
    assert references == {
        "visit/patient_id": ("patient.csv", "patient_id"),
        "finding/visit_id": ("visit.csv", "visit_id"),
    }


def test_files_are_named_with_their_digests_and_so_is_the_card(exports):
    folder = exports["csv,parquet"]
    stated, card = document(folder, "croissant.json"), read_card(folder / "card.json")
    files = {one["contentUrl"]: one["sha256"] for one in stated["distribution"]}
    assert files == {subject.name: subject.sha256 for subject in card.subjects}
    assert stated["synthrec:cardId"] == card.card_id
    assert stated["synthrec:cardDigest"] == _digest(folder / "card.json")
    assert stated["license"] == "https://spdx.org/licenses/CC-BY-4.0"


def _digest(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


# --- Frictionless -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "csv,parquet"])
def test_frictionless_reads_the_package_and_every_row_keeps_its_schema(exports, form):
    report = frictionless.validate(str(exports[form] / "datapackage.json"))
    assert report.valid, report.flatten(["message"])
    assert {task.name: task.stats["rows"] for task in report.tasks} == {
        table: pq.read_metadata(exports["parquet"] / f"{table}.parquet").num_rows for table in TABLES
    }


@pytest.mark.parametrize("form", ["parquet", "csv", "csv,parquet"])
def test_the_descriptor_is_sound_whatever_the_format(exports, form):
    package = frictionless.Package.from_descriptor(str(exports[form] / "datapackage.json"))
    assert [resource.name for resource in package.resources] == list(TABLES)
    keys = package.get_resource("finding").schema.foreign_keys
    reference = {"resource": "visit", "fields": ["visit_id"]}
    assert keys == [{"fields": ["visit_id"], "reference": reference}]


def test_frictionless_finds_a_row_that_breaks_the_schema(spoilt):
    path = spoilt / "visit.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("P001", "P999", 1), encoding="utf-8")
    found = {note[0] for note in frictionless.validate(str(spoilt / "datapackage.json")).flatten(["type"])}
    assert {"foreign-key", "hash-count"} <= found


def test_both_files_of_a_table_are_named_with_digest_and_size(exports):
    folder = exports["csv,parquet"]
    named = {}
    for resource in document(folder, "datapackage.json")["resources"]:
        for one in (resource, resource["synthrec:parquet"]):
            named[one["path"]] = (one["hash"], one["bytes"])
    files = [path for path in folder.iterdir() if path.suffix in {".csv", ".parquet"}]
    assert named == {path.name: (_digest(path), path.stat().st_size) for path in files}


# --- what is told and what is not -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["croissant.json", "datapackage.json"])
def test_codes_of_a_code_system_are_not_listed(exports, name):
    text = (exports["csv"] / name).read_text(encoding="ascii")
    assert "HX1" not in text
    assert '"F"' in text or name == "croissant.json"


@pytest.mark.parametrize("name", ["croissant.json", "datapackage.json"])
def test_markup_in_names_is_inert(exports, name):
    content = (exports["csv"] / name).read_bytes()
    assert not {*b"<>&\x7f"} & {*content}
    assert HOSTILE in json.dumps(json.loads(content), ensure_ascii=False).replace('\\"', '"')


# --- held against the card --------------------------------------------------------------------------------


def test_files_for_catalogues_follow_from_the_card_as_it_is_read_again(exports):
    for folder in exports.values():
        files = card_files(read_card(folder / "card.json"))
        for name in ("croissant.json", "datapackage.json"):
            assert files[name] == (folder / name).read_bytes()


def breaches(folder: Path) -> set[tuple[BreachKind, str]]:
    with pytest.raises(VerificationError) as caught:
        api.verify_export(folder)
    return {(breach.kind, breach.where) for breach in caught.value.breaches}


@pytest.mark.parametrize("name", ["croissant.json", "datapackage.json"])
def test_any_changed_byte_is_found(spoilt, name):
    api.verify_export(spoilt)
    content = (spoilt / name).read_bytes()
    for place in range(0, len(content), len(content) // 5):
        changed = bytes([content[place] ^ 1])
        (spoilt / name).write_bytes(content[:place] + changed + content[place + 1 :])
        assert breaches(spoilt) == {(BreachKind.CHANGED_PAGE, name)}


def test_lines_in_another_order_are_found(spoilt):
    path = spoilt / "datapackage.json"
    first, second, *rest = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join((second, first, *rest)), encoding="utf-8")
    assert breaches(spoilt) == {(BreachKind.CHANGED_PAGE, "datapackage.json")}


def test_one_that_is_gone_is_found(spoilt):
    (spoilt / "croissant.json").unlink()
    assert breaches(spoilt) == {(BreachKind.CHANGED_PAGE, "croissant.json")}


def test_one_that_the_card_does_not_tell_of_is_found(schema, exports, tmp_path):
    api.sample(schema, 5, out=tmp_path / "out", seed=7, exports=("frictionless",))
    assert not (tmp_path / "out/croissant.json").exists()
    api.verify_export(tmp_path / "out")
    shutil.copy(exports["csv"] / "croissant.json", tmp_path / "out")
    assert breaches(tmp_path / "out") == {(BreachKind.ADDED_FILE, "croissant.json")}


# --- asking -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"exports": ("croisant",)}, "croissant and frictionless"),
        ({"exports": ("croissant", "croissant")}, "each once"),
        ({"exports": BOTH, "formats": ("csv",), "csv_profile": "spreadsheet"}, "spreadsheet"),
    ],
)
def test_what_cannot_be_described_is_refused(schema, tmp_path, leavings, options, found):
    with pytest.raises(ConfigError, match=found):
        api.sample(schema, 5, out=tmp_path / "out", **options)
    assert leavings() == set()


def test_the_option_is_given_at_once_or_several_times(schema, tmp_path, cli):
    for name, given in (
        ("a", ("--export", "croissant,frictionless")),
        ("b", ("--export", "frictionless", "--export", "croissant")),
    ):
        ran = cli(tmp_path / "home", "sample", schema, "-n", "5", *given, "-o", name)
        assert ran.code == 0, ran.err
        assert (tmp_path / name / "croissant.json").exists()
        assert (tmp_path / name / "datapackage.json").exists()
    ran = cli(tmp_path / "home", "sample", schema, "-n", "5", "--export", "croisant", "-o", "c")
    assert (ran.code, "croissant" in ran.err) == (2, True)
