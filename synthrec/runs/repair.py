"""Repair of a refused draw: the rows behind the evidence are drawn again, and the result is audited anew.

Rows that repeat a single person are replaced whether that person is in train or in the holdout, and the audit
asks in both directions, so that holes do not betray the members. It looks at real records, so that nothing of
it is post-processing: under a claim there is no repair.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from synthrec.data.table import Table
from synthrec.errors import ConfigError, PolicyRefusedError
from synthrec.release.card import RepairPart
from synthrec.release.gate import Decision, Origin
from synthrec.release.signing.approvals import named
from synthrec.runs.attempts import Attempt, begin_attempt, give_back
from synthrec.runs.context import Run
from synthrec.runs.export import Backing, Place, export
from synthrec.runs.makers import Chunk, Draw, Maker
from synthrec.runs.models import OpenModel, charge_attempt
from synthrec.runs.reports import SampleReport
from synthrec.schema.model import Schema
from synthrec.validation.result import Culprits, Verdict

MOST_REPAIRED = 0.05
"""Share of the rows asked for that may be drawn again: beyond it the generator is at fault, not some rows."""


@dataclass(frozen=True, eq=False)
class RepairedMaker:
    """Draws as another maker does, but passes over rows that repeat single persons."""

    maker: Maker
    culprits: Sequence[Culprits]

    @property
    def schema(self) -> Schema:
        """What the records are."""
        return self.maker.schema

    @property
    def origin(self) -> Origin:
        """What they are made from."""
        return self.maker.origin

    def stream(self, draw: Draw) -> Iterator[Chunk]:
        """The records asked for, less those that repeat a person, and as many later ones in their place.

        Raises:
            PolicyRefusedError: more than MOST_REPAIRED of the rows would have to be drawn again.
        """
        name, _ = self.schema.only_table
        most = math.ceil(draw.rows * MOST_REPAIRED)
        left, dropped = draw.rows, 0
        for chunk in self.maker.stream(replace(draw, rows=draw.rows + most)):
            kept = self._kept(chunk.records[name])
            dropped += len(chunk.records[name]) - len(kept)
            if dropped > most:
                raise PolicyRefusedError(
                    f"more than {MOST_REPAIRED:.0%} of the rows repeat what only one person has: no repair, "
                    "but a generator that remembers less is needed"
                )
            yield Chunk({name: kept.slice(0, left)}, chunk.proposed)
            left -= min(left, len(kept))
            if not left:
                return

    def _kept(self, table: Table) -> Table:
        for each in self.culprits:
            table = table.take(~each.among(table))
        return table


def refuse_repair(model: OpenModel, draw: Draw, *, audited: bool) -> None:
    """A repair needs an audit of the very draw, of an unclaimed model, of no stated number of a kind.

    Raises:
        ConfigError: one of these is missing.
    """
    if model.stored.manifest.claim is not None:
        raise ConfigError("--repair looks at real records, which a claim rules out; leave it out")
    if not audited:
        raise ConfigError("--repair audits the very draw against the real records; give them with --real")
    if draw.prevalence is not None:
        raise ConfigError("--repair passes over rows, so that no number is exact; leave --prevalence out")


def export_audited(
    model: OpenModel, draw: Draw, place: Place, backing: Backing, attempt: Attempt, run: Run
) -> SampleReport:
    """Export a draw if its audit passes, which otherwise counts as a failed attempt on the model."""
    report = export(model.maker, draw, place, backing, run)
    _settle(model, attempt, report, run)
    return report


def _settle(model: OpenModel, attempt: Attempt, report: SampleReport, run: Run) -> OpenModel:
    """What becomes of an attempt whose audit has ended."""
    if report.approved:
        give_back(attempt, run)
        return model
    return charge_attempt(model, attempt.number)


def export_repaired(
    model: OpenModel, draw: Draw, place: Place, backing: Backing, attempt: Attempt, run: Run
) -> SampleReport:
    """Export a draw; where it is refused for rows that repeat persons, draw these again and audit anew.

    Every audit that does not pass counts as an attempt on the model.

    Raises:
        PolicyRefusedError: the policy allows no further attempt, or too many rows would be drawn again.
    """
    report, found = export(model.maker, draw, place, backing, run), dict[str, Culprits]()
    while not report.approved:
        model = charge_attempt(model, attempt.number)
        blamed = culprits(report.decision)
        if not blamed.keys() - found.keys():
            return report
        attempt = begin_attempt(
            model.approval, model.stored.digest, attempt.audit.source or "", attempt.audit, run
        )
        found |= blamed
        repair = RepairPart(checks=tuple(found), attempts=attempt.number)
        maker = RepairedMaker(model.maker, tuple(found.values()))
        signed = None if model.approval is None else named(model.approval)
        report = export(maker, draw, place, replace(backing, repair=repair, approval=signed), run)
    give_back(attempt, run)
    return report


def culprits(decision: Decision | None) -> dict[str, Culprits]:
    """By check, what the rows behind blocking findings that did not pass repeat."""
    if decision is None:
        return {}
    refused = (item for item in decision.findings if item.blocking and item.verdict is not Verdict.PASS)
    return {item.result.check: item.result.culprits for item in refused if item.result.culprits is not None}
