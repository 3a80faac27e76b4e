"""Models that fill columns of a rule schema: opened, held against the schema, and held to their approvals.

Such a schema is a learned generator. What the rules make beside and from the columns is post-processing: it
reads no real record. So a model under a differential privacy claim fills any draw, and one without fills it
with the rows that were audited, the first ones of its approved seed, in order and none left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from synthrec.codec.base import ColumnCodec
from synthrec.codec.label import LabelCodec
from synthrec.errors import ConfigError, Fault, SchemaError
from synthrec.generators.reader import RecordReader
from synthrec.generators.sampler import LearnedSampler
from synthrec.rng import SEED_BITS, Streams
from synthrec.runs.context import Run
from synthrec.runs.makers import Draw
from synthrec.runs.models import OpenModel
from synthrec.runs.schemas import schema_file
from synthrec.schema.fitted_checks import filled, mismatches, models
from synthrec.schema.load import read_document
from synthrec.schema.model import Column, Schema, TableSpec
from synthrec.schema.rule_tables import Problem, rule_tables
from synthrec.schema.yaml_source import dotted


@dataclass(frozen=True, eq=False)
class FilledBlock:
    """A block of a table, and the model that fills it."""

    table: str
    block: str
    path: str
    """Of the model, as the schema has it."""
    columns: Mapping[str, str]
    """The columns and helpers that it fills, and the model's column behind each."""
    model: OpenModel

    @property
    def is_claimed(self) -> bool:
        """Whether the approval covers any draw, as it does under a claim."""
        approval = self.model.approval
        return self.model.stored.manifest.claim is not None and approval is not None and approval.under_claim

    def streams(self, draw: Draw) -> Streams:
        """Those of the approved seed; where any will do, those of a seed that follows from the draw's."""
        approval = self.model.approval
        if approval is not None and not self.is_claimed:
            return Streams(approval.seed)
        name = f"{draw.streams.seed}:{self.table}.{self.block}".encode()
        return Streams(int.from_bytes(hashlib.sha256(name).digest()[:8], "big") >> (64 - SEED_BITS))

    def reader(self, draw: Draw, most: int | None) -> RecordReader:
        """The records of the model by number."""
        maker = self.model.maker
        sampler = LearnedSampler(maker.codec.spec, maker.codec, maker.fitted)
        return RecordReader(sampler, self.streams(draw), most)


def open_blocks(source: Schema | str | Path, schema: Schema, run: Run) -> tuple[FilledBlock, ...]:
    """The blocks of a schema with their models; none where the schema leaves nothing to models.

    Models lie where the schema file says, seen from its folder; from the current one where there is no file.

    Raises:
        SchemaError: there is no model, or its columns are not those of the block; all faults at once.
        VerificationError: a model or its approval was changed.
        KeyMissingError: the root secret under which a model was made is not here.
    """
    if not models(schema):
        return ()
    folder = Path() if isinstance(source, Schema) else schema_file(source).parent
    problems: list[Problem] = []
    blocks = tuple(_opened(schema, folder, run, problems))
    problems += [problem for block in blocks for problem in _unlike(schema, block)]
    problems += _repeated(blocks)
    if problems:
        raise SchemaError(_faults(source, schema, problems))
    return blocks


def _opened(schema: Schema, folder: Path, run: Run, problems: list[Problem]) -> Iterator[FilledBlock]:
    tables, opened = rule_tables(schema), dict[Path, OpenModel]()
    for table, blocks in models(schema).items():
        columns = filled(tables[table])
        for block, path in blocks.items():
            place = (folder / path).resolve()
            try:
                model = opened.get(place) or OpenModel.at(place, run.home)
            except ConfigError as error:
                found, _, repair = str(error).rpartition("; ")
                problems.append(((*_place(table, block), "model"), found, repair))
                continue
            opened[place] = model
            yield FilledBlock(table, block, path, columns[block], model)


def _unlike(schema: Schema, block: FilledBlock) -> Iterator[Problem]:
    return mismatches(rule_tables(schema)[block.table], block.block, _drawn(block.model))


def _drawn(model: OpenModel) -> TableSpec:
    """The model's table, its listed values those that the model draws."""
    stored = model.stored
    spec = stored.schema.tables[stored.manifest.table]
    codecs = stored.codec.columns
    columns = {name: _listing(column, codecs.get(name)) for name, column in spec.columns.items()}
    return spec.model_copy(update={"columns": columns})


def _listing(column: Column, codec: ColumnCodec | None) -> Column:
    if column.domain is None or not isinstance(codec, LabelCodec):
        return column
    return column.model_copy(update={"domain": column.domain.model_copy(update={"values": codec.labels})})


def _repeated(blocks: Sequence[FilledBlock]) -> Iterator[Problem]:
    """A model without a claim has one approved sample: a second block would repeat the rows of the first."""
    first: dict[str, str] = {}
    for block in blocks:
        digest, name = block.model.stored.digest, f"{block.table}.{block.block}"
        if digest in first and not block.is_claimed:
            found = f"the model of {first[digest]} again, which without a claim has one approved sample"
            repair = "fit another model, or one under a claim"
            yield (*_place(block.table, block.block), "model"), found, repair
        first.setdefault(digest, name)


def _place(table: str, block: str) -> tuple[str, ...]:
    return ("tables", table, "generate", "fitted", block)


def _faults(source: Schema | str | Path, schema: Schema, problems: Sequence[Problem]) -> list[Fault]:
    if isinstance(source, Schema):
        name = f"schema {schema.info.name}"
        return [Fault(name, 0, 0, dotted(path), found, repair) for path, found, repair in problems]
    document = read_document(schema_file(source))
    return [document.fault(*problem) for problem in problems]
