"""Hostile schemas: refused in bounded time and memory, each with its place in the file and a repair.

Hostile expressions by themselves stand in tests/property/test_expressions_property.py.
"""

from __future__ import annotations

import time
import tracemalloc

import pytest

from synthrec.errors import SchemaError
from synthrec.schema.load import load_schema, parse_schema

SECONDS = 5
"""CPU time for one file; the slowest takes half of it."""
MEGABYTES = 250

HEAD = "synthrec: 1\nschema: {name: s}\n"
TABLE = "tables:\n  t:\n    one_row_per_person: true\n    columns:\n"
LONG = "x" * 990_000


def column(text):
    return f"{HEAD}{TABLE}      a: {text}\n"


def ruled(text, *more):
    lines = "".join(f"      {line}\n" for line in more)
    return f"{HEAD}{TABLE}      a: {{kind: integer, generate: {text}}}\n{lines}"


def laughs(levels):
    first = "a0: &a0 [ha, ha]\n"
    return first + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, levels))


def labels(count):
    values = ", ".join(f"v{i}" for i in range(count))
    made = "generate: {category: {weights: {v0: 1}}}"
    return f"{{kind: category, domain: {{values: [{values}], source: public}}, {made}}}"


def wide_table(columns, values):
    by = ", ".join(f"c{i}" for i in range(columns))
    when = ", ".join(["v0"] * columns)
    rule = f"{{lookup: {{by: [{by}], rows: [{{when: [{when}], value: 1}}], default: 3}}}}"
    return ruled(rule, *(f"c{i}: {labels(values)}" for i in range(columns)))


def many_texts():
    pattern = "".join(f"{{p{i}}}" for i in range(9))
    parts = ", ".join(f"p{i}: [{', '.join(f't{j}' for j in range(99))}]" for i in range(9))
    return column(f"{{kind: text, generate: {{template: {{pattern: '{pattern}', parts: {{{parts}}}}}}}}}")


def chain(length):
    """Columns that each read the next, and the last the first."""
    links = [f'c{i}: {{kind: integer, generate: {{expr: "c{i + 1}"}}}}' for i in range(length)]
    return ruled('{expr: "c0"}', *links, f'c{length}: {{kind: integer, generate: {{expr: "a"}}}}')


def references(pairs):
    table = (
        "  {0}:\n    one_row_per_person: true\n    primary_key: [id]\n"
        "    foreign_keys: [{{columns: [id], references: {1}}}]\n    columns: {{id: {{kind: id}}}}\n"
    )
    return HEAD + "tables:\n" + "".join(table.format(*pair) for pair in pairs)


MALFORMED = {
    "flow lists without end": HEAD + "tables: " + "[" * 100_000,
    "flow mappings without end": HEAD + "tables: " + "{a: " * 100_000,
    "closed flow lists": HEAD + "tables: " + "[" * 5_000 + "]" * 5_000,
    "block nesting": HEAD + "".join(" " * i + "a:\n" for i in range(1_200)),
    "block lists": HEAD + "tables:\n" + "- " * 20_000 + "1",
    "deep rule": ruled("{mixture: {parts: " + "[{weight: 1, mixture: {parts: " * 40 + "}}]" * 40 + "}}"),
    "alias bomb": laughs(30) + HEAD,
    "alias bomb in columns": HEAD + "tables: &t\n  t: {columns: *t}\n",
    "alias to itself": HEAD + "tables: &t [*t]\n",
    "anchors alone": column("&a {kind: boolean}"),
    "merge key": HEAD + "base: &b {kind: boolean}\n" + TABLE + "      a: {<<: *b}\n",
    "python object": column("!!python/object/apply:os.system ['true']"),
    "python name": column("{kind: !!python/name:os.system }"),
    "own tag": column("!schema {kind: boolean}"),
    "binary": column("{kind: !!binary aGk=}"),
    "duplicate keys": column("{kind: boolean, kind: integer}"),
    "duplicate columns": column("{kind: boolean}") + "      a: {kind: integer}\n",
    "duplicate tables": column("{kind: boolean}") + "tables: {}\n",
    "many duplicates": HEAD + "tables: {" + "t: 1, " * 100_000 + "t: 1}",
    "key that is a list": HEAD + "? [a, b]\n: 1\n",
    "key that is a mapping": HEAD + "{a: 1}: 1\n",
    "second document": column("{kind: boolean}") + "---\n" + HEAD,
    "no document": "",
    "comments alone": "# nothing\n" * 1_000,
    "a list on top": "- synthrec: 1\n",
    "a text on top": LONG,
    "tabs": HEAD + "tables:\n\tt: 1\n",
    "control characters": HEAD + "tables: \x07\n",
    "zero byte": HEAD + "tables: \x00\n",
    "half a surrogate pair": column('{kind: boolean, description: "\\ud800"}'),
    "long key": HEAD + TABLE + f"      {LONG}: {{kind: boolean}}\n",
    "long quoted key": HEAD + TABLE + f'      "{LONG}": {{kind: boolean}}\n',
    "long table name": f"{HEAD}tables:\n  {LONG}: {{columns: {{}}}}\n",
    "long kind": column(f"{{kind: {LONG}}}"),
    "long unknown key": column(f"{{kind: boolean, '{LONG}': 1}}"),
    "long expression": ruled(f'{{expr: "{LONG}"}}'),
    "long sum": ruled('{expr: "' + "1+" * 450_000 + '1"}'),
    "long reference": ruled(f"{{copy: {LONG}}}"),
    "long distribution name": ruled(f"{{dist: {LONG}}}"),
    "long generator": ruled(f"{{{LONG}: 1}}"),
    "long number": column("{kind: integer, domain: {min: " + "9" * 900_000 + ", source: public}}"),
    "long date": column("{kind: date, domain: {min: 2024-01-" + "0" * 900_000 + "1, source: public}}"),
    "long format": column('{kind: date, format: "' + "%d" * 400_000 + '"}'),
    "long timezone": column(f"{{kind: datetime, timezone: {LONG}}}"),
    "timezone of a path": column("{kind: datetime, timezone: ../../etc/passwd}"),
    "long base": f"extends: {LONG}\n{HEAD}{TABLE}      a: {{kind: boolean}}\n",
    "a zero character in a value": f'{HEAD}{TABLE}      a: {{kind: string, generate: {{const: "x\\0y"}}}}\n',
    "a zero character in a label": (
        f'{HEAD}{TABLE}      a: {{kind: string, generate: {{category: {{weights: {{"x\\0y": 1}}}}}}}}\n'
    ),
    "base with a zero byte": f'extends: "a\\0b"\n{HEAD}{TABLE}      a: {{kind: boolean}}\n',
    "too large": column("{kind: boolean}") + "#" * 1_000_001,
    "many columns": HEAD + TABLE + "".join(f"      c{i}: {{kind: boolean}}\n" for i in range(30_000)),
    "many faults": HEAD + TABLE + "".join(f"      c{i}: {{kind: x}}\n" for i in range(1_900)),
    "infinite number": column("{kind: float, domain: {min: -.inf, source: public}}"),
    "no number": column("{kind: float, domain: {min: .nan, source: public}}"),
    "huge exponent": column("{kind: float, domain: {min: 1e999999999, source: public}}"),
    "no date": column("{kind: date, domain: {min: 2024-02-30, source: public}}"),
    "combinations without end": wide_table(12, 60),
    "texts without end": many_texts(),
    "columns in a circle": chain(1),
    "a column on itself": ruled('{expr: "a + 1"}'),
    "a tower of columns in a circle": chain(900),
    "parents in a circle": ruled("{const: 1}") + "    generate: {per: t, count: {const: 1}}\n",
    "references in a circle": references([("a", "b"), ("b", "a")]),
    "powers": ruled('{expr: "9 ** 9 ** 9"}'),
    "attributes": ruled('{expr: "().__class__.__bases__[0].__subclasses__()"}'),
    "imports": ruled("{expr: __import__('os').system('true')}"),
    "walls of brackets": ruled('{expr: "' + "(" * 900 + "a" + ")" * 900 + '"}'),
    "walls of signs": ruled('{expr: "' + "-" * 1_500 + '1"}'),
    "constraint that never ends": column("{kind: integer}")
    + '    constraints: [{name: x, expr: "' + "not " * 450 + 'a > 1"}]\n',
}  # fmt: skip


def test_there_are_enough_of_them():
    assert len(MALFORMED) >= 37


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_schema_is_refused_at_its_place(name):
    start = time.process_time()
    with pytest.raises(SchemaError) as caught:
        parse_schema(MALFORMED[name], "s.yaml")
    took = time.process_time() - start
    lines = MALFORMED[name].count("\n") + 1
    assert took < SECONDS
    assert all(fault.file == "s.yaml" and fault.found and fault.repair for fault in caught.value.faults)
    assert all(1 <= fault.line <= lines + 1 and fault.column >= 1 for fault in caught.value.faults)
    assert max(len(fault.found) + len(fault.repair) for fault in caught.value.faults) < 5_000
    assert len(caught.value.faults) <= 2_000


@pytest.mark.parametrize("name", ["combinations without end", "alias bomb", "texts without end"])
def test_a_bomb_takes_no_memory(name):
    tracemalloc.start()
    with pytest.raises(SchemaError):
        parse_schema(MALFORMED[name], "s.yaml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEGABYTES * 1e6


def test_a_file_without_end_is_not_read(tmp_path):
    path = tmp_path / "s.yaml"
    with path.open("wb") as file:
        file.truncate(2**33)
    start = time.process_time()
    with pytest.raises(SchemaError):
        load_schema(path)
    assert time.process_time() - start < SECONDS


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_bytes(HEAD.encode() + b"tables: \xff\xfe\n")
    with pytest.raises(SchemaError, match=r"s\.yaml:3: bytes that are not UTF-8"):
        load_schema(path)
