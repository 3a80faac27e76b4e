"""Numbers name their sources, and a shipped schema holds none that does not."""

from __future__ import annotations

import pytest

from synthrec.assets import find_schema, schema_names
from synthrec.errors import SchemaError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema import citations
from synthrec.schema.load import load_schema, parse_schema

TEXT = """\
synthrec: 1
schema: {name: s}
params: {rate: 0.3, scale: 1, since: 2024-01-01, word: "7 days"}
cite: {rate: census}
sources:
  census: {title: Census, publisher: Office, year: 2020, address: "https://example.org", licence: free}
  codes: {title: Codes, licence: free}
tables:
  t:
    one_row_per_person: true
    columns:
      id: {kind: id, role: key, generate: {sequence: {prefix: A, width: 9}}}
      sex:
        kind: category
        domain: {values: [F, "7"], source: public}
        generate: {category: {weights: {F: 0.6, "7": 0.4}, cite: [census]}}
      old: {kind: boolean, generate: {bernoulli: {p: "where(sex == '7', 0.25, 1)", assumption: true}}}
      dx:
        kind: code
        system: codes
        domain: {values: [A1, B2], source: public}
        generate: {category: {weights: {A1: 1, B2: 1}}}
      n:
        kind: integer
        generate:
          mixture:
            parts:
              - {weight: 1, const: 4, assumption: true}
              - {weight: 1, dist: {name: poisson, mean: 2.5, cite: census}}
"""


def missing(text):
    return [".".join(map(str, figure.path)) for figure in citations.unaccounted(parse_schema(text))]


def test_every_number_is_accounted_for():
    schema = parse_schema(TEXT)
    assert citations.unaccounted(schema) == ()
    assert list(citations.sources_used(schema)) == ["census"]
    assert list(citations.systems_used(schema)) == ["codes"]
    (records,) = RuleEngine(schema).stream(20, streams=Streams(3))
    assert records["t"].data.num_rows == 20


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (", cite: [census]", "", ["weights.F", "weights.7"]),
        (", assumption: true}}}\n", "}}}\n", ["old.generate.bernoulli.p"]),
        (", assumption: true}\n", "}\n", ["parts.0.const"]),
        ("cite: {rate: census}", "cite: {}", ["params.rate"]),
        (", cite: census}", "}", ["dist.mean"]),
    ],
)
def test_a_number_without_source_is_found(old, new, where):
    assert old in TEXT
    found = missing(TEXT.replace(old, new))
    assert len(found) == len(where)
    assert all(path.endswith(end) for path, end in zip(found, where, strict=True))


def test_a_table_may_own_up_to_its_assumptions():
    text = TEXT.replace(", cite: [census]", "").replace("    columns:", "    assumption: true\n    columns:")
    assert missing(text) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("cite: [census]", "cite: [cencus]", 16, "no source 'cencus'"),
        ("cite: {rate: census}", "cite: {rat: census}", 4, "no param 'rat'"),
        ("cite: {rate: census}", "cite: {rate: cens}", 4, "no source 'cens'"),
        ("system: codes", "system: code", 20, "no source 'code'"),
        ("{title: Codes, ", "{", 7, "the key 'title' is missing"),
        ("year: 2020", "year: 20", 6, "input should be greater than or equal to 1500"),
    ],
)
def test_unknown_ids_are_told(old, new, line, found):
    with pytest.raises(SchemaError) as caught:
        parse_schema(TEXT.replace(old, new))
    assert (line, found) in {(fault.line, fault.found) for fault in caught.value.faults}


def test_sources_may_stand_in_a_file(tmp_path):
    head, rest = TEXT.split("sources:\n")
    own, tables = rest.split("tables:\n")
    lines = "\n".join(line.removeprefix("  ") for line in own.splitlines())
    (tmp_path / "sources.yaml").write_text(lines, "utf-8")
    (tmp_path / "s.yaml").write_text(f"{head}sources: sources.yaml\ntables:\n{tables}", "utf-8")
    assert load_schema(tmp_path / "s.yaml") == parse_schema(TEXT)
    (tmp_path / "s.yaml").write_text(f"{head}sources: ../sources.yaml\ntables:\n{tables}", "utf-8")
    with pytest.raises(SchemaError, match=r"s\.yaml:5:1: sources: '../sources.yaml' is no such file"):
        load_schema(tmp_path / "s.yaml")


@pytest.mark.parametrize("name", schema_names())
def test_shipped_numbers_name_their_sources(name):
    schema = load_schema(find_schema(name))
    assert [figure.path for figure in citations.unaccounted(schema)] == []
    # A whole table that owns up to its assumptions would hide a new number.
    assert not any(table.assumption for table in schema.tables.values())
    used = {*citations.sources_used(schema), *citations.systems_used(schema)}
    assert used == set(schema.sources)
    assert all(entry.licence and entry.publisher for entry in schema.sources.values())
