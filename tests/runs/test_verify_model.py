"""`card verify --model`: the records are of this model, and its approval covers what the card says."""

import json
import shutil
from pathlib import Path

import pytest

from synthrec import api
from synthrec.errors import KeyMissingError, VerificationError


@pytest.fixture(scope="module")
def drawn(admissions, tmp_path_factory):
    """An export of approved rows."""
    out = tmp_path_factory.mktemp("drawn") / "out"
    assert api.sample(admissions.model, 50, out=out, home=admissions.home).approved
    return out


@pytest.fixture
def own(drawn, tmp_path):
    return Path(shutil.copytree(drawn, tmp_path / "own"))


def edited(card, change):
    document = json.loads(card.read_text())
    change(document)
    card.write_text(json.dumps(document))


def faults(out, workshop):
    with pytest.raises(VerificationError) as caught:
        api.verify_export(out, model=workshop.model, home=workshop.home)
    lines = str(caught.value).splitlines()
    return [
        line
        for line in lines
        if "canonical" not in line
        and "its id" not in line
        and not line.startswith(("card.md", "card.html", "report.html"))
    ]


def test_an_export_and_the_model_it_is_of(drawn, admissions):
    report = api.verify_export(drawn, model=admissions.model, home=admissions.home)
    assert "the model and its approval" in report.verified


def test_another_model(drawn, small):
    """Made under the same root secret, beside another ledger."""
    other_ledger, other_model = faults(drawn, small)
    assert other_model == "card.json: the records are of another model"
    assert "was deleted, cut or set back" in other_ledger


GUARANTEE = {
    "epsilon": "1",
    "delta": "0.00001",
    "adjacency": "add_remove_person",
    "max_rows_per_person": 1,
    "accountant": "pld",
    "mechanisms": [],
    "population": "all",
    "population_epsilon": "1",
    "population_delta": "0.00001",
    "looks_without_claim": 0,
}

CHANGES = {
    "approval.json: given under another policy or profile than the card names": (
        lambda card: card["policy"].update(digest="sha256:" + "0" * 64)
    ),
    "approval.json: covers fewer rows than the card says": (
        lambda card: card["coverage"].update(audited_rows=10**9)
    ),
    "approval.json: given for another seed than the card commits to": (
        lambda card: card["seed"].update(value="0" * 64)
    ),
    "approval.json: given without a claim, and the card says that a claim covers the records": (
        lambda card: card["coverage"].update(kind="under_claim", audited_rows=10**9)
    ),
    "approval.json: covers no records that were drawn under a condition": (
        lambda card: card.update(
            conditional={"where": "age > 60", "requested": 50, "reached": 50, "satisfying": None}
        )
    ),
    "card.json: claims another differential privacy than the model was made under": (
        lambda card: card["privacy"].update(claim="differential_privacy", guarantee=GUARANTEE)
    ),
}


@pytest.mark.parametrize("fault", CHANGES)
def test_a_card_that_claims_more_than_was_approved(own, admissions, fault):
    edited(own / "card.json", CHANGES[fault])
    assert faults(own, admissions) == [fault]


def test_an_approval_that_was_changed_or_is_gone(drawn, admissions, copy_of):
    model = copy_of(admissions)
    path = model / "approval.json"
    edited(path, lambda approval: approval.update(rows=9_000))
    with pytest.raises(VerificationError, match="approval"):
        api.verify_export(drawn, model=model, home=admissions.home)
    path.unlink()
    with pytest.raises(VerificationError, match="nothing says whether the model was approved"):
        api.verify_export(drawn, model=model, home=admissions.home)


def test_the_approval_needs_its_key(drawn, admissions, tmp_path):
    with pytest.raises(KeyMissingError):
        api.verify_export(drawn, model=admissions.model, home=tmp_path)
