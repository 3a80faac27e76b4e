"""Croissant 1.1 (MLCommons) with RAI 1.0, PROV-O and terms of use from the Data Use Ontology.

Written as JSON-LD from the card alone. Identifiers of columns are their names with all but plain characters
as ``~`` and two hexadecimal digits a byte, so that any name is a valid relative IRI (mlcroissant takes no
percent-encoded space); the names themselves stand as texts. What nobody has stated is left out: Croissant
asks for a creator, whom a card does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from synthrec.release.card import Card, CitedPart, Source
from synthrec.release.card_blocks.interop import InteropPart, ToldColumn, ToldTable
from synthrec.release.card_front import HUB_LICENCES
from synthrec.release.card_terms import LABELS
from synthrec.release.card_words import models, unclaimed
from synthrec.release.interop.files import DataFile, data_files, stated

CONFORMS_TO = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
OWN = "urn:synthrec:"
"""What keys of our own begin with."""

CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "synthrec": OWN,
    "transform": "cr:transform",
}
"""The context of the specification, and the prefixes used here."""

TYPES = {
    "integer": "sc:Integer", "decimal": "sc:Float", "float": "sc:Float", "boolean": "sc:Boolean",
    "date": "sc:Date", "datetime": "sc:DateTime",
}  # fmt: skip
"""By kind of column; all others are texts."""
ENCODINGS = {"parquet": "application/x-parquet", "csv": "text/csv"}
"""By suffix: the names under which Croissant's readers know formats."""


ROLES = {
    "direct_identifier": "direct identifiers",
    "quasi_identifier": "quasi-identifiers",
    "sensitive": "sensitive attributes",
}
"""By role of a column: what stands in it."""


def croissant(card: Card, part: InteropPart, card_digest: str) -> dict[str, Any]:
    """The description of an export.

    Args:
        card: Its card.
        part: What the card tells catalogues of the schema.
        card_digest: ``sha256:…`` of the card's bytes.
    """
    files = {file.stem: file for file in sorted(data_files(card), key=lambda file: file.form)}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        **_dataset(card, part),
        **_responsible(card),
        **_provenance(card, card_digest),
        "distribution": [_file_object(file) for file in data_files(card)],
        "recordSet": [_record_set(table, files[table.name], card) for table in part.tables],
    }


def _dataset(card: Card, part: InteropPart) -> dict[str, Any]:
    records = card.record_schema
    title = records.title or records.name
    made = f"Synthetic records made with {card.tool.name} {card.tool.version} on {card.created[:10]}"
    return stated(
        {
            "name": title,
            "description": f"{part.description or title}\n\n{made}. {card.privacy.statement}",
            "version": records.version,
            "url": "card.html",
            "license": _licence(card.use.licence),
            "datePublished": card.created[:10],
            "keywords": ["synthetic data", "tabular data"],
            "isLiveDataset": False,
            "citeAs": f"{title}, version {records.version}. {made}; provenance card {card.card_id}.",
            "citation": [_citation(name, cited) for name, cited in _sources(card)],
            "usageInfo": [_term(term) for term in (card.source.terms if card.source else ())],
        }
    )


def _licence(licence: str | None) -> str | None:
    """The address of a licence that SPDX lists, else what was stated."""
    known = licence is not None and licence.lower() in HUB_LICENCES
    return f"https://spdx.org/licenses/{licence}" if known else licence


def _sources(card: Card) -> list[tuple[str, CitedPart]]:
    cited = card.record_schema.citations
    return [] if cited is None else sorted({**cited.sources, **cited.code_systems}.items())


def _citation(name: str, cited: CitedPart) -> dict[str, Any]:
    publisher = {"@type": "sc:Organization", "name": cited.publisher}
    return stated(
        {
            "@type": "sc:CreativeWork",
            "identifier": name,
            "name": cited.title,
            "publisher": publisher if cited.publisher else None,
            "datePublished": None if cited.year is None else str(cited.year),
            "license": cited.licence,
            "url": cited.address,
        }
    )


def _term(term: str) -> dict[str, Any]:
    """A term that the real records came under; those learned from them inherit it at most."""
    vocabulary, _, code = term.partition(":")
    base = "http://purl.obolibrary.org/obo/DUO_" if vocabulary == "DUO" else "http://www.w3.org/ns/odrl/2/"
    return {
        "@type": "sc:CreativeWork",
        "identifier": term,
        "name": LABELS.get(term, term),
        "description": "A term of use of the real records that were learned from.",
        "url": f"{base}{code}",
    }


def _responsible(card: Card) -> dict[str, Any]:
    """RAI 1.0, as far as the card states it."""
    use = card.use
    until = [f"For use until {use.expires}."] if use.expires else []
    whom = [f"Contact: {use.contact}."] if use.contact else []
    not_for = [f"Not for: {use.out_of_scope}"] if use.out_of_scope else []
    return stated(
        {
            "rai:dataCollection": _making(card),
            "rai:dataCollectionType": ["Others"],
            "rai:dataUseCases": [use.intended] if use.intended else [],
            "rai:dataLimitations": [*not_for, *use.limits, *card.warnings],
            "rai:dataBiases": list(use.biases),
            "rai:personalSensitiveInformation": [*unclaimed(card), *_sensitive(card)],
            "rai:dataReleaseMaintenancePlan": " ".join((*until, *whom)) or None,
        }
    )


def _making(card: Card) -> str:
    """How the records came about: nothing was collected."""
    if card.source is None:
        return "Nothing was collected: the records were made from declared rules, without real records."
    made = "rules and models that fill columns" if card.fitted else "a model"
    depth = card.lineage.generation_depth
    learned = "real records" if depth == 1 else f"records up to generation {depth - 1}"
    return f"The records were drawn from {made} ({', '.join(models(card))}) that learned from {learned}."


def _sensitive(card: Card) -> Iterator[str]:
    """Columns by the role that the schema gives them; their values are synthetic."""
    for role, words in ROLES.items():
        names = sorted(
            f"{table}.{name}"
            for table, columns in card.record_schema.columns.items()
            for name, column in columns.items()
            if column.role == role
        )
        if names:
            yield f"Synthetic columns that stand for {words}: {', '.join(names)}"


def _provenance(card: Card, card_digest: str) -> dict[str, Any]:
    agent = {"@type": "prov:SoftwareAgent", "name": card.tool.name, "version": card.tool.version}
    activity = {
        "@type": "prov:Activity",
        "@id": f"{OWN}draw:{card.draw}",
        "prov:endedAtTime": card.created,
        "prov:wasAssociatedWith": agent,
        "synthrec:generator": card.generator.name,
    }
    return {
        "identifier": f"{OWN}card:{card.card_id}",
        "prov:wasGeneratedBy": activity,
        **stated({"prov:wasDerivedFrom": list(_origins(card))}),
        "synthrec:cardId": card.card_id,
        "synthrec:cardDigest": card_digest,
        "synthrec:digitalSourceType": card.digital_source_type,
        "synthrec:generationDepth": card.lineage.generation_depth,
        "synthrec:realFraction": card.lineage.real_fraction,
    }


def _origins(card: Card) -> Iterator[dict[str, Any]]:
    """What the records go back to: the schema, real records, and cards of synthetic ones."""
    schema = card.record_schema
    yield {"@type": "prov:Entity", "@id": f"{OWN}schema:{schema.digest}", "name": f"schema {schema.name}"}
    if card.source is not None:
        yield _real(card.source)
    for parent in card.lineage.parents:
        named = f"{OWN}card-digest:{parent}"
        yield {"@type": "prov:Entity", "@id": named, "name": "synthetic records that were learned from"}


def _real(source: Source) -> dict[str, Any]:
    """The real records, under their keyed fingerprint."""
    agreement, held = source.agreement, source.custodian
    custodian = None if held is None else {"@type": "prov:Agent", "name": held}
    return stated(
        {
            "@type": "prov:Entity",
            "@id": f"{OWN}fingerprint:{source.fingerprint}",
            "name": source.name or "real records",
            "temporalCoverage": source.period,
            "license": source.licence,
            "prov:wasAttributedTo": custodian,
            "conditionsOfAccess": None if agreement is None else f"agreement {agreement.reference}",
        }
    )


def _file_object(file: DataFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.subject.name,
        "name": file.subject.name,
        "contentUrl": file.subject.name,
        "contentSize": f"{file.subject.bytes} B",
        "encodingFormat": ENCODINGS[file.form],
        "sha256": file.subject.sha256,
    }


def _record_set(table: ToldTable, file: DataFile, card: Card) -> dict[str, Any]:
    keys = [{"@id": column_id(table.name, name)} for name in table.primary_key]
    return stated(
        {
            "@type": "cr:RecordSet",
            "@id": table.name,
            "name": table.name,
            "description": table.description,
            "key": keys[0] if len(keys) == 1 else keys,
            "synthrec:rows": file.subject.rows,
            "field": [_field(table, column, file, card) for column in table.columns],
        }
    )


def _field(table: ToldTable, column: ToldColumn, file: DataFile, card: Card) -> dict[str, Any]:
    """A column; dates that a CSV file spells in a format of their own are texts.

    Readers know no letters of strptime, and would take days for months.
    """
    summary = card.record_schema.columns[table.name][column.name]
    form = column.format if file.form == "csv" else None
    return stated(
        {
            "@type": "cr:Field",
            "@id": column_id(table.name, column.name),
            "name": column.name,
            "description": column.description,
            "dataType": TYPES.get(column.kind, "sc:Text") if form is None else "sc:Text",
            "source": {
                "fileObject": {"@id": file.subject.name},
                "extract": {"column": column.name},
            },
            "references": _reference(table, column, file, card),
            "synthrec:role": column.role,
            "synthrec:domain": summary.domain,
            "synthrec:made": summary.made,
            "synthrec:unit": column.unit,
            "synthrec:format": form,
            "synthrec:codeSystem": column.system,
        }
    )


def _reference(table: ToldTable, column: ToldColumn, file: DataFile, card: Card) -> dict[str, Any] | None:
    """The column of another file that this one holds values of.

    A column of a file, not a field: mlcroissant cannot follow a field that refers to a further one. A key of
    several columns is left out: a reader would join the rows on each column alone.
    """
    assert card.interop is not None  # noqa: S101  (what is written is written from it)
    parents = {parent.name: parent for parent in card.interop.tables}
    for key in table.foreign_keys:
        if key.columns == (column.name,):
            (target,) = parents[key.references].primary_key
            parent = {"@id": f"{key.references}.{file.form}"}
            return {"fileObject": parent, "extract": {"column": target}}
    return None


def column_id(table: str, column: str) -> str:
    """The identifier of a column: another for every name, without blanks."""
    return f"{table}/{quote(column, safe='').replace('~', '%7E').replace('%', '~')}"
