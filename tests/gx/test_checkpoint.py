"""What Airflow's operator is handed: the checkpoint of an export, or a refusal where it was weakened."""

import json
import os

import pandas as pd
import pytest

import synthrec.gx
from synthrec.errors import ConfigError, VerificationError
from synthrec.gx.library import library, quiet


def opened(folder):
    return library().get_context(mode="file", project_root_dir=str(folder))


def test_the_checkpoint_runs_wherever_the_process_works(spoilt, tmp_path, monkeypatch):
    export, elsewhere = spoilt, tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    before = (export / "gx/great_expectations.yml").read_bytes()
    with quiet():
        checkpoint = synthrec.gx.configure_checkpoint(opened(export))
        result = checkpoint.run(batch_parameters={})
    assert result.success
    assert result.describe_dict()["statistics"]["evaluated_validations"] == 2
    assert (export / "gx/great_expectations.yml").read_bytes() == before
    assert list(elsewhere.iterdir()) == []


def test_a_dropped_expectation_is_refused(spoilt):
    path = spoilt / "gx/expectations/stay.json"
    suite = json.loads(path.read_text())
    del suite["expectations"][0]
    path.write_text(json.dumps(suite))
    with quiet(), pytest.raises(VerificationError, match="card verify"):
        synthrec.gx.configure_checkpoint(opened(spoilt))


def test_a_context_of_something_else_is_refused(tmp_path):
    with quiet():
        contexts = [opened(tmp_path), library().get_context(mode="ephemeral")]
    for context in contexts:
        with pytest.raises(ConfigError, match="project_root_dir=EXPORT"):
            synthrec.gx.configure_checkpoint(context)


def test_the_context_of_the_process_stays_its_own(export, ward):
    with quiet():
        theirs = library().get_context(mode="ephemeral")
    frame = pd.read_parquet(export / "patient.parquet", dtype_backend="numpy_nullable")
    assert synthrec.gx.check_private(synthrec.gx.suite_of(ward, "patient"), frame)
    assert library().data_context.data_context.context_factory.project_manager.get_current_project() is theirs


def test_telemetry_is_off(export):
    with quiet():
        assert opened(export).variables.analytics_enabled is False
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
