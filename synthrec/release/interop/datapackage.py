"""Frictionless Data Package 2: every table as a resource with its table schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synthrec.release.card import Card, Subject
from synthrec.release.card_blocks.interop import InteropPart
from synthrec.release.interop.files import data_files, stated
from synthrec.release.interop.told import document
from synthrec.schema.interop.frictionless import to_frictionless

Package = dict[str, Any]


def datapackage(card: Card, part: InteropPart, card_digest: str) -> Package:
    """The description of an export.

    A table that stands in two formats is one resource, the CSV file, which names the Parquet file.

    Args:
        card: Its card.
        part: What the card tells catalogues of the schema.
        card_digest: ``sha256:…`` of the card's bytes.
    """
    package = to_frictionless(document(part, card.record_schema))
    schemas = {resource["name"]: resource["schema"] for resource in package.pop("resources")}
    return {
        **package,
        **_about(card, card_digest),
        "resources": list(_resources(card, schemas)),
    }


def _about(card: Card, card_digest: str) -> Package:
    return stated(
        {
            "id": f"urn:synthrec:card:{card.card_id}",
            "created": card.created,
            "keywords": ["synthetic data"],
            "licenses": [_licence(card.use.licence)] if card.use.licence else [],
            "sources": list(_sources(card)),
            "synthrec:card": {"path": "card.json", "card_id": card.card_id, "hash": card_digest},
            "synthrec:draw": card.draw,
            "synthrec:digital_source_type": card.digital_source_type,
            "synthrec:generation_depth": card.lineage.generation_depth,
            "synthrec:statement": card.privacy.statement,
        }
    )


def _licence(licence: str) -> Package:
    """By name, where it can be one: letters, digits, dots, hyphens."""
    is_name = licence.isascii() and licence.replace("-", "").replace(".", "").isalnum()
    return {"name": licence} if is_name else {"name": "other", "title": licence}


def _sources(card: Card) -> Iterator[Package]:
    """The real records by their name, and what the numbers of rules rest on."""
    if card.source is not None and card.source.name is not None:
        yield {"title": card.source.name}
    cited = card.record_schema.citations
    for _, entry in sorted(cited.sources.items()) if cited else ():
        yield {"title": entry.title}


def _resources(card: Card, schemas: Mapping[str, Any]) -> Iterator[Package]:
    """The CSV file of each table where there is one, else the Parquet file."""
    by_stem: dict[str, dict[str, Subject]] = {}
    for file in data_files(card):
        by_stem.setdefault(file.stem, {})[file.form] = file.subject
    for stem, forms in by_stem.items():
        resource = _csv(forms) if "csv" in forms else _parquet(forms["parquet"])
        schema = schemas.get(stem)
        table = {} if schema is None else {"type": "table", "schema": {"missingValues": [""], **schema}}
        yield {"name": stem, **resource, **table}


def _csv(forms: Mapping[str, Subject]) -> Package:
    """A CSV file; the Parquet file with the same rows is named beside it."""
    file = forms["csv"]
    resource = {**_file(file), "format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}
    resource["bytes"] = file.bytes
    if "parquet" in forms:
        resource["synthrec:parquet"] = {**_file(forms["parquet"]), "bytes": forms["parquet"].bytes}
    return resource


def _parquet(file: Subject) -> Package:
    """A Parquet file, its size under a key of our own.

    The reader of the standard's authors (frictionless 5.21) does not count the bytes of such files and would
    find each of them changed.
    """
    mediatype = "application/vnd.apache.parquet"
    return {**_file(file), "format": "parquet", "mediatype": mediatype, "synthrec:bytes": file.bytes}


def _file(file: Subject) -> Package:
    return {"path": file.name, "hash": f"sha256:{file.sha256}", "synthrec:rows": file.rows}
