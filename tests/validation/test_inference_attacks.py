"""Singling out, linkability and attribute inference: hand-sized tables, safe releases, planted leaks."""

import numpy as np
import pytest
from scipy.stats import binom

from synthrec.data.table import Table
from synthrec.schema.model import Column, TableSpec
from synthrec.schema.vector import Vector
from synthrec.validation.attacks.inference import AttributeInference, secrets
from synthrec.validation.attacks.linkability import Linkability, splits
from synthrec.validation.attacks.queries import coded, multivariate, some, univariate
from synthrec.validation.attacks.singling_out import SinglingOut, persons_hit
from synthrec.validation.attacks.victims import Victims
from synthrec.validation.real import RealData
from synthrec.validation.result import NothingAtRisk

ATTACKS = (SinglingOut, Linkability, AttributeInference)
INTEGER, WARD = Column(kind="integer"), Column(kind="category")


def attacked(attack, real, *chunks):
    check = attack(real)
    for chunk in chunks:
        check.add({real.name: chunk})
    return check.result()


def test_values_that_one_row_has_and_the_ends_of_numbers_are_asked():
    cells = np.array([[0, 1, 1, 4], [2, 2, 3, -1]], dtype=np.int32)
    queries = univariate(cells, np.array([True, False]))
    asked = {
        (*row,) for row in zip(queries.columns[:, 0], queries.low[:, 0], queries.high[:, 0], strict=True)
    }
    last = np.iinfo(np.int32).max
    assert asked == {(0, 0, 0), (0, 4, 4), (0, 4, last), (1, 3, 3)}


def test_a_query_singles_out_the_only_person_it_fits():
    """Person 1 has two rows with the value: one person still. Value 5 is held by two, value 9 by nobody."""
    cells = np.array([[3, 7, 7, 5, 5]], dtype=np.int32)
    persons = np.array([0, 1, 1, 2, 3])
    queries = univariate(np.array([[3, 5, 7, 9]], dtype=np.int32), np.array([False]))
    assert queries.singled_out(cells, persons).tolist() == [0, -2, 1, -1]


def test_each_person_counts_once():
    member = np.array([True, True, False, False])
    hits = persons_hit(np.array([0, 0, 0, 2, -1, -2]), member)
    assert (hits.train_hits, hits.holdout_hits, hits.train, hits.holdout) == (1, 1, 2, 2)


def test_a_query_fits_the_row_that_it_was_read_off():
    rng = np.random.default_rng(0)
    cells = rng.integers(-1, 30, (6, 40)).astype(np.int32)
    queries = multivariate(cells, np.array([True, False] * 3), 300, rng)
    assert (queries.singled_out(cells, np.zeros(40, dtype=np.int64)) == 0).all()
    assert len(some(queries, 20, rng)) == 20


def test_cells_keep_the_order_of_values_and_match_over_both_tables(table_of):
    real = table_of({"x": (INTEGER, [10, 30, None]), "w": (WARD, ["b", "a", None])})
    other = table_of({"x": (INTEGER, [20, 30, 5]), "w": (WARD, ["a", "c", None])})
    mine, theirs = coded(real, other)
    assert theirs[0, 2] < mine[0, 0] < theirs[0, 0] < mine[0, 1] == theirs[0, 1]
    assert mine[0, 2] == -1
    assert mine[1, 1] == theirs[1, 0]
    assert (mine[1, 2], theirs[1, 2]) == (-1, -1)


def test_victims_are_persons_with_one_row_each():
    spec = TableSpec(columns={"who": Column(kind="id", role="key"), "x": INTEGER}, person="who")
    who = Vector.full(np.array([0, 0, 1, 2, 2, 2], dtype=np.int32), ("a", "b", "c"))
    train = Table.from_vectors("t", spec, {"who": who, "x": Vector.full(np.arange(6))})
    real = RealData("t", train, train.slice(2))
    victims = Victims.of(real)
    assert (victims.train, victims.holdout) == (3, 2)
    assert len(Victims.of(real, 2).rows) == 4
    found = np.array([True, False, True, True, False])
    hits = victims.hits(found, np.array([True, True, False, True, True]))
    assert (hits.train_hits, hits.train, hits.holdout_hits, hits.holdout) == (1, 2, 1, 2)


@pytest.mark.parametrize("attack", ATTACKS)
def test_without_a_leak_evidence_is_rare(release, attack):
    """Of 40 safe releases of 200 + 200 persons, 7 or more have a p-value of 5 % once in 1,000 times."""
    p_values = []
    for seed in range(40):
        drawn = release(seed, 400, 300, share=0.5)
        p_values.append(attacked(attack, drawn.real, drawn.fresh).p_value)
    assert binom.sf(6, 40, 0.05) < 0.005
    assert np.sum(np.array(p_values) <= 0.05) <= 6


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_release_of_training_rows_is_found(release, attack):
    drawn = release(3, 1_600, 800, share=0.5)
    result = attacked(attack, drawn.real, drawn.real.train.slice(0, 400), drawn.real.train.slice(400))
    assert result.p_value < 1e-6
    assert result.measures[0].low > 0.05
    assert result.exhibits[0].rows


@pytest.mark.parametrize("attack", ATTACKS)
def test_chunks_do_not_matter(release, attack):
    drawn = release(6, 300, 500)
    whole = attacked(attack, drawn.real, drawn.fresh)
    assert attacked(attack, drawn.real, drawn.fresh.slice(0, 77), drawn.fresh.slice(77)) == whole


def test_a_secret_copied_beside_public_columns_is_inferred(release):
    """Copies tell nearly every secret of training persons, and of others what the population tells."""
    drawn = release(9, 2_000, 1_000, share=0.5)
    result = attacked(AttributeInference, drawn.real, drawn.real.train)
    told = {name: (train, holdout) for name, train, holdout, *_ in result.exhibits[0].rows}
    assert all(train >= holdout for train, holdout in told.values())
    assert max(train for train, _ in told.values()) > 0.9


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_cannot_be_attacked_says_why(release, attack):
    drawn = release(1, 50, 20)
    empty = drawn.fresh.slice(0, 0)
    assert attacked(attack, drawn.real, empty).not_applicable == "there are no synthetic rows"
    nobody = RealData("t", drawn.real.train, drawn.real.train.slice(0, 0))
    assert "holdout" in attacked(attack, nobody, drawn.fresh).not_applicable


def test_one_column_holds_nothing_to_link_or_infer(table_of):
    rows = table_of({"x": (INTEGER, [1, 2, 3, 4])})
    real = RealData("t", rows, rows)
    for attack in (Linkability, AttributeInference):
        assert attacked(attack, real, rows).not_applicable is NothingAtRisk.ALONE


def test_rows_that_nothing_isolates_single_nobody_out(table_of):
    rows = table_of({"w": (WARD, ["a", "b"] * 20), "v": (WARD, ["c", "d"] * 20)})
    real = RealData("t", rows, rows)
    assert attacked(SinglingOut, real, rows).not_applicable is NothingAtRisk.ISOLATED


def test_halves_share_no_column_and_miss_none(release):
    spec = release(1, 20, 5).real.train.spec
    for _, half, other in splits(spec):
        assert not half & other
        assert half | other == set(spec.modelled)
        assert half
        assert other


def test_sensitive_columns_are_guessed_where_some_are_declared(release):
    spec = release(1, 20, 5).real.train.spec
    first = spec.modelled[0]
    columns = {**spec.columns, first: spec.columns[first].model_copy(update={"role": "sensitive"})}
    assert secrets(spec.model_copy(update={"columns": columns})) == (first,)
    assert set(secrets(spec)) == set(spec.modelled)


def test_a_handful_of_queries_is_no_rate(table_of):
    """One value isolates a row: the only valid queries are few, and are held against two thousand."""
    labels = ["a", "b"] * 20
    real = RealData("t", *(table_of({"w": (WARD, labels)}) for _ in range(2)))
    (measure,) = attacked(SinglingOut, real, table_of({"w": (WARD, [*labels, "c"])})).measures
    assert measure.n < 200
    assert measure.high < 0.01
