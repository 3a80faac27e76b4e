"""Approvals: what they cover, and that no byte of one can change unseen."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthrec.data.keys import Keys
from synthrec.digests import digest
from synthrec.errors import PolicyRefusedError, VerificationError
from synthrec.release.approval import (
    FILE,
    Approval,
    Gap,
    Terms,
    next_attempt,
    read_approval,
    sign,
    verify,
    write_approval,
)
from synthrec.release.card import Result
from synthrec.validation.result import Verdict

MODEL, SCHEMA, POLICY, PROFILE, OTHER = (
    digest(name) for name in ("model", "schema", "policy", "profile", "o")
)


RESULT = Result(
    check="P1",
    title="Copies?",
    verdict="pass",
    blocking=True,
    measure="excess",
    limit=0.01,
    value=None,
    reason="P1 passes.",
)


def terms(**changes) -> Terms:
    given_terms = {
        "model_digest": MODEL,
        "schema_digest": SCHEMA,
        "policy_digest": POLICY,
        "profile_digest": PROFILE,
        "seed": 7,
        "rows": 26_048,
        "verdict": Verdict.PASS,
        "results": (RESULT,),
    }
    return Terms(**(given_terms | changes))


@pytest.fixture
def approval(keys) -> Approval:
    return sign(terms(), keys)


@pytest.mark.parametrize("rows", [0, 1, 26_048])
def test_a_prefix_of_the_audited_rows_is_covered(approval, rows) -> None:
    coverage = approval.covers(rows, 7, None, POLICY, PROFILE)
    assert coverage
    assert coverage.reasons == ()


UNCOVERED = {
    Gap.MORE_ROWS: {"rows": 26_049},
    Gap.OTHER_SEED: {"seed": 8},
    Gap.CONDITIONED: {"where": "age > 65"},
    Gap.OTHER_POLICY: {"policy_digest": OTHER},
    Gap.OTHER_PROFILE: {"profile_digest": OTHER},
}
DRAW = {"rows": 10, "seed": 7, "where": None, "policy_digest": POLICY, "profile_digest": PROFILE}


@pytest.mark.parametrize(("gap", "changes"), UNCOVERED.items())
def test_any_other_draw_is_not_covered(approval, gap, changes) -> None:
    coverage = approval.covers(**(DRAW | changes))
    assert not coverage
    assert coverage.gaps == (gap,)
    assert "--real" in coverage.reasons[0]


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE])
def test_a_refused_model_covers_nothing(keys, verdict) -> None:
    coverage = sign(terms(verdict=verdict), keys).covers(**DRAW)
    assert coverage.gaps == (Gap.REFUSED,)


def test_the_reason_says_what_was_approved_and_what_was_asked(approval) -> None:
    (reason,) = approval.covers(**(DRAW | {"rows": 30_000})).reasons
    assert reason == (
        "the approval covers the first 26,048 rows of seed 7; you asked for 30,000: "
        "give --real to audit the very output"
    )


def test_all_gaps_are_told_at_once(approval) -> None:
    coverage = approval.covers(30_000, 8, "a = 1", OTHER, OTHER)
    assert len(coverage.reasons) == len(coverage.gaps) == 5


def test_written_and_read_again(tmp_path, approval, keys) -> None:
    model = tmp_path / "model"
    model.mkdir()
    write_approval(model, approval)
    assert read_approval(model, keys, model_digest=MODEL) == approval
    assert (model / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.rglob("*")] == ["model", FILE]


def test_no_file_is_no_approval(tmp_path, keys) -> None:
    assert read_approval(tmp_path, keys, model_digest=MODEL) is None


FORGED = {
    "model_digest": OTHER,
    "schema_digest": OTHER,
    "policy_digest": OTHER,
    "profile_digest": OTHER,
    "seed": 8,
    "rows": 26_049,
    "verdict": "inconclusive",
    "under_claim": True,
    "attempt": 2,
    "results": [],
    "created": "2020-01-01T00:00:00Z",
    "mac": "hmac-sha256:" + "0" * 64,
}


@pytest.mark.parametrize(("field", "value"), FORGED.items())
def test_no_field_can_be_changed(tmp_path, approval, keys, field, value) -> None:
    write_approval(tmp_path, approval)
    document = json.loads((tmp_path / FILE).read_text()) | {field: value}
    (tmp_path / FILE).write_text(json.dumps(document))
    with pytest.raises(VerificationError, match="changed"):
        read_approval(tmp_path, keys, model_digest=MODEL)


def test_every_field_is_tried(approval) -> None:
    assert set(FORGED) | {"format", "key_id"} == set(approval.model_dump())


def test_a_failed_approval_does_not_become_a_pass(tmp_path, keys) -> None:
    write_approval(tmp_path, sign(terms(verdict=Verdict.FAIL), keys))
    text = (tmp_path / FILE).read_text().replace('"fail"', '"pass"')
    (tmp_path / FILE).write_text(text)
    with pytest.raises(VerificationError, match="changed"):
        read_approval(tmp_path, keys, model_digest=MODEL)


def test_another_key_another_model(approval, keys) -> None:
    other = Keys("fedcba9876543210", b"s" * 32, b"f" * 32, b"b" * 32, b"l" * 32)
    with pytest.raises(VerificationError, match="SYNTHREC_HOME"):
        verify(approval, other, model_digest=MODEL)
    with pytest.raises(VerificationError, match="changed"):
        verify(approval, Keys(keys.key_id, b"", b"", b"b" * 32, b""), model_digest=MODEL)
    with pytest.raises(VerificationError, match="another model"):
        verify(approval, keys, model_digest=OTHER)


DAMAGED = {
    "empty": b"",
    "not JSON": b"{",
    "not UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "NaN": b'{"rows": NaN}',
    "deep": b"[" * 100_000,
    "unknown key": None,
    "twice the same key": None,
    "rows as text": None,
    "rows as true": None,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_is_no_approval_is_refused(tmp_path, approval, keys, damage) -> None:
    text = approval.model_dump_json()
    made = {
        "unknown key": text.replace("{", '{"figure": 1, ', 1),
        "twice the same key": text.replace("{", '{"rows": 5, ', 1),
        "rows as text": text.replace("26048", '"26048"'),
        "rows as true": text.replace("26048", "true"),
    }
    content = DAMAGED[damage]
    (tmp_path / FILE).write_bytes(made[damage].encode() if content is None else content)
    with pytest.raises(VerificationError, match="not an approval"):
        read_approval(tmp_path, keys, model_digest=MODEL)


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_typed_error(tmp_path_factory, content) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / FILE).write_bytes(content)
    with pytest.raises(VerificationError):
        read_approval(folder, Keys("0" * 16, b"", b"", b"a" * 32, b""), model_digest=MODEL)


def test_the_approval_holds_no_figure(approval) -> None:
    numbers = {key for key, value in approval.model_dump().items() if type(value) in {int, float}}
    assert numbers == {"format", "seed", "rows", "attempt"}


def test_attempts_are_counted_and_end(policy, keys) -> None:
    assert next_attempt(None, policy) == 1
    assert next_attempt(sign(terms(attempt=2), keys), policy) == 3
    with pytest.raises(PolicyRefusedError, match="audited 3 times"):
        next_attempt(sign(terms(attempt=3), keys), policy)
