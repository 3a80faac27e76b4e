"""A trial: draw records, let the checks see every one of them, and let the gate decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from synthrec.data.table import Records
from synthrec.release.gate import Decision, Origin, decide
from synthrec.runs.context import Run
from synthrec.runs.inputs import satisfying
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
    schema: Schema, chunks: Iterable[Records], real: RealData | None, run: Run, where: str | None = None
) -> Decision:
    """Run the checks over records and decide; without real records, conformity alone is required.

    The quality of records drawn under a condition is measured against the real ones that satisfy it.
    """
    comparable = None if real is None else satisfying(real, where)
    results = run_checks(release_checks(schema, real, comparable), chunks)
    origin = Origin.RULES if real is None else Origin.LEARNED
    return decide(results, run.policy, run.profile, origin=origin, tables=schema.tables)


def judge_draw(maker: Maker, draw: Draw, real: RealData, run: Run) -> Decision:
    """Draw records only to judge them."""
    records = counted(maker, draw, Tally(), run)
    return judge(maker.schema, records, real, run, draw.where)


def counted(maker: Maker, draw: Draw, tally: Tally, run: Run) -> Iterator[Records]:
    """The records asked for, with root rows and drawn rows counted on the way."""
    root = root_table(maker.schema)
    for chunk in maker.stream(draw):
        tally.reached += len(chunk.records[root])
        tally.proposed += chunk.proposed
        run.progress.advance(tally.reached, draw.rows)
        yield chunk.records
