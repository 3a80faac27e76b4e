"""Records that are there twice would blind the copy tests: nobody would be alone with any value."""

from __future__ import annotations

import pytest

from synthrec import api
from synthrec.errors import ConfigError, InputError

NAMELESS = """\
synthrec: 1
schema: {name: small, version: 1.0.0}
tables:
  people:
    one_row_per_person: true
    columns:
      age: {kind: integer, domain: {min: 0, max: 99, source: public}}
      sex: {kind: category, domain: {values: [F, M], source: public}}
      score: {kind: float, precision: 0.1, domain: {min: 0, max: 20, source: public}}
"""


@pytest.fixture
def nameless(tmp_path):
    path = tmp_path / "nameless.yaml"
    path.write_text(NAMELESS)
    return path


def test_a_file_given_twice_is_refused(small, tmp_path, leavings):
    again = small.data.parent / "." / small.data.name
    with pytest.raises(ConfigError, match="given twice"):
        api.fit(small.schema, [small.data, again], out=tmp_path / "model", home=small.home)
    assert leavings() == set()


def test_records_given_twice_are_refused(small, nameless, people, tmp_path):
    path = people(tmp_path / "people.csv", 300)
    copy = tmp_path / "copy.csv"
    copy.write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="give each record once"):
        api.fit(nameless, [path, copy], out=tmp_path / "model", home=small.home)
    assert not (tmp_path / "model").exists()


def test_a_holdout_of_training_records_is_refused(small, nameless, people, tmp_path, cli):
    path = people(tmp_path / "people.csv", 300)
    arguments = ("--schema", nameless, "--train", path, "--holdout", path)
    ran = cli(small.home, "audit", path, *arguments)
    assert ran.code == 2
    assert "rows of the holdout that are in the training data too: " in ran.err
