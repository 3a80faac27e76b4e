"""A column of a file as its distinct texts, before anything is known about it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthrec.data.parse import parse
from synthrec.schema.model import Column, Null
from synthrec.schema.vector import IntArray

PERSON_WORDS = frozenset(
    {
        "patient",
        "person",
        "customer",
        "client",
        "member",
        "user",
        "subject",
        "beneficiary",
        "employee",
        "holder",
    }
    | {"enrollee", "insured", "donor", "resident", "citizen"}
)
_ANYTHING = Column(kind="string", null=Null(allowed=True))


@dataclass(frozen=True, eq=False)
class Texts:
    """The distinct texts of a column and how often each occurs."""

    name: str
    labels: pa.StringArray
    counts: IntArray
    """Rows per label, shape (number of labels,)."""
    rows: int
    """Rows of the file."""

    @classmethod
    def of(cls, name: str, array: pa.Array) -> Texts:
        """The texts of a column; typed cells as canonical texts."""
        labels = parse(array, _ANYTHING).array
        counts = np.bincount(labels.indices.drop_null().to_numpy(), minlength=len(labels.dictionary))
        return cls(name, labels.dictionary, counts, len(array))

    def without(self, codes: Collection[str]) -> Texts:
        """The texts that are not codes for missing."""
        kept = pc.invert(pc.is_in(self.labels, value_set=pa.array(list(codes), pa.string())))
        mask = kept.to_numpy(zero_copy_only=False)
        return Texts(self.name, self.labels.filter(kept), self.counts[mask], self.rows)

    @property
    def has_missing(self) -> bool:
        """Whether some row has no text."""
        return int(self.counts.sum()) < self.rows

    @property
    def is_unique(self) -> bool:
        """Whether every row has a text of its own."""
        return len(self.labels) == self.rows

    @cached_property
    def ordered_words(self) -> tuple[str, ...]:
        """The lower-case words of the column's name, in order."""
        spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", self.name)
        return tuple(re.findall(r"[^\W_]+", spaced.lower()))

    @cached_property
    def names_person(self) -> bool:
        """Whether the name speaks of a person: patient_id, users, MEMBER."""
        return any(word in PERSON_WORDS or word.removesuffix("s") in PERSON_WORDS for word in self.words)

    @property
    def words(self) -> frozenset[str]:
        """The lower-case words of the column's name."""
        return frozenset(self.ordered_words)

    def reads_as(self, column: Column) -> bool:
        """Whether every text is a value of the column, or missing."""
        open_column = column.model_copy(update={"null": Null(allowed=True)})
        return not parse(self.labels, open_column).reasons.any()

    def share_matching(self, pattern: str) -> float:
        """The share of labels that match a regular expression as a whole."""
        if len(self.labels) == 0:
            return 0.0
        return float(pc.mean(pc.match_substring_regex(self.labels, f"^(?:{pattern})$")).as_py())
