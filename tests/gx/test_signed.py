"""A signed export with a Great Expectations project: every byte of suite and checkpoint counts."""

import hashlib
import json
import shutil

import pytest

import synthrec
from synthrec.errors import VerificationError
from synthrec.release.signing.check import differences, signed_statement
from synthrec.release.signing.contents import Contents
from synthrec.release.signing.keys import SigningKey

SUITE = "gx/expectations/stay.json"


@pytest.fixture(scope="module")
def key():
    return SigningKey.fresh("acme", None)


@pytest.fixture(scope="module")
def home(key, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trusting")
    (folder / "acme.json").write_bytes(key.public.content)
    synthrec.Keyring(folder / "home").trust(folder / "acme.json")
    return folder / "home"


@pytest.fixture(scope="module")
def signed(export, key, tmp_path_factory):
    folder = shutil.copytree(export, tmp_path_factory.mktemp("signed") / "out")
    synthrec.sign_export(folder, key)
    return folder


def breaches(folder, home):
    with pytest.raises(VerificationError) as caught:
        synthrec.verify_export(folder, home=home)
    return {(breach.kind.value, breach.where) for breach in caught.value.breaches}


def test_the_project_is_under_the_signature(signed, home):
    found = synthrec.verify_export(signed, home=home).signed.statement.digests
    inside = {path.relative_to(signed).as_posix() for path in (signed / "gx").rglob("*") if path.is_file()}
    assert inside <= found.keys()
    assert SUITE in inside


def test_every_byte_of_a_suite(signed, home):
    statement = signed_statement(signed, synthrec.Keyring(home).find).statement
    contents, content = Contents(signed), (signed / SUITE).read_bytes()
    assert list(differences(statement, contents)) == []
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        contents._digests[SUITE] = hashlib.sha256(changed).hexdigest()
        (breach,) = differences(statement, contents)
        assert (breach.kind.value, breach.where) == ("changed_project", SUITE)


def test_a_dropped_expectation_has_its_own_error(signed, home, tmp_path):
    own = shutil.copytree(signed, tmp_path / "own")
    suite = json.loads((own / SUITE).read_text())
    del suite["expectations"][3]
    (own / SUITE).write_text(json.dumps(suite))
    assert {("dropped_expectation", SUITE), ("changed_project", SUITE)} == breaches(own, home)


def test_a_suite_written_anew_is_not_the_one_that_was_signed(signed, home, tmp_path):
    """Without a signature its order is free."""
    own = shutil.copytree(signed, tmp_path / "own")
    suite = json.loads((own / SUITE).read_text())
    suite["expectations"].reverse()
    (own / SUITE).write_text(json.dumps(suite))
    assert breaches(own, home) == {("changed_project", SUITE)}


def test_a_further_run_inside_the_export_is_told(signed, home, tmp_path):
    own = shutil.copytree(signed, tmp_path / "own")
    (own / "gx/uncommitted/more.json").write_text("{}")
    assert breaches(own, home) == {("added_file", "gx/uncommitted/more.json")}
