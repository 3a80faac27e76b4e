"""The rule engine: from a schema whose every column says how it is made to records, block by block of roots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from synthrec.data.table import Records
from synthrec.rng import Streams
from synthrec.schema.model import Scalar, Schema


@dataclass(frozen=True)
class RuleEngine:
    """Makes the records of a rule schema; `params` override the schema's own.

    Raises:
        SchemaError: the schema cannot be executed.
        ConfigError: a param is unknown or has the wrong kind.
    """

    schema: Schema
    params: Mapping[str, Scalar] = field(default_factory=dict)

    def stream(self, n: int, *, streams: Streams, chunk_rows: int = 65_536) -> Iterator[Records]:
        """The first n root entities of the sample that `streams` names, with all their descendants.

        Prefix-stable and independent of `chunk_rows`; a root entity and its descendants share a chunk.

        Raises:
            SchemaError: rows still violate a constraint after a bounded number of redraws.
        """
        raise NotImplementedError
