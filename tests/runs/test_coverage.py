"""What the approval covers is exported; all else needs the real records and an audit of the very output."""

from __future__ import annotations

import gzip
import json
import shutil
import stat
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from synthrec import api
from synthrec.assets import asset
from synthrec.data.keys import open_keys
from synthrec.errors import (
    ConfigError,
    KeyMissingError,
    PolicyRefusedError,
    SchemaError,
    UserError,
    VerificationError,
)
from synthrec.privacy.ledger import Ledger

ROWS = 4_000


def seed_of(workshop):
    return json.loads((workshop.model / "approval.json").read_text())["seed"]


def attempt_of(model):
    return json.loads((model / "approval.json").read_text())["attempt"]


@pytest.fixture
def other_policy(tmp_path):
    """The default policy under another name, and so another digest."""
    text = asset("privacy", "policies/default.yaml").read_text()
    path = tmp_path / "house.yaml"
    path.write_text(text.replace("name: default", "name: house"))
    return path


@pytest.fixture
def other_profile(tmp_path):
    text = asset("validation", "profiles/default.yaml").read_text()
    path = tmp_path / "profile.yaml"
    path.write_text(text.replace("name: default", "name: house"))
    return path


BEYOND = {
    "another seed": ({"seed": 12}, "seed 12"),
    "more rows": ({"rows": 5_001}, "5,001"),
    "a condition": ({"where": "age >= 18"}, "unconditioned"),
}


@pytest.mark.parametrize("case", BEYOND)
def test_a_draw_beyond_the_approval_is_refused(admissions, tmp_path, leavings, case):
    options, reason = BEYOND[case]
    with pytest.raises(PolicyRefusedError, match=reason):
        api.sample(admissions.model, out=tmp_path / "out", home=admissions.home, **{"rows": ROWS} | options)
    assert leavings() == set()


def test_all_gaps_are_told_at_once(admissions, tmp_path, other_policy, other_profile):
    with pytest.raises(PolicyRefusedError) as caught:
        api.sample(
            admissions.model,
            5_001,
            out=tmp_path / "out",
            seed=12,
            where="age >= 18",
            policy=other_policy,
            profile=other_profile,
            home=admissions.home,
        )
    assert str(caught.value).count("\n") == 4
    for reason in ("another policy", "another profile", "seed 12", "5,001", "unconditioned"):
        assert reason in str(caught.value)


def test_the_command_says_so_with_exit_code_3(admissions, cli, leavings):
    ran = cli(admissions.home, "sample", admissions.model, "-n", "10", "--seed", "12", "-o", "out", "--json")
    assert ran.code == 3
    assert ran.document["error"]["type"] == "PolicyRefusedError"
    assert leavings() == set()


def test_the_approved_seed_may_be_named(admissions, tmp_path):
    made = api.sample(
        admissions.model, 10, out=tmp_path / "out", seed=seed_of(admissions), home=admissions.home
    )
    assert made.approved


@pytest.mark.usefixtures("without_quality")
@pytest.mark.parametrize("case", ["another seed", "more rows", "a condition", "another policy"])
def test_with_the_real_records_the_very_output_is_audited(admissions, tmp_path, other_policy, case):
    options = {"rows": ROWS} | (BEYOND[case][0] if case in BEYOND else {"policy": other_policy})
    before = attempt_of(admissions.model)
    made = api.sample(
        admissions.model, out=tmp_path / "out", real=admissions.data, home=admissions.home, **options
    )
    assert made.approved, made.decision.reasons
    card = api.read_card(made.out)
    assert (card.coverage.kind, card.coverage.audited_rows) == ("very_output", options["rows"])
    assert {"P1", "P2"} <= {item.check for item in card.results if item.blocking}
    assert card.policy.name == ("house" if case == "another policy" else "default")
    assert attempt_of(admissions.model) == before, "only audits that did not pass are counted"


@pytest.mark.usefixtures("without_quality")
def test_a_condition_is_kept_by_every_row_and_told_on_the_card(admissions, tmp_path):
    where = "age >= 18 and (sex == 'F' or type != 'elective')"
    made = api.sample(
        admissions.model, ROWS, where=where, out=tmp_path / "out", real=admissions.data, home=admissions.home
    )
    assert made.approved, made.decision.reasons
    table = pq.read_table(made.files[0], columns=["age", "sex", "type"]).to_pylist()
    assert len(table) == ROWS
    assert all(row["age"] >= 18 and (row["sex"] == "F" or row["type"] != "elective") for row in table)
    conditional = api.read_card(made.out).conditional
    assert (conditional.where, conditional.requested, conditional.reached) == (where, ROWS, ROWS)


def test_a_rare_condition_reaches_fewer_rows_and_says_so(admissions, tmp_path):
    """Hardly anybody is in five narrow classes at once: the proposals run out, and the report says so."""
    where = "age == 93 and sex == 'U' and hba1c >= 14 and los >= 60 and payer == 'Self'"
    made = api.sample(
        admissions.model, 1_000, where=where, out=tmp_path / "out", draft=True, home=admissions.home
    )
    assert made.rows_reached == pq.read_metadata(made.files[0]).num_rows < 1_000
    assert any("too rare" in note for note in made.notes)


@pytest.mark.parametrize("where", ["age >", "agee >= 3", "age >= 'old'", "patient_id == 'P1'"])
def test_a_faulty_condition_is_refused_in_words(admissions, tmp_path, leavings, where):
    with pytest.raises(SchemaError):
        api.sample(admissions.model, 10, where=where, out=tmp_path / "out", draft=True, home=admissions.home)
    assert leavings() == set()


def test_other_real_records_are_told_from_the_models_own(admissions, cli, tmp_path, small):
    lines = gzip.decompress(admissions.data.read_bytes()).decode().splitlines()
    (tmp_path / "other.csv").write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(VerificationError, match="not the records"):
        api.sample(
            admissions.model,
            10,
            out=tmp_path / "out",
            real=tmp_path / "other.csv",
            home=admissions.home,
        )
    ran = cli(admissions.home, "sample", admissions.model, "-n", "10", "--real", "other.csv", "-o", "out")
    assert ran.code == 5
    assert not (tmp_path / "out").exists()


def test_another_home_is_an_error_and_never_a_new_split(admissions, cli, tmp_path, leavings):
    with pytest.raises(KeyMissingError):
        api.sample(admissions.model, 10, out=tmp_path / "out", home=tmp_path / "elsewhere")
    ran = cli(tmp_path / "elsewhere", "sample", admissions.model, "-n", "10", "-o", "out")
    assert ran.code == 2
    assert leavings() == set()
    (tmp_path / "stranger").mkdir(mode=0o700)
    (tmp_path / "stranger" / "root.key").write_bytes(bytes(32))
    (tmp_path / "stranger" / "root.key").chmod(0o600)
    ran = cli(tmp_path / "stranger", "sample", admissions.model, "-n", "10", "--draft", "-o", "out")
    assert ran.code == 2
    assert leavings() == {"stranger"}


def test_a_draft_is_for_the_steward_alone(admissions, cli, tmp_path, leavings):
    arguments = ("-n", "20", "--seed", "12", "--draft", "--format", "parquet,csv", "-o", "out", "--json")
    ran = cli(admissions.home, "sample", admissions.model, *arguments)
    assert ran.code == 0, ran.err
    assert ran.document["decision"] is None
    assert ran.document["card"] is None
    assert leavings() == {"out"}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()}
    assert files == {"admissions.parquet": 0o600, "admissions.csv": 0o600}


def test_a_draft_replaces_nothing(admissions, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(ConfigError, match="exists"):
        api.sample(admissions.model, 1, out=tmp_path / "out", draft=True, force=True, home=admissions.home)


def test_an_export_is_replaced_by_force_only(admissions, tmp_path):
    out = tmp_path / "out"
    api.sample(admissions.model, 10, out=out, home=admissions.home)
    before = (out / "card.json").read_bytes()
    with pytest.raises(UserError, match="--force"):
        api.sample(admissions.model, 20, out=out, home=admissions.home)
    assert (out / "card.json").read_bytes() == before
    with pytest.raises(PolicyRefusedError):
        api.sample(admissions.model, 5_001, out=out, force=True, home=admissions.home)
    assert (out / "card.json").read_bytes() == before
    assert api.sample(admissions.model, 20, out=out, force=True, home=admissions.home).approved
    assert api.read_card(out).subjects[0].rows == 20


def test_audits_that_do_not_pass_are_counted(small, copy_of, tmp_path, cli, leavings):
    """400 persons are too few for a pass: the fit was the first audit, and the policy allows three."""
    model, home = copy_of(small), shutil.copytree(small.home, tmp_path / "home")
    first = (model / "approval.json").read_bytes()
    assert not small.report.approved
    assert attempt_of(model) == 1
    for attempt in (2, 3):
        made = api.sample(model, 100, seed=attempt, out=tmp_path / "out", real=small.data, home=home)
        assert not made.approved
        assert made.files == ()
        assert attempt_of(model) == attempt
    with pytest.raises(PolicyRefusedError, match="audited 3 times"):
        api.sample(model, 100, seed=4, out=tmp_path / "out", real=small.data, home=home)
    ran = cli(home, "sample", model, "-n", "9", "--real", small.data, "-o", "out")
    assert ran.code == 3
    (model / "approval.json").write_bytes(first)
    with pytest.raises(PolicyRefusedError, match="audited 3 times"):
        api.sample(model, 100, seed=4, out=tmp_path / "out", real=small.data, home=home)
    assert leavings() == {"copied-model", "home"}


class Stopped(BaseException):
    """A process that is stopped, which nothing catches."""


def test_an_audit_that_is_broken_off_is_an_attempt(small, copy_of, tmp_path, monkeypatch):
    model, home = copy_of(small), shutil.copytree(small.home, tmp_path / "home")

    def stop(*_, **__):
        raise Stopped

    options = {"out": tmp_path / "out", "real": small.data, "home": home}
    with monkeypatch.context() as patch:
        patch.setattr("synthrec.runs.repair.export", stop)
        for seed in (2, 3):
            with pytest.raises(Stopped):
                api.sample(model, 100, seed=seed, **options)
    with pytest.raises(PolicyRefusedError, match="audited 3 times"):
        api.sample(model, 100, seed=4, **options)


def test_an_audit_that_passes_is_no_failed_attempt(admissions, copy_of, tmp_path, monkeypatch):
    model, home = copy_of(admissions), shutil.copytree(admissions.home, tmp_path / "home")
    report = SimpleNamespace(approved=True)
    monkeypatch.setattr("synthrec.runs.repair.export", lambda *_: report)
    options = {"out": tmp_path / "out", "real": admissions.data, "home": home}
    assert all(api.sample(model, 100, seed=seed, **options) is report for seed in range(4))
    assert attempt_of(model) == 1
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="exists"):
        api.sample(model, 100, seed=5, **options)
    with Ledger.open(home, open_keys(home, create=False)) as ledger:
        assert ledger.attempts(api.OpenModel.at(model, home).stored.digest) == 0


def test_a_model_without_approval_gives_nothing_away(small, copy_of, tmp_path, leavings):
    """Whoever removes the approval does not get new attempts for it."""
    model = copy_of(small)
    (model / "approval.json").unlink()
    for real in (None, small.data):
        with pytest.raises(PolicyRefusedError, match="no approval"):
            api.sample(model, 10, out=tmp_path / "out", real=real, home=small.home)
    with pytest.raises(ConfigError, match="no approval"):
        api.audit(model, real=small.data, home=small.home)
    assert leavings() == {"copied-model"}


def test_a_model_that_was_refused_is_kept_and_marked(small, tmp_path, cli):
    assert small.report.decision.verdict == "inconclusive"
    assert any("persons" in reason for reason in small.report.decision.reasons)
    with pytest.raises(PolicyRefusedError, match="inconclusive"):
        api.sample(small.model, 10, out=tmp_path / "out", home=small.home)
    ran = cli(small.home, "fit", small.schema, small.data, "-o", "model", "--json")
    assert ran.code == 3
    assert ran.document["model"] == "model"
    assert "kept, marked as not approved" in ran.err
    assert (tmp_path / "model" / "approval.json").is_file()


def test_a_missing_model_is_told_from_a_missing_schema(tmp_path):
    with pytest.raises(ConfigError):
        api.sample("no-such-thing", 10, out=tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="not a model folder"):
        api.sample(tmp_path / "empty", 10, out=tmp_path / "out")


def test_parameters_are_for_rules(admissions, tmp_path):
    with pytest.raises(ConfigError, match="--where"):
        api.sample(
            admissions.model, 10, params={"start": "2025-01-01"}, out=tmp_path / "out", home=admissions.home
        )
