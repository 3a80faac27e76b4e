"""Models of synthetic records: refused unless asked for, and the card carries their generation on."""

import gzip
import json
import shutil

import pyarrow.parquet as pq
import pytest

from synthrec import api
from synthrec.digests import digest_file
from synthrec.errors import ConfigError, InputError, VerificationError

RULES = """\
synthrec: 1
schema: {name: small, version: 1.0.0, source: {population: one town}}
tables:
  people:
    primary_key: [person]
    person: person
    max_rows_per_person: 1
    columns:
      person: {kind: id, role: key, generate: {sequence: {prefix: P, width: 6}}}
      age:
        kind: integer
        domain: {min: 0, max: 99, source: public}
        generate: {dist: {name: integers, low: 0, high: 99}}
      sex:
        kind: category
        domain: {values: [F, M], source: public}
        generate: {category: {weights: {F: 1, M: 1}}}
      score:
        kind: float
        precision: 0.1
        domain: {min: 0, max: 20, source: public}
        generate: {dist: {name: uniform, low: 0, high: 20}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An export of rules, in both formats, and the schema that made it."""
    folder = tmp_path_factory.mktemp("made")
    schema = folder / "rules.yaml"
    schema.write_text(RULES)
    api.sample(schema, 300, out=folder / "export", formats=("parquet", "csv"), seed=5, home=folder / "home")
    return folder


@pytest.fixture
def learn(made, small, tmp_path):
    """Fit the small schema on files."""

    def run(*files, **options):
        out = tmp_path / "model"
        return api.fit(made / "rules.yaml", list(files), out=out, home=small.home, **options)

    return run


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())["lineage"]


def test_the_footer_tells_what_the_card_tells(made):
    card = api.read_card(made / "export")
    footer = pq.read_metadata(made / "export/people.parquet").metadata
    assert footer[b"synthrec.origin"] == b"synthetic"
    assert footer[b"synthrec.draw"].decode() == card.draw
    assert footer[b"synthrec.digital_source_type"].decode() == card.digital_source_type
    assert footer[b"synthrec.generation"] == b"0"


@pytest.mark.parametrize("name", ["people.parquet", "people.csv"])
def test_synthetic_records_are_refused(learn, made, tmp_path, name):
    with pytest.raises(ConfigError, match=r"is synthetic, as .*--allow-synthetic-source"):
        learn(made / "export" / name)
    assert not (tmp_path / "model").exists()


def test_a_mark_tells_without_a_card_and_a_digest_under_another_name(learn, made, tmp_path):
    moved = shutil.copy(made / "export/people.parquet", tmp_path / "patients.parquet")
    with pytest.raises(ConfigError, match="as its footer says"):
        learn(moved)
    renamed = shutil.copy(made / "export/people.csv", tmp_path / "patients.csv")
    shutil.copy(made / "export/card.json", tmp_path / "card.json")
    with pytest.raises(ConfigError, match=r"it lies beside a card\.json"):
        learn(renamed)


def test_an_arrow_table_keeps_its_mark(made, small, tmp_path):
    table = pq.read_table(made / "export/people.parquet")
    with pytest.raises(ConfigError, match="the table is synthetic"):
        api.fit(made / "rules.yaml", table, out=tmp_path / "model", home=small.home)
    with pytest.raises(VerificationError, match="without its card"):
        api.fit(
            made / "rules.yaml",
            table,
            out=tmp_path / "model",
            home=small.home,
            allow_synthetic_source=True,
        )


def test_a_synthetic_holdout_judges_nothing(small, made, tmp_path):
    with pytest.raises(ConfigError, match="is synthetic"):
        api.fit(
            made / "rules.yaml",
            small.data,
            holdout=made / "export/people.parquet",
            out=tmp_path / "model",
            home=small.home,
        )


def test_an_audit_takes_no_synthetic_records_for_real_ones(small, made):
    with pytest.raises(ConfigError, match="is synthetic"):
        api.audit(
            small.data,
            schema=small.schema,
            train=made / "export/people.csv",
            holdout=small.data,
            home=small.home,
        )


def test_generation_parents_and_share_are_carried_on(learn, made, small, tmp_path):
    source = made / "export/people.parquet"
    learn(source, small.data, allow_synthetic_source=True)
    assert manifest(tmp_path / "model") == {
        "generation": 1,
        "parents": [digest_file(made / "export/card.json")],
        "real_fraction": 0.63,
    }
    # At most 499 / (499 + 300): the 400 real rows are told as 200 to 499.
    learn(source, allow_synthetic_source=True, force=True)
    assert manifest(tmp_path / "model")["real_fraction"] == 0.0


@pytest.mark.parametrize("name", ["people.pq", "people", "PEOPLE.PARQUET"])
def test_a_mark_is_seen_whatever_the_file_is_called(learn, made, tmp_path, name):
    moved = shutil.copy(made / "export/people.parquet", tmp_path / name)
    with pytest.raises(ConfigError, match="as its footer says"):
        learn(moved)


@pytest.mark.parametrize("fault", ["changed card", "no card of ours", "link", "packed"])
def test_what_lies_beside_a_card_is_synthetic_even_if_the_card_cannot_be_read(learn, made, tmp_path, fault):
    copy, source = tmp_path / "copy", tmp_path / "copy/people.csv"
    shutil.copytree(made / "export", copy)
    if fault == "changed card":
        (copy / "card.json").write_text((copy / "card.json").read_text().replace('"draw"', '"drawn"'))
    elif fault == "no card of ours":
        (copy / "card.json").write_text("[]")
    elif fault == "link":
        source = tmp_path / "people.csv"
        source.symlink_to(copy / "people.csv")
    else:
        source = copy / "people.csv.gz"
        source.write_bytes(gzip.compress((copy / "people.csv").read_bytes()))
    with pytest.raises(ConfigError, match=r"lies beside a card\.json"):
        learn(source)


@pytest.mark.parametrize("files", [["a.csv"], ["a.csv", "b.csv"]])
def test_links_in_a_circle_are_no_file(learn, tmp_path, files):
    (tmp_path / "a.csv").symlink_to(tmp_path / "b.csv")
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    with pytest.raises(InputError, match="no such file"):
        learn(*(tmp_path / name for name in files))


def test_real_records_are_never_judged_by_a_synthetic_holdout(learn, made, small, tmp_path):
    with pytest.raises(ConfigError, match="judge real records by real ones"):
        learn(small.data, holdout=made / "export/people.parquet", allow_synthetic_source=True)
    assert not (tmp_path / "model").exists()


def test_a_claim_on_the_records_of_a_model_would_protect_nobody(admissions, tmp_path):
    api.sample(admissions.model, 500, out=tmp_path / "first", home=admissions.home)
    home = tmp_path / "home"
    with pytest.raises(ConfigError, match="protect nobody"):
        api.fit(
            admissions.schema,
            tmp_path / "first/admissions.parquet",
            out=tmp_path / "second",
            epsilon=1,
            home=home,
            allow_synthetic_source=True,
        )
    assert not home.exists()


def test_under_a_claim_the_share_would_count_the_real_ones(learn, made, small):
    with pytest.raises(ConfigError, match="do not mix"):
        learn(made / "export/people.parquet", small.data, allow_synthetic_source=True, epsilon=1)


@pytest.mark.parametrize("fault", ["no card", "changed card", "changed data", "other records"])
def test_a_parent_must_be_what_its_card_says(learn, made, tmp_path, fault):
    copy = tmp_path / "copy"
    shutil.copytree(made / "export", copy)
    if fault == "no card":
        (copy / "card.json").unlink()
    elif fault == "changed card":
        card = (copy / "card.json").read_text()
        (copy / "card.json").write_text(card.replace('"generation_depth":0', '"generation_depth":1'))
    elif fault == "changed data":
        table = pq.read_table(copy / "people.parquet")
        pq.write_table(table.slice(1), copy / "people.parquet")
    else:
        table = pq.read_table(copy / "people.parquet")
        pq.write_table(table, copy / "more.parquet")
        (copy / "people.parquet").unlink()
    name = "more.parquet" if fault == "other records" else "people.parquet"
    with pytest.raises(VerificationError, match=r"card\.json|as its card says"):
        learn(copy / name, allow_synthetic_source=True)
    assert not (tmp_path / "model").exists()


def test_a_model_of_a_model_says_so_on_the_card(admissions, tmp_path):
    first = tmp_path / "first"
    api.sample(admissions.model, 5_000, out=first, home=admissions.home)
    second = tmp_path / "second"
    fitted = api.fit(
        admissions.schema,
        first / "admissions.parquet",
        out=second,
        home=admissions.home,
        allow_synthetic_source=True,
    )
    assert manifest(second)["generation"] == 2
    if fitted.approved:
        made = api.sample(second, 100, out=tmp_path / "third", home=admissions.home)
        lineage = api.read_card(made.card).lineage
        assert (lineage.generation_depth, lineage.real_fraction) == (2, 0.0)
        assert lineage.parents == (digest_file(first / "card.json"),)
