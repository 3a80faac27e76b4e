"""A rule schema with columns of a fitted model is a learned generator: it draws as approved, or refuses."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from synthrec import api
from synthrec.data.keys import open_keys
from synthrec.errors import ConfigError, KeyMissingError, PolicyRefusedError, SchemaError, VerificationError
from synthrec.privacy.ledger import Ledger
from synthrec.release.approval import Terms, sign, write_approval
from synthrec.schema.model import Schema

APPROVED = 300

TOWN = """\
synthrec: 1
schema: {name: town}
tables:
  person:
    primary_key: [id]
    person: id
    assumption: true
    columns:
      id: {kind: id, role: key, generate: {sequence: {prefix: P, width: 6}}}
      age: {kind: integer, domain: {min: 0, max: 120, source: public}, generate: {fitted: {block: b}}}
      gender:
        kind: category
        domain: {values: [X, M, F], source: public}
        generate: {fitted: {block: b, column: sex}}
      fee: {kind: float, generate: {dist: {name: normal, mean: age + _score, sd: 1}}}
    generate:
      fitted: {b: {model: ../models/free}}
      helpers: {_score: {kind: float, generate: {fitted: {block: b, column: score}}}}
  visit:
    person: {via: id}
    max_rows_per_person: 20
    assumption: true
    foreign_keys: [{columns: [id], references: person}]
    columns: {id: {kind: id, role: key, generate: {copy: person.id}}}
    generate: {per: person, count: {const: 2}}
"""


def approve(model, home, **changed):
    """The approval of a model, signed anew as if every check had passed, or as `changed`."""
    keys, written = open_keys(home, create=False), json.loads((model / "approval.json").read_text())
    passed = {"verdict": "pass", "results": [result | {"verdict": "pass"} for result in written["results"]]}
    terms = {name: written[name] for name in Terms.model_fields} | passed | changed
    write_approval(model, sign(Terms.model_validate(terms), keys))


@pytest.fixture(scope="module")
def models(tmp_path_factory, small_schema, small):
    """One home with a model without a claim and one under a claim, both approved."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(small.model, folder / "free")
    schema = folder / "small.yaml"
    schema.write_text(small_schema, "utf-8")
    asked = {"epsilon": "1", "generator": "marginals", "home": small.home}
    api.fit(schema, small.data, out=folder / "claimed", **asked)
    approve(folder / "free", small.home, rows=APPROVED)
    approve(folder / "claimed", small.home)
    return folder


@pytest.fixture
def town(models, small, tmp_path):
    """``models`` and ``schemas/town.yaml`` beside each other, as a test may spoil them."""
    shutil.copytree(models, tmp_path / "models")
    schema = tmp_path / "schemas" / "town.yaml"
    schema.parent.mkdir()

    def write(*pairs, more=""):
        text = TOWN + more
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        schema.write_text(text, "utf-8")

    def draw(rows, name="out", **options):
        return api.sample(schema, rows, out=tmp_path / name, home=small.home, **options)

    def rows(name="out", table="person"):
        return pq.read_table(tmp_path / name / f"{table}.parquet")

    write()
    names = {"schema": schema, "home": small.home, "free": tmp_path / "models" / "free"}
    return SimpleNamespace(
        folder=tmp_path, claimed=tmp_path / "models" / "claimed", write=write, draw=draw, rows=rows, **names
    )


CLAIMED = ("models/free", "models/claimed")


def test_without_a_claim_the_approved_rows_are_drawn_in_order(town):
    api.sample(town.free, APPROVED, out=town.folder / "direct", home=town.home)
    direct = town.rows("direct", "people")
    town.draw(APPROVED, seed=5)
    made = town.rows()
    assert made["age"].to_pylist() == direct["age"].to_pylist()
    assert made["gender"].to_pylist() == direct["sex"].to_pylist()
    gap = [
        a - b - c
        for a, b, c in zip(
            *(t.to_pylist() for t in (made["fee"], direct["age"], direct["score"])), strict=True
        )
    ]
    # Standard normal deviates: their mean within five standard errors.
    assert abs(sum(gap) / len(gap)) <= 5 * len(gap) ** -0.5
    assert town.rows(table="visit").num_rows == 2 * APPROVED


def test_columns_of_every_kind_come_through_as_the_model_draws_them(admissions, tmp_path, monkeypatch):
    document = api.load_schema("admissions_flat").document()
    (table,) = document["tables"].values()
    for name, column in table["columns"].items():
        is_key = column["kind"] in {"id", "string"}
        column["generate"] = {"sequence": {"prefix": name}} if is_key else {"fitted": {"block": "stay"}}
    table["generate"] = {"fitted": {"stay": {"model": admissions.model.name}}}
    monkeypatch.chdir(admissions.model.parent)
    filled = api.sample(
        Schema.model_validate(document), 500, out=tmp_path / "filled", home=admissions.home, seed=1
    )
    direct = api.sample(admissions.model, 500, out=tmp_path / "direct", home=admissions.home)
    made, expected = (pq.read_table(report.files[0]) for report in (filled, direct))
    learned = [name for name, column in table["columns"].items() if "fitted" in column["generate"]]
    assert len(learned) == 17
    assert made.select(learned).to_pylist() == expected.select(learned).to_pylist()


def test_one_row_more_than_was_approved_is_refused(town):
    with pytest.raises(PolicyRefusedError, match="first 300 rows, and 301"):
        town.draw(APPROVED + 1)
    assert not (town.folder / "out").exists()


def test_rows_of_a_child_table_count_against_the_approval(town):
    filled = "age: {kind: integer, generate: {fitted: {block: b}}}"
    town.write(
        ("copy: person.id}}}", f"copy: person.id}}}}, {filled}}}"),
        ("{const: 2}}", "{const: 2}, fitted: {b: {model: ../models/free}}}"),
        ("generate: {fitted: {block: b}}}\n      gender", "generate: {const: 3}}\n      gender"),
        ("generate: {fitted: {block: b, column: sex}}", "generate: {const: F}"),
        ("      fitted: {b: {model: ../models/free}}\n", ""),
        ("{fitted: {block: b, column: score}}", "{const: 1}"),
    )
    town.draw(APPROVED // 2)
    assert api.read_card(town.folder / "out").coverage.audited_rows == APPROVED
    with pytest.raises(PolicyRefusedError, match="first 300 rows, and 302"):
        town.draw(APPROVED // 2 + 1, "more")
    assert not (town.folder / "more").exists()


CALLS = """\
  call:
    person: {via: id}
    max_rows_per_person: 1000
    assumption: true
    foreign_keys: [{columns: [id], references: person}]
    columns:
      id: {kind: id, role: key, generate: {copy: person.id}}
      at: {kind: datetime, generate: {given: time}}
      other_age: {kind: integer, null: {allowed: true}, generate: {partner: person.age}}
    generate:
      per: person
      events:
        from: date('2024-01-01')
        to: date('2024-03-01')
        streams: {calls: {rate: 0.1, between: {degree: 20}}}
"""


def test_what_rules_tell_of_persons_beyond_the_run_is_of_approved_rows_too(town):
    approve(town.free, town.home, rows=20)
    town.write(more=CALLS)
    town.draw(20, seed=1)
    told = {age for age in town.rows(table="call")["other_age"].to_pylist() if age is not None}
    assert told
    assert told <= set(town.rows()["age"].to_pylist())


def test_under_a_claim_any_draw_is_covered_and_follows_from_its_seed(town):
    town.write(CLAIMED)
    for name, rows, seed in (("a", 6_000, 3), ("b", 5_000, 3), ("c", 5_000, 4)):
        town.draw(rows, name, seed=seed, chunk_rows=999 + rows)
    first, second, third = (town.rows(name) for name in "abc")
    assert first.slice(0, 5_000).to_pylist() == second.to_pylist()
    assert second["age"].to_pylist() != third["age"].to_pylist()


def test_two_blocks_of_a_claimed_model_are_drawn_apart(town):
    column = (
        "age: {kind: integer, domain: {min: 0, max: 120, source: public}, generate: {fitted: {block: b}}}"
    )
    other = f"{column}\n      age2: {{kind: integer, generate: {{fitted: {{block: c, column: age}}}}}}"
    again = "fitted: {b: {model: ../models/claimed}, c: {model: ../models/claimed}}"
    town.write((column, other), ("fitted: {b: {model: ../models/free}}", again))
    town.draw(400, seed=1)
    made = town.rows()
    assert made["age"].to_pylist() != made["age2"].to_pylist()
    town.write((column, other), ("fitted: {b: {model: ../models/free}}", again.replace("claimed", "free")))
    with pytest.raises(SchemaError, match=r"the model of person\.b again, which without a claim") as caught:
        town.draw(10, "twice")
    assert [(fault.line, fault.where) for fault in caught.value.faults] == [
        (18, "tables.person.generate.fitted.c.model")
    ]


def entries(home):
    with Ledger.open(home, open_keys(home, create=False)) as ledger:
        return ledger.head


def test_the_card_names_the_model_and_the_ledger_is_not_charged(town):
    before = entries(town.home)
    town.draw(100, seed=5)
    card, model = (
        api.read_card(town.folder / "out"),
        api.sample(town.free, 10, out=town.folder / "direct", home=town.home),
    )
    direct = api.read_card(model.out)
    assert entries(town.home) == before
    (part,) = card.fitted
    assert (part.table, part.block) == ("person", "b")
    assert part.columns == {"age": "age", "gender": "sex", "_score": "score"}
    assert part.generator == direct.generator
    assert part.seed == direct.seed
    assert part.source == direct.source == card.source
    assert part.privacy == direct.privacy
    assert part.covered == "approved_prefix"
    assert (card.seed.kind, card.seed.value) == ("plain", "5")
    assert card.lineage == direct.lineage
    assert card.digital_source_type == direct.digital_source_type
    assert card.privacy.claim == "none"
    assert "nothing was charged" in card.privacy.statement
    assert {result.check for result in card.results} >= {"conformity.person", "conformity.visit", "P1", "P3"}
    assert (card.coverage.kind, card.coverage.audited_rows) == ("approved_prefix", 100)
    text = (town.folder / "out" / "card.md").read_text()
    assert part.generator.model_digest in text
    assert "learned columns of person: age, gender" in text


def test_only_rows_of_models_without_a_claim_are_told_as_audited(town):
    visit = "generate: {per: person, count: {const: 2}"
    seen = "age: {kind: integer, generate: {fitted: {block: c}}}"
    town.write(
        (f"{visit}}}", f"{visit}, fitted: {{c: {{model: ../models/claimed}}}}}}"),
        ("copy: person.id}}}", f"copy: person.id}}}}, {seen}}}"),
    )
    town.draw(APPROVED)
    card = api.read_card(town.folder / "out")
    assert (card.coverage.kind, card.coverage.audited_rows) == ("approved_prefix", APPROVED)
    assert card.privacy.claim == "none"
    for model in (town.free, town.claimed):
        assert api.verify_export(town.folder / "out", model=model, home=town.home)


def test_the_card_tells_the_claim_of_the_model(town):
    town.write(CLAIMED)
    town.draw(5_000)
    card, manifest = (
        api.read_card(town.folder / "out"),
        json.loads((town.claimed / "manifest.json").read_text()),
    )
    claim = card.privacy.guarantee
    assert card.privacy.claim == "differential_privacy"
    assert (claim.epsilon, claim.population) == (manifest["claim"]["epsilon"], "one town")
    assert card.fitted[0].privacy.guarantee == claim
    assert card.fitted[0].seed is None
    assert card.coverage.kind == card.fitted[0].covered == "under_claim"
    assert card.privacy.statement.startswith(claim.sentence())


def test_an_export_is_verified_against_its_model(town):
    town.draw(200)
    verified = api.verify_export(town.folder / "out", model=town.free, home=town.home)
    assert "the model and its approval" in verified.verified
    with pytest.raises(VerificationError, match="another model"):
        api.verify_export(town.folder / "out", model=town.claimed, home=town.home)
    approve(town.free, town.home, rows=199)
    with pytest.raises(VerificationError, match="covers fewer rows"):
        api.verify_export(town.folder / "out", model=town.free, home=town.home)
    approve(town.free, town.home, rows=APPROVED, seed=12)
    with pytest.raises(VerificationError, match="another seed"):
        api.verify_export(town.folder / "out", model=town.free, home=town.home)


@pytest.mark.parametrize("kind", ["free", "claimed"])
@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"verdict": "inconclusive"}, "did not end with a pass"),
        ({"policy_digest": "sha256:" + 64 * "0"}, "another policy"),
        ({"profile_digest": "sha256:" + 64 * "0"}, "another profile"),
    ],
    ids=["inconclusive", "policy", "profile"],
)
def test_a_model_that_is_not_approved_under_these_rules_fills_nothing(town, kind, changed, found):
    town.write(("models/free", f"models/{kind}"))
    approve(getattr(town, kind), town.home, **changed)
    with pytest.raises(PolicyRefusedError, match=f"../models/{kind}: .*{found}"):
        town.draw(10)
    assert not (town.folder / "out").exists()


def test_a_model_without_approval_fills_nothing(town):
    (town.free / "approval.json").unlink()
    with pytest.raises(PolicyRefusedError, match="no approval"):
        town.draw(10)


def test_an_approval_that_only_calls_itself_claimed_covers_the_prefix_alone(town):
    approve(town.free, town.home, under_claim=True)
    with pytest.raises(PolicyRefusedError, match="first 300 rows"):
        town.draw(APPROVED + 1)


def test_a_changed_model_and_a_missing_key_are_refused_as_ever(town, tmp_path):
    with pytest.raises(KeyMissingError):
        api.sample(town.schema, 10, out=tmp_path / "out", home=tmp_path / "other")
    manifest = town.free / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"one town"', b'"one city"'))
    with pytest.raises(VerificationError):
        town.draw(10)
    approval = town.claimed / "approval.json"
    approval.write_bytes(approval.read_bytes().replace(b'"attempt":1', b'"attempt":2'))
    town.write(CLAIMED)
    with pytest.raises(VerificationError):
        town.draw(10)


def test_all_differences_from_the_model_are_told_with_their_lines(town):
    town.write(
        ("max: 120", "max: 90"), ("[X, M, F]", "[F]"), ("_score: {kind: float", "_score: {kind: integer")
    )
    with pytest.raises(SchemaError) as caught:
        town.draw(10)
    assert [(fault.file, fault.line, fault.column, fault.found) for fault in caught.value.faults] == [
        (str(town.schema), 10, 82, "max 90, and 'age' of the model goes beyond, 99"),
        (str(town.schema), 14, 20, "'sex' of the model also yields 'M'"),
        (str(town.schema), 18, 52, "kind integer, and 'score' of the model has float"),
    ]


def test_a_folder_without_a_model_is_a_fault_of_the_schema(town):
    town.write(("../models/free", "../models/fre"))
    with pytest.raises(
        SchemaError, match=r"town.yaml:17:20: .*\.b\.model: .*models/fre is not a model folder"
    ):
        town.draw(10)


def test_a_schema_at_hand_finds_its_models_from_the_current_folder(town, monkeypatch):
    schema = api.load_schema(town.schema)
    monkeypatch.chdir(town.schema.parent)
    assert api.sample(schema, 10, out=town.folder / "out", home=town.home).approved
    monkeypatch.chdir(town.folder)
    with pytest.raises(SchemaError, match=r"schema town: tables\.person\.generate\.fitted\.b\.model"):
        api.sample(schema, 10, out=town.folder / "again", home=town.home)


@pytest.mark.parametrize(
    "options", [{"real": "people.csv"}, {"holdout": "people.csv"}, {"repair": True}, {"where": "age > 9"}]
)
def test_options_of_a_model_alone_are_refused(town, options):
    with pytest.raises(ConfigError, match=f"--{next(iter(options))}"):
        town.draw(10, **options)
    assert not (town.folder / "out").exists()


def test_a_draft_needs_no_approval_and_has_no_card(town):
    approve(town.free, town.home, verdict="fail")
    made = town.draw(APPROVED + 50, draft=True)
    assert made.card is None
    assert town.rows().num_rows == APPROVED + 50
    assert {path.stat().st_mode & 0o777 for path in made.files} == {0o600}


def test_a_preview_does_not_reach_the_model(town):
    with pytest.raises(ConfigError, match="age, gender, _score of person come from a fitted model"):
        api.preview(town.schema)


def test_the_command_line_from_schema_to_card(town, cli):
    ran = cli(town.home, "sample", town.schema, "-n", 50, "-o", "made", "--json")
    assert ran.code == 0, ran.err
    assert cli(town.home, "card", "verify", "made", "--model", town.free).code == 0
    files = [town.folder / "made" / f"{table}.parquet" for table in ("person", "visit")]
    assert cli(town.home, "validate", *files, "--schema", town.schema).code == 0
    assert cli(town.home, "schema", "check", town.schema).code == 0
    assert (
        "filled by the model ../models/free: age, gender, _score"
        in cli(town.home, "schema", "show", town.schema).out
    )
    assert cli(town.home, "schema", "lint", town.schema, "--strict").code == 0
    assert cli(town.home, "schema", "preview", town.schema).code == 2
    assert cli(town.home, "sample", town.schema, "-n", 301, "-o", "more").code == 3
    assert not (town.folder / "more").exists()
