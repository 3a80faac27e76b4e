"""Files against a schema: types, domains, keys, references and row constraints."""

from __future__ import annotations

import gzip

import pytest

from synthrec import api
from synthrec.assets import asset
from synthrec.errors import ConfigError, InputError

PATIENTS, ADMISSIONS = "inpatient/patient.csv.gz", "inpatient/admission.csv.gz"


def sample_lines(name):
    return gzip.decompress(asset("sample_data", name).read_bytes()).decode().splitlines()


@pytest.fixture
def stays(tmp_path):
    """``stays(patients=edit, admissions=edit)``: files of the first 300 patients and their stays, edited."""

    def write(patients=list, admissions=list):
        roots = sample_lines(PATIENTS)[:301]
        known = {line.split(",")[0] for line in roots}
        header, *children = sample_lines(ADMISSIONS)
        theirs = [header, *(line for line in children if line.split(",")[1] in known)]
        paths = [tmp_path / "patient.csv", tmp_path / "admission.csv"]
        for path, lines in zip(paths, (patients(roots), admissions(theirs)), strict=True):
            path.write_text("\n".join(lines) + "\n")
        return paths

    return write


def broken(report):
    return {
        finding.measure: finding.verdict for finding in report.decision.findings if finding.verdict != "pass"
    }


def test_good_files_pass(admissions, stays):
    assert api.validate(admissions.data, "admissions_flat").approved
    assert api.validate(stays(), "inpatient").approved


def test_a_value_outside_its_domain_is_found_and_not_shown(small, tmp_path, cli):
    path = tmp_path / "people.csv"
    path.write_text(small.data.read_text().replace(",F,", ",8675309,", 1))
    ran = cli(small.home, "validate", path, "--schema", small.schema, "--json")
    assert ran.code == 3
    assert ran.document["decision"]["verdict"] == "fail"
    assert "8675309" not in ran.out + ran.err


def test_files_without_rows_are_no_pass(small, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(small.data.read_text().splitlines()[0] + "\n")
    with pytest.raises(InputError, match="no rows to check"):
        api.validate(path, small.schema)


def test_a_repeated_key_is_found(admissions, tmp_path):
    lines = sample_lines("admissions_flat.csv.gz")
    path = tmp_path / "stays.csv"
    path.write_text("\n".join([*lines[:100], lines[1]]) + "\n")
    report = api.validate(path, "admissions_flat")
    assert set(broken(report)) == {"violations"}


def test_a_broken_constraint_is_found(admissions, tmp_path):
    lines = sample_lines("admissions_flat.csv.gz")[:500]
    delivered = next(line for line in lines if ',"O80",' in line)
    path = tmp_path / "stays.csv"
    path.write_text("\n".join([*lines, delivered.replace('"F"', '"M"').replace('"A0', '"B0')]) + "\n")
    report = api.validate(path, "admissions_flat")
    assert set(broken(report)) == {"constraint_violations"}


def test_a_row_without_its_parent_is_found(stays):
    files = stays(patients=lambda lines: lines[:-1])
    report = api.validate(files, "inpatient")
    failed = {finding.result.check for finding in report.decision.findings if finding.verdict != "pass"}
    assert failed == {"conformity.admission"}


@pytest.mark.parametrize("names", [["patient.csv"], ["patient.csv", "admission.csv", "bill.csv"]])
def test_files_of_several_tables_are_told_apart_by_name(stays, tmp_path, names):
    stays()
    (tmp_path / "bill.csv").write_text("a\n1\n")
    with pytest.raises(ConfigError, match="by name"):
        api.validate([tmp_path / name for name in names], "inpatient")


def test_cells_that_are_not_of_their_type_are_input_faults(small, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(small.data.read_text().replace(",F,", ",F,x", 3))
    with pytest.raises(InputError, match="score"):
        api.validate(path, small.schema)
