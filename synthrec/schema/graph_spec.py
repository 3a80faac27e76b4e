"""Rows that come about between two rows of the parent table: transfers, calls, referrals.

Who has to do with whom is a graph over the parents, drawn anew for every block of roots.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from synthrec.schema.model import Model
from synthrec.schema.spec_base import Amount, Path, Spec

MEETING_FIELDS = frozenset({"side", "shared"})
"""What comes about with such rows: `from` or `to`; and a number from 0 to 1 that both of them have."""


class Between(Model):
    """The graph of contacts along which events happen: a configuration model with communities."""

    degree: Amount
    """Mean number of a parent's contacts; the number itself is Poisson distributed."""
    community: str | None = None
    """A label of the parent; without one, all parents are one community."""
    within: Amount = Field(default=1)
    """Share of contacts sought in the community; the others are sought among all parents of the block."""
    span: int | None = Field(default=None, ge=2)
    """Most parents of a community, with consecutive numbers: short runs then hold whole communities."""

    def expressions(self) -> Iterator[tuple[Path, str, str]]:
        """Path, source and the kind that it has to yield."""
        for name, kind in (("degree", "number"), ("community", "label"), ("within", "number")):
            value = getattr(self, name)
            if isinstance(value, str):
                yield (name,), value, kind


class Partner(Spec):
    """The value of a column of the parent at the other side of the row; missing where the row has none.

    A key is missing, too, where the other side is no part of the run.
    """

    column: str

    def references(self) -> Iterator[tuple[Path, str]]:
        """The column that is looked up."""
        return iter([((), self.column)])
