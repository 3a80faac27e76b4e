"""Ended terms: nothing is read under an agreement that is over, nothing made that nobody can use."""

import datetime as dt

import pytest

from synthrec import api
from synthrec.errors import ConfigError

SCHEMA = """\
synthrec: 1
schema:
  name: visits
  use: {{expires: {use}}}
  source: {{agreement: {{reference: DUA 17, expires: {agreement}}}}}
tables:
  visit:
    one_row_per_person: true
    columns:
      age:
        kind: integer
        domain: {{min: 0, max: 110, source: public}}
        generate: {{dist: {{name: uniform, low: 0, high: 110}}}}
"""
FILLED = """\
synthrec: 1
schema: {name: filled}
tables:
  visit:
    one_row_per_person: true
    assumption: true
    columns:
      age: {kind: integer, domain: {min: 0, max: 110, source: public}, generate: {fitted: {block: b}}}
    generate: {fitted: {b: {model: model}}}
"""
TODAY = dt.datetime.now(dt.UTC).date()
PAST, FUTURE = TODAY - dt.timedelta(days=2), TODAY + dt.timedelta(days=400)


@pytest.fixture
def visits(tmp_path):
    def stated(use, agreement):
        path = tmp_path / "visits.yaml"
        path.write_text(SCHEMA.format(use=use, agreement=agreement))
        return path

    return stated


def test_nothing_is_made_whose_use_has_ended(tmp_path, visits) -> None:
    with pytest.raises(ConfigError, match=f"last day of use of such records was {PAST}"):
        api.sample(visits(PAST, FUTURE), 10, out=tmp_path / "out", home=tmp_path / "home")
    assert not (tmp_path / "out").exists()


def test_rules_do_not_end_with_an_agreement_on_real_records(tmp_path, visits) -> None:
    api.sample(visits(FUTURE, PAST), 10, out=tmp_path / "out", home=tmp_path / "home")
    assert api.read_card(tmp_path / "out").use.expires == FUTURE.isoformat()


@pytest.mark.parametrize("epsilon", [None, "1"])
def test_real_records_are_not_read_under_an_agreement_that_is_over(tmp_path, visits, epsilon) -> None:
    """The file is not even looked for."""
    schema = visits(FUTURE, PAST)
    absent = tmp_path / "absent.csv"
    extra = {"population": "town"} if epsilon else {}
    with pytest.raises(ConfigError, match=f"DUA 17 on the real records ended on {PAST}"):
        api.fit(schema, absent, out=tmp_path / "m", home=tmp_path / "home", epsilon=epsilon, **extra)


@pytest.fixture
def later(monkeypatch):
    """The day on which everything that is stated here is over."""
    day = FUTURE + dt.timedelta(days=1)
    monkeypatch.setattr("synthrec.runs.terms_of_use._today", lambda: day)


@pytest.fixture
def model(tmp_path, visits):
    """A model of real records, whose agreement ends."""
    data = tmp_path / "visits.csv"
    data.write_text("age\n" + "".join(f"{n % 111}\n" for n in range(400)))
    schema = visits(FUTURE + dt.timedelta(days=9), FUTURE)
    api.fit(schema, data, out=tmp_path / "model", home=tmp_path / "home")
    return tmp_path / "model"


def test_no_draft_is_made_when_the_agreement_is_over(tmp_path, model, request) -> None:
    options = {"draft": True, "home": tmp_path / "home"}
    api.sample(model, 10, out=tmp_path / "before", **options)
    filled = tmp_path / "filled.yaml"
    filled.write_text(FILLED)
    api.sample(filled, 10, out=tmp_path / "filled", **options)
    request.getfixturevalue("later")
    for source in (model, filled):
        with pytest.raises(ConfigError, match=f"last day of use of such records was {FUTURE}"):
            api.sample(source, 10, out=tmp_path / "after", **options)
    assert not (tmp_path / "after").exists()


def test_new_real_records_are_not_compared_when_the_agreement_is_over(tmp_path, model, later) -> None:
    with pytest.raises(ConfigError, match="DUA 17 on the real records ended"):
        api.validate(tmp_path / "absent.csv", against=model, home=tmp_path / "home")
