"""The page on rules is true: its schema is sound, and its commands do what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from synthrec.cli.app import root
from synthrec.schema.fitted_checks import models
from synthrec.schema.load import parse_schema

PAGE = (Path(__file__).parents[1] / "docs" / "rules.md").read_text("utf-8")
SCHEMAS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^synthrec (.*?)\s{2,}\d  ", PAGE, re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "opioid.yaml").write_text(SCHEMAS[0], "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "home"))
    return tmp_path


def test_five_commands_from_nothing_to_a_linked_data_set(folder):
    assert len(COMMANDS) == 5
    shown = []
    for command in COMMANDS:
        small = command.replace("-n 100000", "-n 300 --set cases=25").split()
        files = [str(path) for path in sorted(folder.glob("out/*.parquet"))]
        words = [part for word in small for part in (files if word == "out/*.parquet" else [word])]
        done = CliRunner().invoke(root, words)
        assert done.exit_code == 0, done.output
        shown.append(done.output)
    assert "no hints" in shown[0]
    assert "opioid_use_disorder" in shown[1]
    assert "Claims denials" in shown[4]
    members = pq.read_table(folder / "out" / "member.parquet")
    assert members.num_rows == 300
    assert pc.sum(members["opioid_use_disorder"]).as_py() == 25
    claims = pq.read_table(folder / "out" / "claim.parquet")
    assert set(claims["coverage_id"].to_pylist()) <= set(
        pq.read_table(folder / "out" / "coverage.parquet")["coverage_id"].to_pylist()
    )


def test_the_schema_with_fitted_columns_is_sound():
    (_, filled) = SCHEMAS
    assert models(parse_schema(filled)) == {"person": {"who": "../models/adult"}}
