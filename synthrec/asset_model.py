"""A reviewed YAML asset to a frozen model, or every fault in it at once, each with its line.

Policies and quality profiles share this reader. YAML is read by the safe constructor under limits: no tags
that make objects, no aliases, no duplicate keys, bounded size and nesting.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from synthrec.assets import Kind, asset
from synthrec.digests import digest
from synthrec.errors import ConfigError, Fault, FaultsError

MAX_BYTES = 1_000_000
"""A policy is some screens long; anything near this size is not one."""

MAX_DEPTH = 32
"""Nested mappings and lists."""

Location = tuple[str | int, ...]


class AssetPart(BaseModel):
    """A frozen part of an asset that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AssetModel(AssetPart):
    """A whole asset file; `digest` names what it says, not how it is written."""

    @cached_property
    def digest(self) -> str:
        """``sha256:…`` of the canonical JSON of the asset, defaults included."""
        return digest(self.model_dump(mode="json"))


Asset = TypeVar("Asset", bound=AssetModel)


def load_asset(kind: Kind, folder: str, name_or_path: str | Path, model: type[Asset]) -> Asset:
    """The asset of a short name (``default``) or in a file (anything with a suffix or a separator).

    Raises:
        ConfigError: no asset has that name, or the file cannot be read.
        FaultsError: every fault of the file, each with line, column and repair.
    """
    path = _path(kind, folder, name_or_path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} is larger than {MAX_BYTES:,} bytes; give the file that was meant")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as UTF-8 text ({type(error).__name__})") from None
    return parse_asset(text, model, str(path))


def parse_asset(text: str, model: type[Asset], file: str = "<asset>") -> Asset:
    """The asset in a YAML text; `file` names it in faults.

    Raises:
        FaultsError: every fault of the text, each with line, column and repair.
    """
    root = _compose(text, file)
    try:
        return model.model_validate(_construct(text, file))
    except ValidationError as error:
        raise FaultsError(_fault(item, model, root, file) for item in error.errors()) from None


def _path(kind: Kind, folder: str, name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or path.suffix or len(path.parts) > 1:
        return path
    return asset(kind, f"{folder}/{name_or_path}.yaml")


def _compose(text: str, file: str) -> Node | None:
    """The tree of nodes with their marks, after the limits were checked on the stream of events."""
    try:
        depth = 0
        for event in YAML(typ="safe", pure=True).parse(text):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if isinstance(event, AliasEvent):
                _refuse(event, file, "an alias (*name)", "write the value out")
            if depth > MAX_DEPTH:
                _refuse(event, file, f"more than {MAX_DEPTH} nested levels", "nest less")
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        raise FaultsError([_syntax_fault(error, file)]) from None
    return root


def _construct(text: str, file: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise FaultsError([_syntax_fault(error, file)]) from None


def _refuse(event: Any, file: str, found: str, repair: str) -> NoReturn:
    mark = event.start_mark
    raise FaultsError([Fault(file, mark.line + 1, mark.column + 1, "", found, repair)])


def _syntax_fault(error: YAMLError, file: str) -> Fault:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    problem = getattr(error, "problem", None) or "not YAML"
    return Fault(file, line, column, "", str(problem).splitlines()[0], "correct the YAML")


def _fault(item: ErrorDetails, model: type[BaseModel], root: Node | None, file: str) -> Fault:
    location = item["loc"]
    line, column = _place(root, location)
    where = ".".join(map(str, location))
    return Fault(file, line, column, where, _found(item), _repair(item, model, location))


def _found(item: ErrorDetails) -> str:
    match item["type"]:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "missing key"
        case _:
            return item["msg"][:1].lower() + item["msg"][1:]


def _repair(item: ErrorDetails, model: type[BaseModel], location: Location) -> str:
    if item["type"] == "missing":
        return f"add {location[-1]!r}"
    if item["type"] != "extra_forbidden":
        return "correct the value"
    names = _keys(model, location[:-1])
    near = difflib.get_close_matches(str(location[-1]), names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(names)}"


def _keys(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Keys that the model allows at a location."""
    for part in location:
        field = model.model_fields.get(str(part))
        model = next(_models([field.annotation]), model) if field else model
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotations: Iterable[Any]) -> Iterator[type[BaseModel]]:
    """Models named in annotations, however deep: ``dict[str, M]``, ``M | None``."""
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        yield from _models(get_args(annotation))


def _place(root: Node | None, location: Location) -> tuple[int, int]:
    """1-based line and column of the key at a location, or of its nearest parent that is there."""
    node, mark = root, root.start_mark if root else None
    for part in location:
        found = _child(node, part)
        if found is None:
            break
        key, node = found
        mark = key.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _child(node: Node | None, part: str | int) -> tuple[Node, Node] | None:
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None
