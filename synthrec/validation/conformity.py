"""Conformity: do the records keep what their schema says, row by row, key by key?

Everything is counted, nothing estimated: the limits of a measure equal its value.
"""

from __future__ import annotations

from collections.abc import Iterable

from synthrec.data.table import Records
from synthrec.schema.model import Schema
from synthrec.validation.conformity_rules import Level, Rule, rules_of
from synthrec.validation.result import CheckResult, Measure

_TOTALS: dict[Level, str] = {
    "violations": "largest share that breaks a rule on nulls, domains, keys or rows per person; counted",
    "constraint_violations": "largest share of rows that breaks a constraint of severity error; counted",
    "constraint_warnings": "largest share of rows that breaks a constraint of severity warning; counted",
}


class Conformity:
    """The rules of one table; ``conformity.<table>``.

    Measures: the largest share per level (`violations`, `constraint_violations`, `constraint_warnings`), the
    share of every constraint, and that of every other rule that was broken. Rows must reach `add` in chunks
    that hold each child beside its parent.
    """

    def __init__(self, schema: Schema, table: str) -> None:
        self._table = table
        self._rules = tuple(rules_of(schema, table))
        self._rows = 0

    def add(self, records: Records) -> None:
        """Count what breaks a rule in a chunk."""
        table = records.get(self._table)
        if table is None:
            return
        vectors = table.vectors()
        for rule in self._rules:
            rule.add(vectors, records)
        self._rows += len(table)

    def result(self) -> CheckResult:
        """Shares of violations, per level and per rule."""
        shares = [(rule, _measure(rule)) for rule in self._rules]
        totals = [
            _largest(level, (share for rule, share in shares if rule.level == level), self._rows)
            for level in _TOTALS
        ]
        shown = [share for rule, share in shares if share.value or rule.level != "violations"]
        return CheckResult(
            f"conformity.{self._table}",
            f"Do the rows of {self._table} keep what the schema says?",
            (*totals, *shown),
            bound="violations",
            steward={rule.name: rule.counts()[0] for rule in self._rules},
        )


def _measure(rule: Rule) -> Measure:
    broken, of = rule.counts()
    share = broken / of if of else 0.0
    return Measure(rule.name, share, share, share, of, None, "share that breaks the rule; counted")


def _largest(level: Level, shares: Iterable[Measure], rows: int) -> Measure:
    value = max((share.value for share in shares), default=0.0)
    return Measure(level, value, value, value, rows, None, _TOTALS[level])
