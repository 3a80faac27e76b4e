"""A fitted model as a folder: `manifest.json`, `schema.yaml`, `model.safetensors`; nothing in it can run.

The folder appears whole or not at all: it is written beside its place under another name, flushed to disk and
renamed. Reading believes nothing: names, kinds and sizes of the files are checked before a byte is parsed,
and every array before it is used. The digest of a model covers these three files; `approval.json`, which may
lie beside them, is not part of it.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML
from safetensors import SafetensorError
from safetensors.numpy import load, save

from synthrec.codec.codec import Codec
from synthrec.digests import canonical, digest, digest_bytes
from synthrec.errors import ConfigError, InternalError, SynthrecError, VerificationError
from synthrec.generators.base import Fitted
from synthrec.generators.manifest import Manifest, parse_manifest
from synthrec.generators.registry import restore
from synthrec.schema.load import parse_schema
from synthrec.schema.model import Schema
from synthrec.whole_files import sync_folder, write_new

MANIFEST, SCHEMA, TENSORS = "manifest.json", "schema.yaml", "model.safetensors"

LARGEST = {MANIFEST: 64 * 2**20, SCHEMA: 64 * 2**20, TENSORS: 2**30}
"""Bytes of each file beyond which a model is not read."""

BESIDE = frozenset({"approval.json", "approval.dsse.json"})
"""Files that may lie in the folder and are not part of the model."""


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A model read from its folder, every part checked."""

    manifest: Manifest
    schema: Schema
    codec: Codec
    fitted: Fitted
    digest: str
    """``sha256:…`` over the names and digests of the model's files."""


def write_model(folder: Path, manifest: Manifest, schema: Schema, fitted: Fitted) -> str:
    """Write a model to a new folder that only its owner may read; returns its digest.

    Raises:
        ConfigError: the path exists, or its parent does not.
        InternalError: manifest, schema and fitted do not belong together.
        OSError: the disk failed; nothing is left at the path.
    """
    _check_place(folder)
    files = _contents(manifest, schema, fitted)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, data in files.items():
            write_new(staging / name, data)
        sync_folder(staging)
        _check_place(folder)
        staging.rename(folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    sync_folder(folder.parent)
    return _digest(files)


def read_model(folder: Path) -> StoredModel:
    """Read and check a model.

    Raises:
        ConfigError: there is no model folder at the path.
        VerificationError: a file is missing, unexpected, too large, damaged or of a newer format.
    """
    _check_listing(folder)
    files = {name: _read(folder / name, largest) for name, largest in LARGEST.items()}
    manifest = parse_manifest(files[MANIFEST])
    schema = _schema(files[SCHEMA], manifest)
    codec = _codec(manifest, schema)
    fitted = _fitted(manifest, codec, files[TENSORS])
    return StoredModel(manifest, schema, codec, fitted, _digest(files))


def _contents(manifest: Manifest, schema: Schema, fitted: Fitted) -> dict[str, bytes]:
    consistent = (
        manifest.schema_digest == schema.digest
        and manifest.table in schema.tables
        and manifest.generator == fitted.name
        and manifest.parameters == dict(fitted.parameters)
    )
    if not consistent:
        raise InternalError("manifest, schema and fitted generator do not belong together")
    tensors = {name: np.ascontiguousarray(array) for name, array in fitted.arrays().items()}
    return {
        MANIFEST: canonical(manifest.model_dump(mode="json")),
        SCHEMA: _schema_text(schema),
        TENSORS: save(tensors),
    }


def _schema_text(schema: Schema) -> bytes:
    """The schema as YAML that loads to the same digest."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 110
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.BytesIO()
    yaml.dump(schema.document(), stream)
    if parse_schema(stream.getvalue().decode("utf-8")).digest != schema.digest:
        raise InternalError("the schema does not survive its own YAML form")
    return stream.getvalue()


def _digest(files: Mapping[str, bytes]) -> str:
    return digest({name: digest_bytes(data) for name, data in files.items()})


def _check_place(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise ConfigError(f"{folder} exists; choose another path for the model or remove it first")
    if not folder.parent.is_dir():
        raise ConfigError(f"{folder.parent} is not a folder; create it first")


def _check_listing(folder: Path) -> None:
    found = (
        set() if folder.is_symlink() or not folder.is_dir() else {entry.name for entry in os.scandir(folder)}
    )
    if not found & set(LARGEST):
        raise ConfigError(f"{folder} is not a model folder; give the folder that fit wrote")
    missing, unexpected = sorted(set(LARGEST) - found), sorted(found - set(LARGEST) - BESIDE)
    if missing:
        raise VerificationError(
            f"{folder} lacks {', '.join(missing)}; give a folder that fit wrote, or restore a copy"
        )
    if unexpected:
        raise VerificationError(
            f"{folder} holds files that no model has: {', '.join(map(repr, unexpected))}; remove them if you "
            "know where they come from, and do not use the model if you do not"
        )


def _read(path: Path, largest: int) -> bytes:
    """The bytes of a regular file of bounded size; a symbolic link is not followed."""
    if path.is_dir():
        raise VerificationError(f"{path} is not a plain file; restore the model from a copy")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise VerificationError(f"{path} cannot be read as a plain file; restore the model") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise VerificationError(f"{path} is not a plain file; restore the model from a copy")
        data = file.read(largest + 1) if status.st_size <= largest else b""
    if status.st_size > largest or len(data) > largest:
        raise VerificationError(f"{path} is larger than {largest:,} bytes; no model has such a file")
    return data


def _schema(data: bytes, manifest: Manifest) -> Schema:
    try:
        schema = parse_schema(data.decode("utf-8"), SCHEMA)
    except (SynthrecError, ValueError, RecursionError):
        raise VerificationError(f"{SCHEMA} is not a schema; restore the model from a copy") from None
    if schema.digest != manifest.schema_digest:
        raise VerificationError(f"{SCHEMA} is not the schema of the manifest; restore the model from a copy")
    if manifest.table not in schema.tables:
        raise VerificationError(f"{MANIFEST} names a table that {SCHEMA} does not have; restore the model")
    return schema


def _codec(manifest: Manifest, schema: Schema) -> Codec:
    try:
        return Codec.from_document(schema.tables[manifest.table], manifest.table, manifest.codec)
    except VerificationError:
        raise
    except (SynthrecError, ArithmeticError, LookupError, TypeError, ValueError):
        raise VerificationError(
            f"the codec in {MANIFEST} does not fit the schema; restore the model from a copy"
        ) from None


def _fitted(manifest: Manifest, codec: Codec, tensors: bytes) -> Fitted:
    try:
        made_by = restore(manifest.generator)
    except ConfigError as error:
        raise VerificationError(f"{MANIFEST}: {error}; or upgrade synthrec") from None
    return made_by.restore(codec.domain, manifest.parameters, _arrays(tensors))


def _arrays(tensors: bytes) -> dict[str, NDArray[np.generic]]:
    try:
        return dict(load(tensors))
    except (SafetensorError, LookupError, TypeError, ValueError):
        raise VerificationError(
            f"{TENSORS} is not a safetensors file; restore the model from a copy"
        ) from None
