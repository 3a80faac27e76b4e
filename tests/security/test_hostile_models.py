"""What is offered as a model and is none: refused before a byte of it is run, unpacked or believed."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import time
import zipfile

import numpy as np
import pytest

from synthrec import api
from synthrec.errors import SynthrecError
from synthrec.generators.store import read_model

SCHEMA = """\
synthrec: 1
schema: {name: town, version: 1.0.0, source: {population: one town}}
tables:
  people:
    one_row_per_person: true
    columns:
      age: {kind: integer, domain: {min: 0, max: 99, source: public}}
"""


class Bite:
    """Writes a file when it is unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return (os.mkdir, (str(self.place),))


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A folder with a model and the key that it was made under."""
    folder = tmp_path_factory.mktemp("town")
    (folder / "town.yaml").write_text(SCHEMA)
    ages = np.random.default_rng(0).integers(0, 100, 60)
    (folder / "data.csv").write_text("age\n" + "".join(f"{age}\n" for age in ages))
    api.fit(folder / "town.yaml", folder / "data.csv", out=folder / "model", home=folder / "home")
    return folder


def pickled(bite):
    return pickle.dumps(bite)


def torch_file(bite):
    """As torch saves one: an archive with a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(bite))
    return file.getvalue()


def archive(bite):
    """A model in an archive whose names lead out of it, twice, and into each other."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("../../escaped", "/escaped", "manifest.json", "MANIFEST.JSON", "x/../../escaped"):
            made.writestr(name, pickle.dumps(bite))
        made.writestr("model.safetensors", bytes(1 << 24))
    return file.getvalue()


OFFERED = {"model.pkl": pickled, "model.joblib": pickled, "model.pt": torch_file, "model.zip": archive}


@pytest.mark.parametrize("name", OFFERED)
def test_a_file_that_could_run_is_no_model(town, tmp_path, name):
    (tmp_path / name).write_bytes(OFFERED[name](Bite(tmp_path / "bitten")))
    for offer in (
        lambda: api.sample(tmp_path / name, 5, out=tmp_path / "out", home=town / "home"),
        lambda: api.audit(tmp_path / name, real=town / "data.csv", home=town / "home"),
        lambda: read_model(tmp_path / name),
    ):
        with pytest.raises(SynthrecError) as caught:
            offer()
        assert caught.value.exit_code in {2, 5}
    assert {path.name for path in tmp_path.iterdir()} == {name}


@pytest.mark.parametrize("part", ["manifest.json", "model.safetensors", "schema.yaml", "approval.json"])
@pytest.mark.parametrize("content", [pickled, torch_file], ids=["pickle", "torch"])
def test_a_part_that_could_run_is_no_part(town, tmp_path, part, content):
    model = copied(town, tmp_path)
    (model / part).write_bytes(content(Bite(tmp_path / "bitten")))
    refused(town, tmp_path)
    assert not (tmp_path / "bitten").exists()


def copied(town, to):
    """A copy of the model that may be spoilt, and is readable as it is."""
    model = to / "model"
    model.mkdir()
    for path in (town / "model").iterdir():
        (model / path.name).write_bytes(path.read_bytes())
    api.sample(model, 2, out=to / "first", draft=True, home=town / "home")
    return model


def refused(town, folder):
    start = time.process_time()
    with pytest.raises(SynthrecError) as caught:
        api.sample(folder / "model", 5, out=folder / "out", draft=True, home=town / "home")
    assert caught.value.exit_code in {2, 5}
    assert not (folder / "out").exists()
    assert time.process_time() - start < 2


STRANGE = {
    "a link": lambda path: path.symlink_to("/etc/hostname"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a pipe": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a hole of 3 GB": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 3 << 30),
}


@pytest.mark.parametrize("what", STRANGE)
@pytest.mark.parametrize("part", ["manifest.json", "model.safetensors", "schema.yaml", "approval.json"])
def test_a_part_that_is_no_plain_file(town, tmp_path, part, what):
    model = copied(town, tmp_path)
    (model / part).unlink()
    STRANGE[what](model / part)
    refused(town, tmp_path)


@pytest.mark.parametrize("name", ["MANIFEST.JSON", "Model.safetensors", "manifest.json ", ".hidden", "a.pkl"])
def test_a_name_that_no_model_has(town, tmp_path, name):
    (copied(town, tmp_path) / name).write_bytes(b"{}")
    refused(town, tmp_path)


def tensors(header, data=b""):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype, shape, *offsets):
    return {"dtype": dtype, "shape": shape, "data_offsets": list(offsets)}


TENSORS = {
    "a header of 2**63 bytes": struct.pack("<Q", 2**63) + b"{}",
    "a header longer than the file": struct.pack("<Q", 10_000) + b"{}",
    "no header": b"\0" * 7,
    "a shape beyond the file": tensors({"a": entry("F64", [2**40], 0, 2**43)}),
    "a product that overflows": tensors({"a": entry("F64", [2**33, 2**33], 0, 0)}),
    "a negative shape": tensors({"a": entry("F64", [-1], 0, 8)}, bytes(8)),
    "overlapping tensors": tensors({"a": entry("F64", [1], 0, 8), "b": entry("F64", [1], 0, 8)}, bytes(8)),
    "another type of number": tensors({"a": entry("F16", [4], 0, 8)}, bytes(8)),
    "no type of number": tensors({"a": entry("X9", [1], 0, 8)}, bytes(8)),
    "a deep header": tensors({"__metadata__": {"x": "[" * 50_000}}),
    "a million names": tensors({f"t{n}": entry("F64", [0], 0, 0) for n in range(100_000)}),
}


@pytest.mark.parametrize("what", TENSORS)
def test_a_header_that_lies(town, tmp_path, what):
    (copied(town, tmp_path) / "model.safetensors").write_bytes(TENSORS[what])
    refused(town, tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308])
def test_weights_that_are_no_numbers(town, tmp_path, value):
    """Every float in the file at once; each is checked before it is used."""
    model = copied(town, tmp_path)
    content = (model / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])
    floats = [part for name, part in header.items() if name != "__metadata__" and part["dtype"] == "F64"]
    assert floats
    for part in floats:
        start, stop = part["data_offsets"]
        data[start:stop] = struct.pack("<d", value) * ((stop - start) // 8)
    (model / "model.safetensors").write_bytes(content[: 8 + length] + bytes(data))
    refused(town, tmp_path)
