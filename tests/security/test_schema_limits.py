"""Hostile schema texts: limits hold, nothing expands, and whatever is wrong is a SchemaError."""

from __future__ import annotations

import random
import time

import pytest

from synthrec.errors import SchemaError
from synthrec.schema.load import load_schema, parse_schema

SOUND = """\
synthrec: 1
schema: {name: s, version: 1.0.0}
params: {start: 2024-01-01}
tables:
  t:
    person: id
    primary_key: [id]
    columns:
      id: {kind: id, role: key}
      age: {kind: integer, domain: {min: 0, max: 110, source: public}, heaps: [0]}
      sex: {kind: category, domain: {values: [F, M], source: declared, basis: b, by: c}}
      cost: {kind: decimal, scale: 2, domain: {min: 0, max: 9.5, source: public}, null: {allowed: true}}
      day: {kind: date, format: "%d/%m/%Y", domain: {min: 2020-01-01, max: 2024-01-01, source: public}}
    constraints:
      - {name: c, expr: "age >= 18 or sex == 'F'"}
  u:
    person: {via: id}
    foreign_keys: [{columns: [id], references: t}]
    columns:
      id: {kind: id}
      at: {kind: datetime, timezone: Europe/Berlin, domain: {source: learned}}
"""


def faults(text):
    with pytest.raises(SchemaError) as caught:
        parse_schema(text)
    return caught.value.faults


def test_the_sound_text_loads():
    assert len(parse_schema(SOUND).tables) == 2


def test_an_alias_bomb_is_refused_before_it_grows():
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    start = time.process_time()
    found = faults("\n".join(bomb))
    assert time.process_time() - start < 1
    assert {"the anchor &a0", "the alias *a0"} <= {fault.found for fault in found}


def test_an_alias_to_itself_is_refused():
    assert "the alias *a" in {fault.found for fault in faults("synthrec: 1\nschema: &a {name: *a}\n")}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 40 + "]" * 40,
        "{a: " * 40 + "}" * 40,
        "[" * 500_000,
        "- " * 20_000,
        "a:\n" + "".join(" " * i + "a:\n" for i in range(1, 90)),
    ],
    ids=["lists", "mappings", "open", "dashes", "blocks"],
)
def test_deep_nesting_is_refused(text):
    (fault,) = faults(text)
    assert "nesting deeper than 30" in fault.found
    assert fault.line >= 1


def test_nesting_within_the_limit_is_read():
    assert "mapping" in faults("[" * 29 + "]" * 29)[0].found


def test_double_keys_are_refused_with_both_lines():
    (fault,) = faults(SOUND.replace("    person: id\n", "    person: id\n    person: age\n"))
    assert (fault.line, fault.found) == (7, "the key 'person' again, first on line 6")


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system [echo]",
        "!!python/name:os.system x",
        "!custom {a: 1}",
        "!!str 5",
        "! x",
        "!<tag:yaml.org,2002:python/object:os.PathLike> {}",
    ],
)
def test_tags_are_refused(tag):
    found = faults(SOUND.replace("{start: 2024-01-01}", f"{{start: {tag}}}"))
    assert [fault.line for fault in found] == [3]
    assert found[0].found.startswith("the tag")


def test_a_file_too_large_is_refused(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text(SOUND + "#" + "x" * 1_000_000, "utf-8")
    with pytest.raises(SchemaError, match="bytes"):
        load_schema(path)


def test_a_flood_of_faults_ends():
    text = "x:\n" + "".join(f"  - *a{i}\n" for i in range(50_000))
    assert len(faults(text)) <= 101


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max: 110", "max: .inf"),
        ("max: 110", "max: .nan"),
        ("max: 110", "max: 1e999"),
        ("max: 110", "max: 9007199254740993"),
        ("max: 110", "max: " + "9" * 5_000),
        ("min: 2020-01-01", "min: 2020-02-31"),
        ("name: s,", 'name: "\\ud800",'),
        ("name: s,", "name: s\x00,"),
        ('format: "%d/%m/%Y"', 'format: "%"'),
        ("Europe/Berlin", "/etc/passwd"),
        ("Europe/Berlin", '"\\0"'),
        ("18", "2 ** 99"),
        ("age >= 18", "__import__('os')"),
        ("  u:", "  ../../u:"),
        ("sex:", '"a\\nb":'),
    ],
)
def test_values_out_of_bounds_are_refused(old, new):
    assert old in SOUND
    assert all(fault.repair for fault in faults(SOUND.replace(old, new, 1)))


def test_faults_never_repeat_long_texts():
    found = faults(SOUND.replace("kind: integer", f"kind: {'x' * 10_000}"))
    assert all(len(str(fault)) < 2_000 for fault in found)


FRAGMENTS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "\n",
    "  ",
    "&a ",
    "*a",
    "!x ",
    "!!int ",
    "'",
    '"',
    "|",
    ">",
    "%",
    "#",
    "? ",
    "null",
    "true",
    "-1",
    "1e400",
    ".inf",
    "2024-13-01",
    "kind",
    "domain",
    "<<: ",
    "---\n",
    "\t",
    "\u2028",
    "é",
    "0x",
    "~",
    "integer",
    "learned",
    ",",
    "'a' == 1",
    "\\",
    "\ud7ff",
    "via",
]


def mutated(rng):
    """The sound text with a few random cuts, doubled lines, swaps and inserted fragments."""
    text = SOUND
    for _ in range(rng.randint(1, 4)):
        i, j = sorted(rng.sample(range(len(text)), 2))
        match rng.randrange(5):
            case 0:
                text = text[:i] + rng.choice(FRAGMENTS) + text[i:]
            case 1:
                text = text[:i] + text[min(j, i + 9) :]
            case 2:
                lines = text.splitlines(keepends=True)
                lines.insert(rng.randrange(len(lines)), rng.choice(lines))
                text = "".join(lines)
            case 3:
                words = text.split(" ")
                a, b = rng.sample(range(len(words)), 2)
                words[a], words[b] = words[b], words[a]
                text = " ".join(words)
            case _:
                text = text[:i] + rng.choice(FRAGMENTS) + text[min(j, i + 6) :]
    return text


def test_mutated_texts_load_or_are_refused():
    rng = random.Random(7)  # noqa: S311
    refused = []
    for _ in range(500):
        try:
            parse_schema(mutated(rng))
        except SchemaError as error:
            refused.append(error.faults)
    assert len(refused) > 300
    assert all(refused)
    assert all(fault.found and fault.repair and fault.line >= 1 for faults in refused for fault in faults)
