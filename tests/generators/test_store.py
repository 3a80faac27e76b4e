"""Models as folders: they come back equal, and nothing damaged, foreign or oversized is believed."""

import datetime as dt
import json
import os
import pickle
import stat

import numpy as np
import pytest
from safetensors.numpy import load, save

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.errors import ConfigError, InternalError, VerificationError
from synthrec.generators import store
from synthrec.generators.manifest import Holdout, Manifest, parse_manifest
from synthrec.generators.registry import generator
from synthrec.generators.store import MANIFEST, SCHEMA, TENSORS, read_model, write_model
from synthrec.rng import Streams
from synthrec.schema.load import parse_schema
from synthrec.schema.vector import Vector

TEXT = """
synthrec: 1
schema: {name: clinic, title: Größe}
tables:
  visit:
    one_row_per_person: true
    columns:
      weight: {kind: decimal, scale: 1, domain: {min: 0, max: 20.5, source: public}}
      day: {kind: date, domain: {min: 2020-01-01, max: 2020-12-31, source: public}}
      answer: {kind: category, domain: {values: ['no', '1', 'x'], source: public}}
"""


@pytest.fixture(scope="module")
def made():
    schema = parse_schema(TEXT)
    spec, rng = schema.tables["visit"], np.random.default_rng(0)
    vectors = {
        "weight": Vector.full(rng.integers(0, 206, 400)),
        "day": Vector.full(18_262 + rng.integers(0, 366, 400)),
        "answer": Vector.full(rng.integers(0, 3, 400).astype(np.int32), ("no", "1", "x")),
    }
    table = Table.from_vectors("visit", spec, vectors)
    codec = Codec.build(spec, "visit", table)
    fitted = generator("copula", stratify="answer").fit(codec.encode(table), streams=Streams(0))
    manifest = Manifest(
        synthrec="0.1.0",
        generator="copula",
        parameters=dict(fitted.parameters),
        codec=codec.document(),
        table="visit",
        schema_digest=schema.digest,
        key_id="k1",
        source_fingerprint="hmac-sha256:" + "0" * 64,
        holdout=Holdout(kind="split", share=0.2),
        created=dt.date(2024, 5, 1),
        population="clinic A",
        persons="100 to 500",
    )
    return manifest, schema, fitted


@pytest.fixture
def folder(made, tmp_path):
    write_model(tmp_path / "model", *made)
    return tmp_path / "model"


def test_a_model_comes_back_equal(made, tmp_path):
    manifest, schema, fitted = made
    written = write_model(tmp_path / "model", *made)
    found = read_model(tmp_path / "model")
    assert found.digest == written
    assert found.manifest == manifest
    assert found.schema.digest == schema.digest
    assert list(found.schema.tables["visit"].columns) == ["weight", "day", "answer"]
    assert found.codec.domain == fitted.domain
    rows = (model.sample(0, 1_000, streams=Streams(1)).values for model in (fitted, found.fitted))
    np.testing.assert_array_equal(*rows)


def test_the_same_model_has_the_same_digest(made, tmp_path):
    assert write_model(tmp_path / "a", *made) == write_model(tmp_path / "b", *made)


def test_only_the_owner_may_read(folder):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_nothing_but_the_model_is_left_beside_it(folder):
    assert list(folder.parent.iterdir()) == [folder]


def test_the_manifest_counts_no_rows(folder):
    document = json.loads((folder / MANIFEST).read_text())
    assert {key: value for key, value in document.items() if isinstance(value, int)} == {
        "format": 1,
    }


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_an_existing_path_is_not_touched(made, tmp_path, kind):
    path = tmp_path / "model"
    {"folder": path.mkdir, "file": path.touch, "dangling link": lambda: path.symlink_to("gone")}[kind]()
    with pytest.raises(ConfigError, match="exists"):
        write_model(path, *made)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_missing_parent_is_said(made, tmp_path):
    with pytest.raises(ConfigError, match="is not a folder"):
        write_model(tmp_path / "no" / "model", *made)


def test_a_failing_disk_leaves_nothing(made, tmp_path, monkeypatch):
    real = os.fsync
    calls = iter(range(100))

    def fail_third(descriptor):
        if next(calls) == 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(store.os, "fsync", fail_third)
    with pytest.raises(OSError, match="No space"):
        write_model(tmp_path / "model", *made)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [{"generator": "other"}, {"table": "stay"}, {"schema_digest": "sha256:" + "0" * 64}, {"parameters": {}}],
)
def test_parts_that_do_not_belong_together_are_not_written(made, tmp_path, change):
    manifest, schema, fitted = made
    with pytest.raises(InternalError):
        write_model(tmp_path / "model", manifest.model_copy(update=change), schema, fitted)


def test_the_approval_is_no_part_of_the_digest(folder):
    before = read_model(folder).digest
    (folder / "approval.json").write_text("{}")
    assert read_model(folder).digest == before


@pytest.mark.parametrize("path", ["nothing", "model/manifest.json"])
def test_what_is_no_folder_is_no_model(folder, path):
    with pytest.raises(ConfigError, match="not a model folder"):
        read_model(folder.parent / path)


def test_a_link_to_a_model_is_not_followed(folder):
    (folder.parent / "link").symlink_to(folder)
    with pytest.raises(ConfigError, match="not a model folder"):
        read_model(folder.parent / "link")


@pytest.mark.parametrize("name", [MANIFEST, SCHEMA, TENSORS])
class TestDamage:
    def test_a_missing_file(self, folder, name):
        (folder / name).unlink()
        with pytest.raises(VerificationError, match=f"lacks {name}"):
            read_model(folder)

    def test_a_link_in_its_place(self, folder, name):
        (folder / name).rename(folder.parent / "elsewhere")
        (folder / name).symlink_to(folder.parent / "elsewhere")
        with pytest.raises(VerificationError, match="plain file"):
            read_model(folder)

    def test_a_pipe_in_its_place(self, folder, name):
        (folder / name).unlink()
        os.mkfifo(folder / name)
        with pytest.raises(VerificationError, match="plain file"):
            read_model(folder)

    def test_a_file_beyond_its_size(self, folder, name, monkeypatch):
        monkeypatch.setitem(store.LARGEST, name, (folder / name).stat().st_size - 1)
        with pytest.raises(VerificationError, match="larger than"):
            read_model(folder)

    @pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"[1]", b"\xff\xfe", b"[" * 100_000])
    def test_other_bytes(self, folder, name, data):
        (folder / name).write_bytes(data)
        with pytest.raises(VerificationError):
            read_model(folder)

    def test_a_cut_file(self, folder, name):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])
        with pytest.raises(VerificationError):
            read_model(folder)


@pytest.mark.parametrize("name", ["model.pkl", "model.pt", "weights.npy", ".hidden", "MANIFEST.JSON"])
def test_a_foreign_file_is_refused_unopened(folder, name):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(folder.parent / "exploded"),)

    (folder / name).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(VerificationError, match="no model has"):
        read_model(folder)
    assert not (folder.parent / "exploded").exists()


def edited(folder, **changes):
    document = json.loads((folder / MANIFEST).read_text())
    document.update(changes)
    (folder / MANIFEST).write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "upgrade synthrec"),
        ({"format": "1"}, "wrong at format"),
        ({"rows": 400}, "wrong at rows"),
        ({"created": 5.5, "table": ""}, "wrong at created, table"),
        ({"table": "stay"}, "does not have"),
        ({"schema_digest": "sha256:" + "0" * 64}, "not the schema of the manifest"),
        ({"generator": "copla"}, "did you mean copula"),
        ({"parameters": {"stratify": "colour", "strata": 32}}, "parameters"),
        ({"parameters": {"stratify": [], "strata": 32}}, "parameters"),
        ({"codec": {}}, "codec"),
    ],
)
def test_a_changed_manifest_is_refused(folder, changes, message):
    edited(folder, **changes)
    with pytest.raises(VerificationError, match=message):
        read_model(folder)


def test_an_infinite_number_is_not_json():
    with pytest.raises(VerificationError, match="not JSON"):
        parse_manifest(b'{"format": NaN}')


def test_a_changed_schema_is_refused(folder):
    text = (folder / SCHEMA).read_text()
    (folder / SCHEMA).write_text(text.replace("20.5", "21.5"))
    with pytest.raises(VerificationError, match="not the schema of the manifest"):
        read_model(folder)


def test_changed_tensors_are_refused(folder):
    tensors = load((folder / TENSORS).read_bytes())
    tensors["factor"][0, 0, 0] = np.nan
    (folder / TENSORS).write_bytes(save(tensors))
    with pytest.raises(VerificationError, match="not finite"):
        read_model(folder)


def test_a_lying_header_is_refused(folder):
    header = json.dumps({"cuts": {"dtype": "F64", "shape": [2**40], "data_offsets": [0, 8]}}).encode()
    (folder / TENSORS).write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(VerificationError, match="safetensors"):
        read_model(folder)
