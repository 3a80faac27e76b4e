"""A reviewed YAML asset to a frozen model, or every fault in it at once, each with its line.

Policies and quality profiles share this reader; the YAML itself is read, within limits, as schema files are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from synthrec.assets import Kind, asset, list_assets, unknown_name
from synthrec.digests import digest
from synthrec.errors import ConfigError, FaultsError
from synthrec.schema.yaml_source import MAX_BYTES, is_below, read_yaml


class AssetPart(BaseModel):
    """A frozen part of an asset that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Loosening(AssetPart):
    """Who answers for rules that let pass what the shipped default refuses, and why they do."""

    by: Annotated[str, Field(strict=True, min_length=3, max_length=200)]
    reason: Annotated[str, Field(strict=True, min_length=10, max_length=1_000)]


class RulesInfo(AssetPart):
    """Name, version and title of a policy or profile."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    title: str | None = None
    loosened: Loosening | None = None
    """Needed where the rules are looser than the default; it stands on each card."""


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
    path = _path(kind, folder, name_or_path, model.__name__.lower())
    return parse_asset(asset_text(path), model, str(path))


def asset_text(path: Path) -> str:
    """The text of an asset file.

    Raises:
        ConfigError: the file is too large, or cannot be read as UTF-8.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} is larger than {MAX_BYTES:,} bytes; give the file that was meant")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as UTF-8 text ({type(error).__name__})") from None


def parse_asset(text: str, model: type[Asset], file: str = "<asset>") -> Asset:
    """The asset in a YAML text; `file` names it in faults.

    Raises:
        FaultsError: every fault of the text, each with line, column and repair.
    """
    source = read_yaml(text, file)
    try:
        asset_read = model.model_validate(source.document)
    except ValidationError as error:
        found = [(item["loc"], _found(item), _repair(item, model)) for item in error.errors()]
        sound = [part for part in found if not is_below(part[0], source.spoilt)]
        raise FaultsError([*source.faults, *(source.fault(*part) for part in sound)]) from None
    if source.faults:
        raise FaultsError(source.faults)
    return asset_read


def _path(kind: Kind, folder: str, name_or_path: str | Path, what: str) -> Path:
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or path.suffix or len(path.parts) > 1:
        return path
    files = {Path(name).stem: name for name in list_assets(kind) if Path(name).match(f"{folder}/*.yaml")}
    if name_or_path not in files:
        raise ConfigError(unknown_name(what, name_or_path, tuple(files)))
    return asset(kind, files[name_or_path])


def _found(item: ErrorDetails) -> str:
    match item["type"]:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "missing key"
        case _:
            return item["msg"][:1].lower() + item["msg"][1:]


def _repair(item: ErrorDetails, model: type[BaseModel]) -> str:
    location = item["loc"]
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
