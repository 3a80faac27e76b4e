"""A trial: draw records, let the checks see every one of them, and let the gate decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from synthrec.data.table import Records
from synthrec.release.gate import Decision, Origin, decide
from synthrec.runs.context import Run
from synthrec.runs.inputs import in_proportion, satisfying
from synthrec.runs.makers import Draw, Maker, root_table
from synthrec.schema.model import Schema
from synthrec.validation.check import run as run_checks
from synthrec.validation.real import RealData
from synthrec.validation.suite import release_checks


@dataclass
class Tally:
    """Rows that went past, counted while a stream is read."""

    reached: int = 0
    proposed: int = 0


def judge(
    schema: Schema, chunks: Iterable[Records], real: RealData | None, run: Run, draw: Draw | None = None
) -> Decision:
    """Run the checks over records and decide; without real records, conformity alone is required.

    The quality of records drawn under a condition is measured against the real ones that satisfy it, that of
    records with a prevalence against real ones in the same proportion.
    """
    comparable = None if real is None else _comparable(real, draw)
    results = run_checks(release_checks(schema, real, comparable), chunks)
    origin = Origin.RULES if real is None else Origin.LEARNED
    return decide(results, run.policy, run.profile, origin=origin, tables=schema.tables)


def judge_draw(maker: Maker, draw: Draw, real: RealData, run: Run) -> Decision:
    """Draw records only to judge them."""
    records = counted(maker, draw, Tally(), run)
    return judge(maker.schema, records, real, run, draw)


def _comparable(real: RealData, draw: Draw | None) -> RealData:
    if draw is None:
        return real
    if draw.prevalence is None:
        return satisfying(real, draw.where)
    return in_proportion(real, draw.prevalence.where, draw.prevalence.count / draw.rows)


def counted(maker: Maker, draw: Draw, tally: Tally, run: Run) -> Iterator[Records]:
    """The records asked for, with root rows and drawn rows counted on the way."""
    root = root_table(maker.schema)
    for chunk in maker.stream(draw):
        tally.reached += len(chunk.records[root])
        tally.proposed += chunk.proposed
        run.progress.advance(tally.reached, draw.rows)
        yield chunk.records
