"""The signature of an approval: every byte of it and of the approval counts."""

import pytest

from synthrec.data.keys import open_keys
from synthrec.digests import digest
from synthrec.errors import BreachKind, VerificationError
from synthrec.release.approval import FILE, Terms, read_approval, sign, write_approval
from synthrec.release.signing.approvals import ENDORSEMENT, endorse, endorsed, named, withdraw
from synthrec.validation.result import Verdict

MODEL, OTHER = digest("model"), digest("other")


@pytest.fixture
def keys(tmp_path):
    return open_keys(tmp_path / "root", create=True)


@pytest.fixture
def approval(keys):
    terms = Terms(
        model_digest=MODEL,
        schema_digest=OTHER,
        policy_digest=OTHER,
        profile_digest=OTHER,
        seed=7,
        rows=1_000,
        verdict=Verdict.PASS,
    )
    return sign(terms, keys)


@pytest.fixture
def folder(tmp_path, approval, acme):
    folder = tmp_path / "model"
    folder.mkdir()
    write_approval(folder, approval)
    endorse(folder, approval, acme)
    return folder


@pytest.fixture(scope="session")
def find(ring):
    return {key.key_id: key for key in ring.trusted()}.get


def changes(path):
    """Put every byte of a file wrong, one after the other, and the file right again."""
    content = path.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        yield position
    path.write_bytes(content)


def test_an_approval_that_was_signed(folder, find, approval, acme):
    found = endorsed(folder, find, model_digest=MODEL)
    assert (found.approval, found.key) == (approval, acme.public)
    assert sorted(path.name for path in folder.iterdir()) == [ENDORSEMENT, FILE]


def test_no_signature(folder, find):
    withdraw(folder)
    withdraw(folder)
    assert endorsed(folder, find, model_digest=MODEL) is None


def test_an_approval_of_another_model(folder, find):
    with pytest.raises(VerificationError) as caught:
        endorsed(folder, find, model_digest=OTHER)
    assert [breach.kind for breach in caught.value.breaches] == [BreachKind.OTHER_MODEL]


def test_every_byte_of_an_approval(folder, find, keys):
    """Found by the MAC where the secret is, and by the signature elsewhere."""
    for _ in changes(folder / FILE):
        with pytest.raises(VerificationError):
            endorsed(folder, find, model_digest=MODEL)
        with pytest.raises(VerificationError):
            read_approval(folder, keys, model_digest=MODEL)
    assert endorsed(folder, find, model_digest=MODEL)


def test_every_byte_of_its_signature(folder, find):
    kinds = set()
    for _ in changes(folder / ENDORSEMENT):
        with pytest.raises(VerificationError) as caught:
            endorsed(folder, find, model_digest=MODEL)
        kinds |= {breach.kind for breach in caught.value.breaches}
    assert kinds == {
        BreachKind.MALFORMED_ENVELOPE,
        BreachKind.WRONG_PAYLOAD_TYPE,
        BreachKind.UNKNOWN_KEY,
        BreachKind.BAD_SIGNATURE,
    }


def test_the_name_of_an_approval_tells_nothing_of_it(approval, tmp_path):
    """It hangs on the secret through the MAC: nobody without it can test a guess of seed and rows."""
    other = open_keys(tmp_path / "other", create=True)
    terms = Terms(**{name: getattr(approval, name) for name in Terms.model_fields})
    assert named(sign(terms, other)).digest != named(approval).digest
