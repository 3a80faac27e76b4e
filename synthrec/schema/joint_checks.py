"""Check the specs that speak of several columns at once: linear predictors, and correlated columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synthrec.schema.conditional import closed_labels
from synthrec.schema.correlated_spec import Correlated
from synthrec.schema.faults import suggestion
from synthrec.schema.model import Column, label
from synthrec.schema.predictor_spec import Logit, Softmax
from synthrec.schema.rule_tables import Problem, RuleTable
from synthrec.schema.spec_base import Path


def effect_problems(make: Logit | Softmax, names: Mapping[str, Column]) -> Iterator[Problem]:
    """Effects of labels that a column does not have."""
    for place, score in make.scores():
        for term, effects in score.terms.items():
            if not isinstance(effects, dict) or term not in names:
                continue
            path: Path = (*place, "terms", term)
            labels = closed_labels(names[term])
            if not labels:
                yield path, f"{term!r} has no list of labels", "give one coefficient, or list its values"
            for text in map(label, effects):
                if labels and text not in labels:
                    yield (*path, text), f"unknown label {text!r}", suggestion(text, labels)


def block_problems(table: RuleTable) -> Iterator[Problem]:
    """Blocks and their columns that do not name each other."""
    blocks = table.generate.correlated
    named = {name: make.make.block for name, make in table.makes.items() if isinstance(make.make, Correlated)}
    for column, block in named.items():
        place: Path = ("tables", table.name, "columns", column, "generate", "correlated", "block")
        if block not in blocks:
            yield place, f"unknown block {block!r}", suggestion(block, blocks)
        elif column not in blocks[block].columns:
            yield place, f"{column!r} is no column of block {block!r}", "add it there, with its correlations"
    for block, content in blocks.items():
        for i, column in enumerate(content.columns):
            if named.get(column) != block:
                place = ("tables", table.name, "generate", "correlated", block, "columns", i)
                yield (
                    place,
                    f"{column!r} is not made by this block",
                    f"write correlated: {{block: {block}, …}}",
                )
