"""The adaptive codec end to end, with exact counts and with noise from a seed."""

import copy
import json

import numpy as np
import pytest

from synthrec.codec.adaptive import adapted, adaptive_codec, event_tables, wide_columns
from synthrec.codec.cleaner import simplex
from synthrec.codec.codec import Codec
from synthrec.codec.granularity import WEIGHTS, level_of, level_points
from synthrec.codec.heaped import HeapedCodec
from synthrec.digests import canonical
from synthrec.errors import ConfigError, VerificationError
from synthrec.privacy.counts import Count
from synthrec.rng import Streams

ROWS = 6000
SIGMA = 25.0


def income_column(high=10**6, **more):
    return {"kind": "integer", "domain": {"min": 0, "max": high, "source": "public"}, **more}


def incomes(seed=0, rows=ROWS):
    """A fifth are 0, a tenth 1234, half of the rest thousands, the others anything; lognormal."""
    rng = np.random.default_rng(seed)
    values = rng.lognormal(10, 0.7, rows).astype(int).clip(1, 999_999)
    values = np.where(rng.random(rows) < 0.5, (values // 1000).clip(1) * 1000, values)
    return np.select([rng.random(rows) < 0.2, rng.random(rows) < 0.125], [0, 1234], values)


@pytest.fixture
def people(table):
    """6,000 persons: a wide column, an age, a group."""

    def make(high=10**6, values=None, **more):
        values = incomes() if values is None else values
        columns = {
            "income": income_column(high, **more),
            "age": {"kind": "integer", "domain": {"min": 0, "max": 99, "source": "public"}},
            "group": {"kind": "category", "domain": {"values": ["a", "b"], "source": "public"}},
        }
        cells = {
            "income": [None if value < 0 else int(value) for value in values],
            "age": [n % 90 for n in range(len(values))],
            "group": ["ab"[n % 2] for n in range(len(values))],
        }
        return table(columns, cells)

    return make


def learned(counts, people, sigma=0.0, seed=0, **keys):
    return adaptive_codec(people.spec, "visits", counts(people, sigma, seed), **keys)


def back_and_forth(codec, people, seed=0):
    return codec.decode(codec.encode(people), 0, Streams(seed)).vector("income")


def distance(values, others):
    """Total variation over twenty quantile bins of the first."""
    cuts = np.unique(np.quantile(values, np.linspace(0, 1, 21)[1:-1]))
    first, second = (
        np.bincount(np.searchsorted(cuts, item, side="right"), minlength=20) for item in (values, others)
    )
    return np.abs(first / first.sum() - second / second.sum()).sum() / 2


def test_only_wide_columns_are_released_and_each_event_once(counts, people):
    made = people()
    answers = counts(made, SIGMA)
    adaptive = adaptive_codec(made.spec, "visits", answers)
    assert {event: len(sizes) for event, sizes in answers.released.items()} == event_tables(
        made.spec, "visits"
    )
    assert wide_columns(made.spec, "visits") == ("income",)
    assert isinstance(adaptive.codec.columns["income"], HeapedCodec)
    assert (
        adaptive.codec.columns["age"].document()
        == Codec.declared(made.spec, "visits").columns["age"].document()
    )
    assert set(adaptive.groups) == {"income", "age"}  # unit bins of 48 and more are cleaned by octaves, too


def test_no_wide_column_asks_nothing(counts, table):
    made = table(
        {"age": {"kind": "integer", "domain": {"min": 0, "max": 20, "source": "public"}}}, {"age": [3]}
    )
    answers = counts(made, SIGMA)
    adaptive = adaptive_codec(made.spec, "visits", answers)
    assert answers.released == {}
    assert event_tables(made.spec, "visits") == {}
    assert adaptive.groups == {}


def test_learned_domains_are_refused_with_three_ways_out(counts, table):
    made = table({"ward": {"kind": "category", "domain": {"source": "learned"}}}, {"ward": ["a"]})
    with pytest.raises(ConfigError, match=r"ward.*declare.*--dp-bounds.*without a claim"):
        adaptive_codec(made.spec, "visits", counts(made, SIGMA))


def test_learned_domains_stay_as_they_are_without_a_claim(counts, table):
    columns = {"income": income_column(), "debt": {"kind": "integer", "domain": {"source": "learned"}}}
    made = table(columns, {"income": incomes().tolist(), "debt": incomes(1).tolist()})
    base = Codec.build(made.spec, "visits", made)
    adaptive = adapted(base, counts(made, 0.0))
    assert adaptive.codec.columns["debt"] is base.columns["debt"]
    assert isinstance(adaptive.codec.columns["income"], HeapedCodec)


@pytest.mark.parametrize("sigma", [0.0, SIGMA])
def test_frequent_values_are_bins_and_round_numbers_come_back(counts, people, sigma):
    made = people()
    codec = learned(counts, made, sigma).codec
    edges = codec.columns["income"].bins.edges
    for value in (0, 1234, 10**6):
        assert {value, value + 1} <= set(edges.tolist())
    real, back = made.vector("income").values, back_and_forth(codec, made).values
    for share in (lambda v: (v == 1234).mean(), lambda v: (v == 0).mean()):
        assert share(back) == pytest.approx(share(real), abs=1e-9)
    thousands = [np.mean((item % 1000 == 0) & (item > 0)) for item in (real, back)]
    assert thousands[1] == pytest.approx(thousands[0], abs=0.03)  # uniform draws in bins: below .01


@pytest.mark.parametrize("sigma", [0.0, SIGMA])
def test_coding_moves_little_mass(counts, people, sigma):
    made = people()
    back = back_and_forth(learned(counts, made, sigma).codec, made)
    assert distance(made.vector("income").values, back.values) < 0.03


def test_bounds_a_thousand_times_too_wide_cost_almost_nothing(counts, people):
    """Noise SIGMA on 6,000 rows; both grids resolve the same octaves, so both distances are small."""
    real = incomes()
    found = []
    for high in (10**6, 10**9):
        made = people(high)
        adaptive = learned(counts, made, SIGMA)
        codec = adaptive.codec
        codes = codec.encode(made).values[:, 0]
        noisy = np.bincount(codes, minlength=codec.domain.sizes[0]) + np.random.default_rng(7).normal(
            0, SIGMA, codec.domain.sizes[0]
        )
        histogram = adaptive.clean("income", Count(noisy, SIGMA), float(ROWS))
        drawn = np.random.default_rng(8).choice(len(histogram), 20_000, p=histogram / histogram.sum())
        values = codec.columns["income"].decode(drawn.astype(np.int32), np.random.default_rng(9)).values
        found.append((distance(real, values), np.quantile(values, 0.995) / np.quantile(real, 0.995)))
        plain = simplex(noisy, ROWS)
    assert max(item[0] for item in found) < 0.08
    assert abs(found[0][0] - found[1][0]) < 0.03
    assert all(0.5 < item[1] < 2 for item in found)
    wild = np.random.default_rng(8).choice(len(plain), 20_000, p=plain / plain.sum()).astype(np.int32)
    tail = np.quantile(codec.columns["income"].decode(wild, np.random.default_rng(9)).values, 0.995)
    assert tail > 10 * np.quantile(real, 0.995)  # what plain projection makes of the wide bounds


def test_near_unique_values_come_back_only_by_chance(counts, people):
    """The expected matches follow from the weights: draws are uniform over the points of a level in a bin."""
    rng = np.random.default_rng(4)
    real = rng.choice(10**9, ROWS, replace=False)
    made = people(10**9, real)
    codec = learned(counts, made).codec.columns["income"]
    edges, chain = codec.bins.edges, codec.chain
    codes = codec.bins.find(real)
    held = np.zeros(codec.weights.shape)
    np.add.at(held, (codes, level_of(real, chain)), 1)
    points = np.maximum(level_points(edges, chain), 1)
    chance = (codec.weights / WEIGHTS * held / points).sum(axis=1)
    expected = chance[codes].sum()
    assert expected < 5
    back = codec.decode(codes.astype(np.int32), np.random.default_rng(5)).values
    assert np.isin(back, real).sum() <= expected + 5 * np.sqrt(expected) + 5


def test_exact_counts_name_no_value_of_ten_rows(counts, people):
    """777,777 is held ten times, 888,888 two hundred times: the second alone is a bin."""
    values = incomes()
    values[:10], values[10:210] = 777_777, 888_888
    edges = learned(counts, people(values=values)).codec.columns["income"].bins.edges.tolist()
    assert {888_888, 888_889} <= set(edges)
    assert not {777_777, 777_778} <= set(edges)


def test_rows_of_one_person_are_no_frequent_value(counts, table):
    """Exact counts are of rows: with any number of rows per person no value may be told."""
    columns = {"who": {"kind": "id", "role": "key"}, "income": income_column()}
    values = incomes(rows=2000)
    values[:500] = 424_242
    who = ["one"] * 500 + [f"p{n}" for n in range(1500)]
    made = table(columns, {"who": who, "income": values.tolist()}, person="who")
    edges = learned(counts, made).codec.columns["income"].bins.edges.tolist()
    assert not {424_242, 424_243} <= set(edges)


def test_declared_heaps_are_levels_of_their_own(counts, people):
    made = people(heaps=[55_555])
    edges = learned(counts, made, SIGMA).codec.columns["income"].bins.edges.tolist()
    assert {55_555, 55_556} <= set(edges)


def test_missing_values_are_counted_apart(counts, people):
    values = incomes()
    values[::3] = -1
    made = people(values=values, null={"allowed": True})
    adaptive = learned(counts, made, SIGMA)
    back = back_and_forth(adaptive.codec, made)
    assert back.missing.tolist() == (values < 0).tolist()
    assert adaptive.wide["income"].masses.sum() < (values > 0).sum() * 1.2


@pytest.mark.parametrize("sigma", [0.0, SIGMA])
def test_no_rows_make_a_codec_too(counts, people, sigma):
    made = people(values=np.empty(0, dtype=int))
    codec = learned(counts, made, sigma).codec
    assert len(codec.decode(codec.encode(made), 0, Streams(0))) == 0
    assert Codec.from_document(made.spec, "visits", codec.document()).document() == codec.document()


NUMBERS = {
    "float": (
        -5,
        5,
        np.random.default_rng(0).normal(0, 1, 3000).clip(-5, 5).round(3),
        {"precision": "0.001"},
    ),
    "decimal": (0, 5000, np.arange(3000) * 25, {"scale": 2}),
    "date": ("1900-01-01", "2030-01-01", 11_000 + np.arange(3000), {}),
    "datetime": ("2000-01-01", "2030-01-01", 10**15 - 40_000_000 + np.arange(3000) * 60_000_000, {}),
}


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("sigma", [0.0, SIGMA])
def test_every_kind_of_number(counts, table, kind, sigma):
    low, high, values, more = NUMBERS[kind]
    column = {"kind": kind, "domain": {"min": low, "max": high, "source": "public"}, **more}
    made = table({"x": column}, {"x": values.tolist()})
    codec = learned(counts, made, sigma).codec
    assert isinstance(codec.columns["x"], HeapedCodec)
    codes = codec.encode(made)
    back = codec.decode(codes, 0, Streams(0))
    assert codec.encode(back).values.tolist() == codes.values.tolist()
    assert distance(values, back.vector("x").values) < (0.1 if kind != "datetime" else 1)
    if kind == "datetime":  # two days of thirty years are one bin, but its whole minutes are found
        assert (back.vector("x").values % 60_000_000 == 0).mean() > 0.97


def test_weights_fitted_to_cleaned_histograms_keep_the_bins(counts, people):
    made = people()
    adaptive = learned(counts, made, SIGMA)
    size = adaptive.codec.domain.sizes[0]
    histogram = np.bincount(adaptive.codec.encode(made).values[:, 0], minlength=size).astype(float)
    informed = adaptive.informed({"income": histogram})
    assert informed.domain == adaptive.codec.domain
    weights = informed.columns["income"].weights
    assert (weights.sum(axis=1) == WEIGHTS).all()
    assert (weights != adaptive.codec.columns["income"].weights).any()
    Codec.from_document(made.spec, "visits", informed.document())


def test_the_document_alone_restores_the_codec(counts, people):
    made = people()
    codec = learned(counts, made, SIGMA).codec
    document = json.loads(canonical(codec.document()))
    again = Codec.from_document(made.spec, "visits", document)
    assert canonical(again.document()) == canonical(codec.document())
    codes = codec.encode(made)
    assert again.decode(codes, 0, Streams(3)).data.equals(codec.decode(codes, 0, Streams(3)).data)


def test_chunks_decode_as_one(counts, people):
    made = people()
    codec = learned(counts, made, SIGMA).codec
    codes = codec.encode(made)
    whole = codec.decode(codes, 65_000, Streams(3)).data
    tail = type(codes)(codes.values[700:], codes.domain)
    assert codec.decode(tail, 65_700, Streams(3)).data.equals(whole.slice(700))


def test_limits_say_that_bins_were_learned_under_noise(counts, people):
    made = people()
    assert any("differential privacy" in text for text in learned(counts, made, SIGMA).codec.limits())
    assert all("differential privacy" not in text for text in learned(counts, made).codec.limits())


def test_evidence_reaches_all_values_of_a_condition(counts, people):
    made = people()
    codec = learned(counts, made, SIGMA).codec
    levels, exact = codec.evidence("income >= 30000 and income < 40000")
    codes = codec.encode(made).values[:, 0]
    wanted = made.evaluate(exact).values
    assert levels["income"][codes[wanted]].all()
    assert levels["income"].sum() < len(levels["income"]) / 2


def _set(key, *way):
    def change(column):
        node = column[key]
        for step in way[:-2]:
            node = node[step]
        if len(way) == 1:
            column[key] = way[0]
        else:
            node[way[-2]] = way[-1]

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("kind", "numeric"),
        _set("origin", "the data"),
        _set("origin", None),
        _set("step", "2"),
        _set("chain", [1, 5]),
        _set("chain", []),
        _set("edges", 0, -1),
        _set("edges", 3, 10**7),
        _set("edges", 3, 1.5),
        _set("edges", -1, 10**6),
        _set("edges", []),
        _set("weights", []),
        _set("weights", 5, [1024]),
        _set("weights", 5, "1024"),
        _set("weights", 40, 0, 2000),
        _set("weights", 40, 0, -1),
        _set("weights", 40, 0, True),
        _set("weights", 1, [0] * 12 + [1024]),
        lambda column: column.pop("weights"),
        lambda column: column.update(more=1),
    ],
)
def test_a_document_that_no_fit_makes_is_refused(counts, people, change):
    made = people()
    document = learned(counts, made, SIGMA).codec.document()
    mutated = copy.deepcopy(document)
    change(mutated["columns"]["income"])
    assert mutated != document
    with pytest.raises(VerificationError):
        Codec.from_document(made.spec, "visits", mutated)


def test_bins_of_a_narrow_or_learned_column_cannot_be_put_in(counts, people, table):
    made = people()
    document = learned(counts, made, SIGMA).codec.document()
    document["columns"]["age"] = document["columns"]["income"]
    with pytest.raises(VerificationError):
        Codec.from_document(made.spec, "visits", document)
    other = table({"income": {"kind": "integer", "domain": {"source": "learned"}}}, {"income": [1]})
    with pytest.raises(VerificationError):
        Codec.from_document(other.spec, "visits", {"columns": {"income": document["columns"]["income"]}})
