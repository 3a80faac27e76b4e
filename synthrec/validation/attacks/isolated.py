"""Membership of the vulnerable: the most isolated persons, and the groups that the schema declares.

A mean over all persons hides the few who are easy to find. The isolated ones are the 5 % farthest from other
real persons, or as many as it takes to certify anything: with m and n persons the AUC errs by about
2.33 sqrt((m + n) / (12 m n)), so that 50 of each side cannot be told apart from .5 by less than .13. Groups
of fewer than 300 to a side enter the test but not the bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synthrec.data.table import Records, Table
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import BoolArray
from synthrec.validation.attacks.membership import roc_curves, smallest, towards, worst
from synthrec.validation.attacks.roc import AUC_METHOD, Roc
from synthrec.validation.attacks.suspects import Sides, Suspects
from synthrec.validation.exhibits import Listing
from synthrec.validation.result import CheckResult

ISOLATED = 0.05
SMALLEST = 50
"""Fewest persons on either side of a declared group that is tested."""
BOUNDED = 300
"""Persons to a side (harmonic mean) that an AUC needs to be bounded: a half-width of .055 and four standard
errors stay in .15. So many isolated persons are taken at least, and smaller groups are not bounded."""
TOPS = (0.05, 0.1, 0.25, 0.5)

_METHOD = AUC_METHOD + (
    "; the highest upper limit among three scores on the isolated persons and on each declared group of at "
    "least 300 persons to a side (valid for the group truly found best)"
)


@dataclass(frozen=True, eq=False)
class Group:
    """Some persons, and the curve of every score on them."""

    name: str
    rocs: dict[str, Roc]

    @property
    def sides(self) -> tuple[int, int]:
        """Persons of train and of the holdout."""
        roc = next(iter(self.rocs.values()))
        return len(roc.members), len(roc.others)

    @property
    def size(self) -> float:
        """Harmonic mean of the persons on both sides, on which the precision of an AUC depends."""
        m, n = self.sides
        return 2 * m * n / (m + n)

    @property
    def p_value(self) -> float:
        """Evidence over all scores."""
        return smallest(roc.p_value(TOPS) for roc in self.rocs.values())


class IsolatedMembership:
    """The scores of all persons, on those who are easiest to find and on declared groups."""

    check = "P4"
    title = "Do the synthetic rows betray isolated training persons, or those of a small group?"

    def __init__(self, suspects: Suspects) -> None:
        self._suspects, self._chunks = suspects, 0

    def add(self, records: Records) -> None:
        """Measure how near the rows of a chunk come to the real rows."""
        self._chunks += 1
        self._suspects.add(self._chunks, records)

    def result(self) -> CheckResult:
        """The AUC on the group found best, and evidence over all groups, half of it the isolated persons'."""
        reason = self._suspects.inapplicable()
        if reason is not None:
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        isolated, *declared = self._groups()
        if min(isolated.sides) == 0:
            return CheckResult(
                self.check, self.title, (), not_applicable="no isolated person is on both sides"
            )
        bounded = [isolated, *(group for group in declared if group.size >= BOUNDED)]
        rocs = [roc for group in bounded for roc in towards(group.rocs)]
        halves = [isolated.p_value]
        if declared:
            halves.append(smallest(group.p_value for group in declared))
        curves = roc_curves("Membership of the most isolated persons", isolated.rocs)
        return CheckResult(
            self.check,
            self.title,
            (worst("AUC", rocs, lambda roc: roc.auc, 0.5, _METHOD),),
            bound="AUC",
            p_value=smallest(halves),
            exhibits=(curves, _listing([isolated, *declared])),
        )

    def _groups(self) -> Iterator[Group]:
        sides, scores = self._suspects.sides, self._suspects.scores
        isolated = most_isolated(self._suspects.isolation, sides.member)
        groups = {"most isolated": isolated, **declared_groups(sides)}
        for name, within in groups.items():
            member = sides.member[within]
            yield Group(name, {score: Roc.of(values[within], member) for score, values in scores.items()})


def most_isolated(isolation: np.ndarray, member: BoolArray) -> BoolArray:
    """The 5 % most isolated of all persons, or as many as certify an AUC, but at most half of them.

    Who is isolated, and how many are taken, does not depend on who of them is a member.
    """
    persons, share = len(member), float(member.mean())
    enough = BOUNDED / (2 * share * (1 - share))
    count = math.ceil(min(persons / 2, max(ISOLATED * persons, enough)))
    return np.asarray(isolation >= np.sort(isolation)[-count])


def declared_groups(sides: Sides) -> dict[str, BoolArray]:
    """Persons by the levels of target, sensitive and quasi-identifying columns, with 50 on either side."""
    groups = {}
    for column in _grouping(sides.rows.spec):
        for level, rows in _levels(sides.rows, column):
            persons = np.zeros(len(sides.member), dtype=bool)
            persons[sides.persons[rows]] = True
            if min(int((persons & sides.member).sum()), int((persons & ~sides.member).sum())) >= SMALLEST:
                groups[f"{column} = {level}"] = persons
    return groups


def _grouping(spec: TableSpec) -> Iterator[str]:
    for name in spec.modelled:
        if name == spec.target or spec.columns[name].role in {"quasi_identifier", "sensitive"}:
            yield name


def _levels(table: Table, column: str) -> Iterator[tuple[str, BoolArray]]:
    vector = table.vector(column)
    present = ~vector.missing
    if vector.levels is not None:
        codes = vector.values.astype(np.int64)
        counts = np.bincount(codes[present], minlength=len(vector.levels))
        for code in np.flatnonzero(counts >= 2 * SMALLEST):
            yield vector.levels[code], present & (codes == code)
    elif table.spec.columns[column].kind == "boolean":
        truth = vector.values.astype(bool)
        yield from (("false", present & ~truth), ("true", present & truth))


def _listing(groups: list[Group]) -> Listing:
    """Every group with its best-found AUC, and whether it is large enough to be bounded."""
    rows = []
    for group in groups:
        auc = max((roc.auc for roc in group.rocs.values()), key=lambda estimate: estimate.high)
        certified = "yes" if group is groups[0] or group.size >= BOUNDED else "too few persons"
        rows.append((group.name, *group.sides, auc.value, auc.low, auc.high, certified))
    return Listing(
        "Membership by group",
        f"How well members are found in {len(groups)} groups; chance is 0.5.",
        ("group", "train", "holdout", "AUC", "lower", "upper", "bounded"),
        tuple(rows),
    )
