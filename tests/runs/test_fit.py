"""What a fit leaves behind, and what it refuses before it looks at a record."""

from __future__ import annotations

import errno
import json
import stat

import pytest

from synthrec import api
from synthrec.errors import ConfigError, InputError, UserError, VerificationError


@pytest.fixture
def fit(small, tmp_path):
    """``fit(**options)``: fit the small table to ``model`` in the test's folder."""

    def call(schema=small.schema, data=small.data, **options):
        return api.fit(schema, data, out=tmp_path / "model", home=small.home, **options)

    return call


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_model_is_for_its_owner_only(admissions):
    assert stat.S_IMODE(admissions.model.stat().st_mode) == 0o700
    names = {"manifest.json", "schema.yaml", "model.safetensors", "approval.json"}
    assert {path.name for path in admissions.model.iterdir()} == names
    assert {stat.S_IMODE(path.stat().st_mode) for path in admissions.model.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("person,age,sex,score\np1,old,F,1.0\np2,3,X,1.0\n", InputError),
        ("person,age,sex\np1,3,F\n", InputError),
        ("person,age,sex,score\np1,3,F,1.0\n", InputError),
        ("", InputError),
    ],
    ids=["bad cells", "a column less", "one row", "empty"],
)
def test_a_fit_that_fails_leaves_nothing(fit, tmp_path, leavings, text, wanted):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(wanted):
        fit(data=tmp_path / "bad.csv")
    assert leavings() == {"bad.csv"}


@pytest.mark.parametrize("step", ["write_model", "write_approval"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_disk_that_fails_leaves_what_was_there(fit, tmp_path, leavings, monkeypatch, step, error):
    def failing(*_):
        raise error

    for old in (None, "an older model"):
        if old:
            with monkeypatch.context() as healthy:
                healthy.undo()
                fit()
        before = bytes_of(tmp_path / "model") if old else None
        with monkeypatch.context() as broken:
            broken.setattr(f"synthrec.runs.fitting.{step}", failing)
            with pytest.raises(type(error)):
                fit(force=old is not None)
        assert leavings() == ({"model", "model.steward.html"} if old else set())
        if old:
            assert bytes_of(tmp_path / "model") == before


def test_force_replaces_a_model(fit, tmp_path, leavings):
    fit(population="first")
    with pytest.raises(ConfigError, match="--force"):
        fit(population="second")
    fit(population="second", force=True)
    assert json.loads((tmp_path / "model" / "manifest.json").read_text())["population"] == "second"
    assert leavings() == {"model", "model.steward.html"}


@pytest.mark.parametrize("what", ["a folder", "a file", "a link to a model", "a dangling link"])
def test_force_replaces_nothing_but_a_model(fit, tmp_path, leavings, small, what):
    place = tmp_path / "model"
    if what == "a folder":
        place.mkdir()
        (place / "thesis.txt").write_text("years of work")
    elif what == "a file":
        place.write_text("years of work")
    else:
        place.symlink_to(small.model if what == "a link to a model" else tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="not a model"):
        fit(force=True)
    assert leavings() == {"model"}
    if what == "a folder":
        assert (place / "thesis.txt").read_text() == "years of work"


def test_the_place_is_looked_at_before_the_records(small, tmp_path):
    with pytest.raises(UserError, match="no folder"):
        api.fit(small.schema, tmp_path / "absent.csv", out=tmp_path / "no" / "model", home=small.home)


def test_a_holdout_of_the_same_persons_is_refused(fit, people, small, tmp_path, leavings):
    holdout = people(tmp_path / "holdout.csv", 50, seed=1, first=399)
    with pytest.raises(InputError, match="persons of the holdout who are in the training data too: 1"):
        fit(holdout=holdout)
    assert leavings() == {"holdout.csv"}


def test_a_given_holdout_is_asked_for_again(fit, people, small, tmp_path):
    holdout = people(tmp_path / "holdout.csv", 200, seed=1, first=1_000)
    fit(holdout=holdout)
    model, options = tmp_path / "model", {"out": tmp_path / "out", "home": small.home}
    with pytest.raises(ConfigError, match="--holdout"):
        api.sample(model, 50, real=small.data, **options)
    other = people(tmp_path / "other.csv", 200, seed=2, first=1_000)
    with pytest.raises(VerificationError, match="not the holdout"):
        api.sample(model, 50, real=small.data, holdout=other, **options)
    with pytest.raises(VerificationError, match="not the records"):
        api.sample(model, 50, real=other, holdout=small.data, **options)
    report = api.sample(model, 50, real=small.data, holdout=holdout, **options)
    assert report.decision is not None
    with pytest.raises(ConfigError, match="split its own holdout"):
        api.sample(small.model, 50, real=small.data, holdout=holdout, **options)


def test_several_tables_cannot_be_fitted_yet(tmp_path, small, leavings):
    with pytest.raises(UserError, match=r"several tables \(patient, admission\).*one table so far"):
        api.fit("inpatient", small.data, out=tmp_path / "model", home=small.home)
    assert leavings() == set()


def test_options_are_checked(fit):
    with pytest.raises(ConfigError, match="copula"):
        fit(generator="copla")
    with pytest.raises(ConfigError, match="target"):
        fit(stratify=True)
    with pytest.raises(ConfigError, match="policy"):
        fit(policy="no-such-policy")
    with pytest.raises(ConfigError, match="profile"):
        fit(profile="no-such-profile")


def test_frames_and_files_are_the_same_records(fit, small, tmp_path, described):
    import pandas as pd  # noqa: PLC0415

    fit(data=pd.read_csv(small.data))
    model = tmp_path / "model"
    assert described(model) == described(small.model)


@pytest.mark.parametrize("what", ["a file", "a folder", "a link"])
def test_what_stands_where_the_report_goes_is_not_lost(fit, tmp_path, what):
    place = tmp_path / "model.steward.html"
    if what == "a folder":
        place.mkdir()
    elif what == "a link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.write_text("years of work")
    with pytest.raises(ConfigError, match=r"steward\.html"):
        fit()
    assert not (tmp_path / "model").exists()
    assert what != "a file" or place.read_text() == "years of work"


def test_an_audit_report_replaces_nothing(small, tmp_path):
    place = tmp_path / "thesis.html"
    place.write_text("years of work")
    with pytest.raises(ConfigError, match="something stands there"):
        api.audit(small.model, real=small.data, report=place, home=small.home)
    assert place.read_text() == "years of work"
