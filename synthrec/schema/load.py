"""A schema file to a `Schema`, or every fault in it at once.

YAML text → plain values with places (`yaml_source`) → models (`model`, `faults`) → checks across keys
(`column_checks`, `table_checks`, `generate`). A broken part does not hide the faults of the others: it gets a
stand-in, and only faults about the stand-in are left out.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from synthrec.errors import Fault, SchemaError
from synthrec.schema.draft import Draft
from synthrec.schema.faults import broken_paths, mended, structural_problems
from synthrec.schema.model import Schema
from synthrec.schema.table_checks import schema_problems
from synthrec.schema.yaml_source import MAX_BYTES, Problem, YamlSource, is_below, read_yaml
from synthrec.schema.yaml_source import Path as Key


def load_schema(path: Path) -> Schema:
    """The schema in a YAML file.

    Raises:
        SchemaError: every fault of the file, each with line, column and repair.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        found = (error.strerror or "unreadable").lower()
        raise SchemaError([Fault(str(path), 0, 0, "", found, "check the path")]) from None
    try:
        return parse_schema(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fault = Fault(str(path), line, 0, "", "bytes that are not UTF-8", "save the file as UTF-8")
        raise SchemaError([fault]) from None


def parse_schema(text: str, file: str = "<schema>") -> Schema:
    """The schema in a YAML text; `file` names it in faults.

    Raises:
        SchemaError: every fault of the text, each with line, column and repair.
    """
    source = read_yaml(text, file)
    if not isinstance(source.document, dict):
        found = source.fault((), "no mapping at the top", "begin with synthrec: 1, schema: and tables:")
        raise SchemaError([*source.faults, found])
    schema, problems, broken = _validated(source)
    if schema is not None:
        problems += _semantic_problems(Draft(schema, source, broken))
    known = [problem for problem in problems if not is_below(problem.path, source.spoilt)]
    faults = [*source.faults, *(source.fault(*problem) for problem in known)]
    if faults or schema is None:
        raise SchemaError(faults)
    return schema


def _validated(source: YamlSource) -> tuple[Schema | None, list[Problem], frozenset[Key]]:
    """The schema, or what is sound of it; structural problems; and the paths of stand-ins."""
    try:
        schema = Schema.model_validate(source.document)
        problems: list[Problem] = []
        broken = source.spoilt
    except ValidationError as error:
        schema, problems = None, structural_problems(error, source.document)
        broken = broken_paths(error, source.document) | source.spoilt
    if not broken:
        return schema, problems, frozenset()
    rest, replaced = mended(source.document, broken)
    return rest, problems, replaced


def _semantic_problems(draft: Draft) -> list[Problem]:
    """Problems across keys, without those that concern stand-ins."""
    found = list(schema_problems(draft))
    if not draft.broken:
        from synthrec.schema import generate  # noqa: PLC0415  (it reads the models that this module loads)

        found += [Problem(*problem) for problem in generate.faults(draft.schema)]
    return [problem for problem in found if not is_below(problem.path, draft.broken)]
