"""Records with columns of models in them: within the approvals, and with a card that names the models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from synthrec.errors import PolicyRefusedError
from synthrec.release.approval import Gap
from synthrec.release.card import FittedPart, Result
from synthrec.release.card_build import (
    Fitted,
    generator_part,
    last_day,
    lineage_part,
    privacy_part,
    seed_part,
    source_part,
    use_part,
)
from synthrec.release.judge import CONFORMITY
from synthrec.release.signing.approvals import named
from synthrec.release.signing.statement import ApprovalPart
from synthrec.rules.fitted import Models
from synthrec.runs.context import Run
from synthrec.runs.export import Backing, Place, draft, export
from synthrec.runs.filled import FilledBlock
from synthrec.runs.makers import Draw, RuleMaker, root_table
from synthrec.runs.models import NO_APPROVAL, OpenModel
from synthrec.runs.reports import SampleReport
from synthrec.runs.terms_of_use import refuse_ended_use
from synthrec.schema.model import Schema

REASONS = {
    Gap.REFUSED: "its audit did not end with a pass; `synthrec audit` of the model with --real says why",
    Gap.OTHER_POLICY: "its approval was given under another policy; use that one, or fit it again",
    Gap.OTHER_PROFILE: "its approval was given under another profile; use that one, or fit it again",
}
"""Why an approval covers no row of a model at all, with a repair that a schema leaves."""


def refuse_uncovered(blocks: Sequence[FilledBlock], run: Run) -> None:
    """Before anything is drawn: every model must be approved, under this policy and profile.

    Raises:
        PolicyRefusedError: what keeps which model from filling anything; one line for each reason.
    """
    reasons = [f"{block.path}: {reason}" for block in blocks for reason in _uncovered(block.model, run)]
    if reasons:
        raise PolicyRefusedError("\n".join(dict.fromkeys(reasons)))


def _uncovered(model: OpenModel, run: Run) -> Iterator[str]:
    approval = model.approval
    if approval is None:
        yield NO_APPROVAL
        return
    covered = approval.covers(0, approval.seed, None, run.policy.digest, run.profile.digest)
    yield from (REASONS[gap] for gap in covered.gaps)


def approved_rows(blocks: Sequence[FilledBlock], schema: Schema, draw: Draw) -> Models:
    """What fills the blocks, each within its approval.

    Raises:
        PolicyRefusedError: more root records are asked for than the approval of a model covers.
    """
    readers = {(block.table, block.block): block.reader(draw, _most(block)) for block in blocks}
    for (table, _), reader in readers.items():
        if table == root_table(schema):
            reader.allow(draw.rows)
    return readers


def any_rows(blocks: Sequence[FilledBlock], draw: Draw) -> Models:
    """What fills the blocks of a draft, which no approval covers."""
    return {(block.table, block.block): block.reader(draw, None) for block in blocks}


def _most(block: FilledBlock) -> int | None:
    approval = block.model.approval
    return None if block.is_claimed else 0 if approval is None else approval.rows


def export_filled(
    maker: RuleMaker, blocks: Sequence[FilledBlock], draw: Draw, place: Place, limits: Sequence[str], run: Run
) -> SampleReport:
    """Draw, check and export records whose columns are partly those of models, or refuse.

    Raises:
        PolicyRefusedError: a model is not approved, or not for so many rows.
    """
    refuse_uncovered(blocks, run)
    made = replace(maker, models=approved_rows(blocks, maker.schema, draw))
    backing = Backing(
        fitted=_told(blocks, draw, run),
        approved=_results(blocks),
        limits=(*limits, *_limits(blocks)),
        approval=_only_approval(blocks),
        settings=maker.settings,
    )
    return export(made, draw, place, backing, run)


def draft_filled(
    maker: RuleMaker, blocks: Sequence[FilledBlock], draw: Draw, place: Place, run: Run
) -> SampleReport:
    """The same records without approval, checks and card, for the steward's eyes only.

    Raises:
        ConfigError: the last day of use of what a model makes has passed.
    """
    for block in blocks:
        refuse_ended_use(last_day(block.model.stored.schema.info, is_learned=True))
    return draft(replace(maker, models=any_rows(blocks, draw)), draw, place, run)


def _told(blocks: Sequence[FilledBlock], draw: Draw, run: Run) -> Fitted:
    """What the card says of the models, and which columns have domains that were learned."""
    learned = {block.table: tuple(_learned_columns(block.table, blocks)) for block in blocks}
    parts = tuple(_part(block, draw, run) for block in blocks)
    return Fitted(parts, learned, blocks[0].model.keys)


def _learned_columns(table: str, blocks: Sequence[FilledBlock]) -> Iterator[str]:
    for block in blocks:
        if block.table == table:
            found = block.model.stored.codec.learned
            yield from (name for name, source in block.columns.items() if source in found)


def _part(block: FilledBlock, draw: Draw, run: Run) -> FittedPart:
    learned, schema = block.model.learned(), block.model.stored.schema
    return FittedPart(
        table=block.table,
        block=block.block,
        columns=dict(block.columns),
        generator=generator_part(learned),
        seed=None if block.is_claimed else seed_part(block.streams(draw).seed, learned),
        source=source_part(schema, run.policy, learned),
        privacy=privacy_part(schema, learned),
        covered="under_claim" if block.is_claimed else "approved_prefix",
        lineage=lineage_part(learned),
        use=use_part(schema.info, block.model.limits(), is_learned=True),
    )


def _only_approval(blocks: Sequence[FilledBlock]) -> ApprovalPart | None:
    """The approval that a signature names: that of the model, where there is one model only."""
    approvals = {block.model.stored.digest: block.model.approval for block in blocks}
    (first, *others) = approvals.values()
    return None if others or first is None else named(first)


def _results(blocks: Sequence[FilledBlock]) -> tuple[Result, ...]:
    """What the audits found that the approvals rest on; whether a model kept its own schema is left out."""
    models = {block.model.stored.digest: block for block in reversed(blocks)}
    return tuple(
        result.model_copy(update={"title": f"{result.title} (model of {block.table}.{block.block})"})
        for block in reversed(models.values())
        for result in _approved(block.model)
        if not result.check.startswith(CONFORMITY)
    )


def _approved(model: OpenModel) -> tuple[Result, ...]:
    return () if model.approval is None else model.approval.results


def _limits(blocks: Sequence[FilledBlock]) -> Iterator[str]:
    """What the columns of models cannot keep, for the card."""
    for block in blocks:
        name = f"{block.table}.{block.block}"
        yield (
            f"learned columns of {block.table}: {', '.join(block.columns)}; each row of them is as the model "
            "draws it, whatever the other columns are"
        )
        yield from (f"{name}: {limit}" for limit in block.model.limits())
