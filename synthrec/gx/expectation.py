"""Expectations and suites as data: what is stated, in which order, under which id and digest.

Nothing here needs Great Expectations; the types are the names of its built-in expectations.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from synthrec.digests import canonical, digest

BUILT_IN = frozenset(
    {
        "expect_table_columns_to_match_set",
        "expect_table_row_count_to_equal",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_match_regex",
        "expect_column_value_lengths_to_be_between",
        "expect_column_values_to_be_unique",
        "expect_compound_columns_to_be_unique",
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
    }
)
"""The only types that a suite may hold.

A type of one's own is dropped without a failure by every process that has not imported it, and a gate grows
weaker unseen; a quantile expectation breaks the storing of results.
"""

_NAMESPACE = uuid.UUID("a5b2f1f6-6a5e-5c1c-9f0e-5d3f1f0c7f11")


def stable_id(*parts: str) -> str:
    """The same UUID for the same words, on every machine and in every run."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


@dataclass(frozen=True)
class Expectation:
    """One expectation of a built-in type, and the rule of the schema that it states."""

    type: str
    kwargs: Mapping[str, Any]
    rule: str
    """The rule as the conformity check names it, e.g. ``domain: age``."""

    def __post_init__(self) -> None:
        """Refuse types that not every reader knows.

        Raises:
            ValueError: the type is none of `BUILT_IN`.
        """
        if self.type not in BUILT_IN:
            raise ValueError(f"{self.type} is not among the built-in types that a suite may hold")


@dataclass(frozen=True)
class Suite:
    """What is expected of one table, and what of its schema no built-in type can state."""

    table: str
    expectations: tuple[Expectation, ...]
    beside: tuple[str, ...] = ()
    """Rules that synthrec checks itself, as the conformity check names them."""
    unstated: tuple[str, ...] = ()
    """Columns whose domains were learned from real records: a suite that named them would tell of these."""

    def document(self, version: str) -> dict[str, Any]:
        """The suite as Great Expectations stores it.

        Args:
            version: Of Great Expectations, as its files state it.
        """
        return {
            "expectations": [self._entry(place) for place in range(len(self.expectations))],
            "id": stable_id("suite", self.table),
            "meta": {"great_expectations_version": version},
            "name": self.table,
            "notes": None,
        }

    def _entry(self, place: int) -> dict[str, Any]:
        stated = self.expectations[place]
        return {
            "id": stable_id(
                "expectation", self.table, str(place), stated.type, canonical_text(stated.kwargs)
            ),
            "kwargs": dict(stated.kwargs),
            "meta": {"rule": stated.rule},
            "severity": "critical",
            "type": stated.type,
        }


def suite_digest(entries: Iterable[Mapping[str, Any]]) -> str:
    """``sha256:…`` of what a stored suite demands, in whatever order it lists it.

    Type, arguments, severity and condition count; ids, notes and remarks do not.

    Raises:
        ValueError: an entry is not that of an expectation.
    """
    try:
        demands = [
            canonical_text(
                {"type": entry["type"], "severity": entry.get("severity"), "kwargs": entry["kwargs"]}
            )
            for entry in entries
        ]
    except (AttributeError, KeyError, TypeError):
        raise ValueError("not a list of stored expectations") from None
    return digest(sorted(demands))


def canonical_text(document: Mapping[str, Any]) -> str:
    """Canonical JSON of arguments; whole numbers beyond 2**53 - 1, which it has no form for, as text."""
    return canonical(_portable(dict(document))).decode()


def _portable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _portable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return f"integer {value}"
    return value
