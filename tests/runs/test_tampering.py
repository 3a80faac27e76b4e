"""A model, schema or approval that was changed is not drawn from."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from synthrec import api
from synthrec.errors import VerificationError


def edit(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))


def tensors(path):
    arrays = load_file(path)
    name = next(name for name, array in arrays.items() if array.dtype.kind == "f" and array.size > 1)
    arrays[name] = arrays[name] * np.float64(0.999)
    save_file(arrays, path)


CHANGES = {
    "approved rows": lambda m: edit(m / "approval.json", lambda d: d.update(rows=d["rows"] + 1)),
    "approved seed": lambda m: edit(m / "approval.json", lambda d: d.update(seed=1)),
    "approved policy": lambda m: edit(
        m / "approval.json", lambda d: d.update(policy_digest="sha256:" + 64 * "0")
    ),
    "attempt": lambda m: edit(m / "approval.json", lambda d: d.update(attempt=2)),
    "mac": lambda m: edit(m / "approval.json", lambda d: d.update(mac="hmac-sha256:" + 64 * "0")),
    "approval key": lambda m: edit(m / "approval.json", lambda d: d.update(note="fine")),
    "approval text": lambda m: (m / "approval.json").write_text("{}"),
    "approval cut": lambda m: (m / "approval.json").write_bytes((m / "approval.json").read_bytes()[:-9]),
    "manifest": lambda m: edit(m / "manifest.json", lambda d: d.update(persons="5 to 9")),
    "manifest format": lambda m: edit(m / "manifest.json", lambda d: d.update(format=2)),
    "holdout share": lambda m: edit(m / "manifest.json", lambda d: d["holdout"].update(share=0.3)),
    "fingerprint": lambda m: edit(
        m / "manifest.json", lambda d: d.update(source_fingerprint="hmac-sha256:" + 64 * "0")
    ),
    "generator": lambda m: edit(m / "manifest.json", lambda d: d.update(generator="gan")),
    "schema": lambda m: (m / "schema.yaml").write_text(
        (m / "schema.yaml").read_text().replace("max: 115", "max: 116")
    ),
    "tensors": lambda m: tensors(m / "model.safetensors"),
    "tensors cut": lambda m: (m / "model.safetensors").write_bytes(
        (m / "model.safetensors").read_bytes()[:-8]
    ),
    "a file more": lambda m: (m / "model.pkl").write_bytes(b""),
    "a file less": lambda m: (m / "schema.yaml").unlink(),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_changed_model_is_not_drawn_from(admissions, copy_of, tmp_path, leavings, case):
    model = copy_of(admissions)
    CHANGES[case](model)
    with pytest.raises(VerificationError):
        api.sample(model, 10, out=tmp_path / "out", home=admissions.home)
    assert leavings() == {"copied-model"}


@pytest.mark.parametrize("case", ["approved rows", "manifest", "tensors"])
def test_the_command_says_so_with_exit_code_5(admissions, copy_of, cli, case):
    model = copy_of(admissions)
    CHANGES[case](model)
    for command in (
        ("sample", model, "-n", "10", "-o", "out"),
        ("sample", model, "-n", "10", "--draft", "-o", "out"),
        ("sample", model, "-n", "10", "--real", admissions.data, "-o", "out"),
        ("audit", model, "--real", admissions.data),
    ):
        ran = cli(admissions.home, *command, "--json")
        assert ran.code == 5, command
        assert ran.document["error"]["type"] == "VerificationError"


def test_an_approval_is_for_its_own_model_only(admissions, small, copy_of, tmp_path):
    """Both were signed under the same key."""
    model = copy_of(small)
    shutil.copy(admissions.model / "approval.json", model / "approval.json")
    with pytest.raises(VerificationError, match="another model"):
        api.sample(model, 10, out=tmp_path / "out", home=small.home)
