"""The generator that synthrec chooses, and why."""

from dataclasses import replace

import pytest

from synthrec.errors import ConfigError
from synthrec.runs.recipe import AUTO, Recipe, refuse_bounds_without_claim, settings_of
from synthrec.schema.load import parse_schema

RECIPE = Recipe(AUTO, stratify=False, population=None)


def schema(columns):
    lines = [f"      c{j}: {{kind: boolean}}" for j in range(columns)]
    head = "synthrec: 1\nschema: {name: wide}\ntables:\n  t:\n    one_row_per_person: true\n    columns:\n"
    return parse_schema(head + "\n".join(lines))


@pytest.mark.parametrize(
    ("columns", "rows", "generator", "why"),
    [
        (5, 20_000, "marginals", "20,000 rows and 5 columns"),
        (5, 19_999, "copula", "19,999 rows"),
        (61, 20_000, "copula", "61 columns"),
        (61, None, "marginals", "under a claim"),
    ],
)
def test_size_columns_and_claim_decide(columns, rows, generator, why):
    recipe, notes = RECIPE.resolved(schema(columns), rows)
    assert recipe.generator == generator
    assert why in notes[0]


def test_a_stratified_fit_is_a_copula():
    recipe, _ = replace(RECIPE, stratify=True).resolved(schema(5), 20_000)
    assert recipe.generator == "copula"


def test_a_named_generator_is_taken_without_a_word():
    named = replace(RECIPE, generator="ctgan")
    assert named.resolved(schema(5), 20_000) == (named, ())


def test_a_bank_is_told_of_the_release():
    banked = Recipe("sdv-ctgan", stratify=False, population=None, release_rows=1_000)
    assert settings_of(schema(1), banked) == {"bank_rows": 1_250}
    assert settings_of(schema(1), replace(banked, generator="copula")) == {}


def test_bounds_are_found_under_a_claim_only():
    with pytest.raises(ConfigError, match="--epsilon"):
        refuse_bounds_without_claim(dp_bounds=True)
    refuse_bounds_without_claim(dp_bounds=False)
