"""A schema file to a `Schema`, or every fault in it at once.

YAML text → plain values with places (`yaml_source`) on top of a base (`extends`), distributions written out
(`named`) → models (`model`, `faults`) → checks across keys (`column_checks`, `table_checks`, `citations`,
`generate`). A broken part does not hide the faults of the others: it gets a
stand-in, and only faults about the stand-in are left out.
"""

from __future__ import annotations

import copy
from pathlib import Path

from pydantic import ValidationError

from synthrec.errors import Fault, SchemaError
from synthrec.schema import citations, presets
from synthrec.schema.code_tables import written_out
from synthrec.schema.draft import Draft
from synthrec.schema.extends import base_file, beside, move_models, overlaid
from synthrec.schema.faults import broken_paths, mended, structural_problems
from synthrec.schema.model import Schema
from synthrec.schema.named import expanded
from synthrec.schema.table_checks import schema_problems
from synthrec.schema.yaml_source import MAX_BYTES, Problem, YamlSource, is_below, read_yaml
from synthrec.schema.yaml_source import Path as Key


def load_schema(path: Path) -> Schema:
    """The schema in a YAML file.

    Raises:
        SchemaError: every fault of the file, or of a base of it, each with line, column and repair.
    """
    return _schema(_complete(_read(path), (path.resolve(),)))


def parse_schema(text: str, file: str = "<schema>") -> Schema:
    """The schema in a YAML text; `file` names it in faults.

    Raises:
        SchemaError: every fault of the text, each with line, column and repair.
    """
    chain = () if file.startswith("<") else (Path(file).resolve(),)
    return _schema(_complete(read_yaml(text, file), chain))


def read_document(path: Path) -> YamlSource:
    """The document of a schema file on top of its bases, before it is checked; for `lint`.

    Raises:
        SchemaError: as for `load_schema`, where the file or a base cannot be read.
    """
    return _complete(_read(path), (path.resolve(),))


def _read(path: Path) -> YamlSource:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        found = (error.strerror or "unreadable").lower()
        raise SchemaError([Fault(str(path), 0, 0, "", found, "check the path")]) from None
    try:
        return read_yaml(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fault = Fault(str(path), line, 0, "", "bytes that are not UTF-8", "save the file as UTF-8")
        raise SchemaError([fault]) from None


def _complete(source: YamlSource, chain: tuple[Path, ...]) -> YamlSource:
    """The document with its base below it and its file of sources read in."""
    if not isinstance(source.document, dict):
        found = source.fault((), "no mapping at the top", "begin with synthrec: 1, schema: and tables:")
        raise SchemaError([*source.faults, found])
    if isinstance(source.document.get("sources"), str):
        path = beside(source, ("sources",), source.document["sources"])
        references = _read(path)
        if references.faults:
            raise SchemaError([*source.faults, *references.faults])
        source.document["sources"] = references.document
    if source.document.get("extends") is not None:
        path = base_file(source, chain)
        base = _complete(_read(path), (*chain, path))
        _schema(copy.deepcopy(base))
        move_models(base, source)
        overlaid(base.document, source)
    return source


def _schema(source: YamlSource) -> Schema:
    """The schema of a complete document."""
    unknown = [*written_out(source), *expanded(source)]
    schema, problems, broken = _validated(source)
    if schema is not None:
        problems += _semantic_problems(Draft(schema, source, broken))
    known = [problem for problem in problems if not is_below(problem.path, source.spoilt)]
    faults = [*source.faults, *(source.fault(*problem) for problem in (*unknown, *known))]
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
    found = [*schema_problems(draft), *(Problem(*problem) for problem in citations.problems(draft.schema))]
    found += [Problem(*problem) for problem in presets.problems(draft.schema)]
    if not draft.broken:
        from synthrec.schema import generate  # noqa: PLC0415  (it reads the models that this module loads)

        found += [Problem(*problem) for problem in generate.faults(draft.schema)]
    return [problem for problem in found if not is_below(problem.path, draft.broken)]
