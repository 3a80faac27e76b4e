"""A keyring, and a small signed export."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from synthrec import api
from synthrec.errors import VerificationError
from synthrec.release.signing.keyring import Keyring
from synthrec.release.signing.keys import SigningKey
from synthrec.rng import Streams

WORDS = "correct horse battery"

SCHEMA = """\
synthrec: 1
schema: {name: visits, version: 1.0.0, use: {intended: a test, expires: 2099-12-31}}
tables:
  visit:
    person: visit_id
    max_rows_per_person: 1
    primary_key: [visit_id]
    columns:
      visit_id: {kind: id, role: key, generate: {sequence: {prefix: V, width: 4}}}
      age:
        kind: integer
        domain: {min: 0, max: 99, source: public}
        generate: {dist: {name: integers, low: 0, high: 99}}
      ward:
        kind: category
        domain: {values: [north, south], source: public}
        generate: {category: {weights: {north: 1, south: 1}}}
"""


@pytest.fixture(scope="session")
def ring(tmp_path_factory) -> Keyring:
    """Keys of two houses: ``acme`` and ``other``."""
    ring = Keyring(tmp_path_factory.mktemp("keys") / "home")
    for name in ("acme", "other"):
        ring.new(name, WORDS)
    return ring


@pytest.fixture(scope="session")
def home(tmp_path_factory, ring) -> Path:
    """A folder in which the key of acme is trusted, and no other."""
    home = tmp_path_factory.mktemp("receiver") / "home"
    file = home.with_name("acme.json")
    file.write_bytes(ring.public("acme").content)
    Keyring(home).trust(file)
    return home


@pytest.fixture(scope="session")
def acme(ring) -> SigningKey:
    return ring.key("acme", WORDS)


@pytest.fixture(scope="session")
def schema_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "visits.yaml"
    path.write_text(SCHEMA, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def signed(tmp_path_factory, schema_file, acme) -> Path:
    """An export of one small table, in both formats, that acme signed."""
    out = tmp_path_factory.mktemp("signed") / "out"
    formats = ("parquet", "csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Streams, "fresh", classmethod(lambda cls: cls(7)))
        assert api.sample(schema_file, 30, out=out, formats=formats, sign=acme).approved
    return out


@pytest.fixture
def spoilt(signed, tmp_path) -> Path:
    """A copy of it that a test may spoil."""
    return Path(shutil.copytree(signed, tmp_path / "spoilt"))


@pytest.fixture
def breaches(home):
    """``breaches(folder, **options)``: kind and file of every breach that is found."""

    def found(folder, **options):
        with pytest.raises(VerificationError) as caught:
            api.verify_export(folder, **{"home": home, **options})
        assert all(breach.found in str(caught.value) for breach in caught.value.breaches)
        return {(breach.kind.value, breach.where) for breach in caught.value.breaches}

    return found
