import datetime as dt
import json
from itertools import pairwise

import numpy as np
import pytest

from synthrec.codec.codec import Codec
from synthrec.digests import canonical
from synthrec.errors import InputError, InternalError
from synthrec.rng import BLOCK, Streams
from synthrec.schema.model import TableSpec

COLUMNS = {
    "visit": {"kind": "id", "role": "key"},
    "age": {"kind": "integer", "domain": {"min": 0, "max": 110, "source": "public"}},
    "cost": {
        "kind": "decimal",
        "scale": 2,
        "grid": "asinh",
        "heaps": [0],
        "domain": {"min": 0, "max": 100_000, "source": "public"},
        "null": {"allowed": True},
    },
    "born": {
        "kind": "date",
        "domain": {"min": dt.date(1900, 1, 1), "max": dt.date(2025, 12, 31), "source": "public"},
    },
    "weight": {"kind": "float", "domain": {"source": "learned"}},
    "ward": {"kind": "category", "domain": {"source": "learned"}},
    "smoker": {"kind": "boolean", "null": {"allowed": True}},
    "note": {"kind": "text"},
}


@pytest.fixture
def visits(table):
    rng = np.random.default_rng(5)
    rows = 500
    cost = [None if rng.random() < 0.1 else int(cell) for cell in rng.integers(0, 10_000_000, rows)]
    return table(
        COLUMNS,
        {
            "visit": [f"v{n}" for n in range(rows)],
            "age": rng.integers(0, 110, rows).tolist(),
            "cost": [0 if cell is not None and rng.random() < 0.3 else cell for cell in cost],
            "born": rng.integers(-20_000, 20_000, rows).tolist(),
            "weight": rng.normal(70, 12, rows).tolist(),
            "ward": rng.choice(["a", "b", "c"], rows, p=[0.6, 0.39, 0.01]).tolist(),
            "smoker": [None if cell == 2 else bool(cell) for cell in rng.integers(0, 3, rows)],
            "note": [f"free text {n}" for n in range(rows)],
        },
    )


@pytest.fixture
def codec(visits):
    return Codec.build(visits.spec, "visits", visits)


def test_domain_covers_the_modelled_columns_in_order(codec, visits):
    domain = codec.domain
    assert domain.names == ("age", "cost", "born", "weight", "ward", "smoker")
    assert domain.ordered == (True, True, True, True, False, True)
    assert domain.missing == (False, True, False, False, False, True)
    assert domain.sizes[0] == 111
    assert (codec.encode(visits).values.max(axis=0) < np.array(domain.sizes)).all()


def test_codes_of_decoded_rows_are_the_codes(codec, visits):
    codes = codec.encode(visits)
    decoded = codec.decode(codes, 0, Streams(3))
    assert (codec.encode(decoded).values == codes.values).all()
    assert decoded.data.schema.equals(visits.data.schema)


def test_minted_columns_hold_nothing_of_the_data(codec, visits):
    decoded = codec.decode(codec.encode(visits), 7, Streams(3))
    keys, notes = (decoded.data.column(name).to_pylist() for name in ("visit", "note"))
    assert keys[0] == "SYN-visit-00000008"
    assert len(set(keys)) == len(visits)
    assert not set(notes) & set(visits.data.column("note").to_pylist())


@pytest.mark.parametrize("cuts", [[1], [100, 333], [499]])
def test_rows_do_not_depend_on_chunks(codec, visits, cuts):
    codes = codec.encode(visits)
    start = BLOCK - 250
    whole = codec.decode(codes, start, Streams(3))
    ends = [0, *cuts, len(codes)]
    parts = [
        codec.decode(type(codes)(codes.values[a:b], codes.domain), start + a, Streams(3))
        for a, b in pairwise(ends)
    ]
    assert type(whole).concat(parts).data.to_pylist() == whole.data.to_pylist()


def test_other_seeds_draw_other_values(codec, visits):
    codes = codec.encode(visits)
    weights = [codec.decode(codes, 0, Streams(seed)).data.column("weight") for seed in (1, 2)]
    assert not weights[0].equals(weights[1])


def test_no_rows(codec, visits):
    empty = visits.slice(0, 0)
    assert codec.encode(empty).values.shape == (0, 6)
    assert len(codec.decode(codec.encode(empty), 0, Streams(1))) == 0


def test_public_domains_make_codecs_without_rows(table):
    empty = table({"age": COLUMNS["age"]}, {"age": []})
    assert Codec.build(empty.spec, "visits", empty).domain.sizes == (111,)


def test_learned_columns_are_named_with_their_limits(codec):
    assert codec.learned == ("weight", "ward")
    weight, ward = codec.limits()
    assert "column weight" in weight
    assert "pooled as (other)" in ward
    assert "500" not in weight + ward


def test_columns_with_one_loss_are_named_together(table):
    spec = {name: {"kind": "integer", "domain": {"source": "learned"}} for name in ("age", "stay")}
    visits = table(spec, {name: list(range(100)) for name in spec})
    (limit,) = Codec.build(visits.spec, "visits", visits).limits()
    assert limit.startswith("columns age, stay: bounds come from")


def test_document_survives_canonical_json(codec, visits):
    document = json.loads(canonical(codec.document()))
    restored = Codec.from_document(visits.spec, "visits", document)
    codes = codec.encode(visits)
    assert (restored.encode(visits).values == codes.values).all()
    assert restored.decode(codes, 0, Streams(1)).data.equals(codec.decode(codes, 0, Streams(1)).data)
    assert restored.limits() == codec.limits()


def test_persons_decide_what_is_learned(table):
    columns = {
        "patient": {"kind": "id", "role": "key"},
        "drug": {"kind": "category", "domain": {"source": "learned"}},
    }
    cells = {
        "patient": [f"p{n % 15}" for n in range(150)],
        "drug": ["rare" if n % 15 == 0 else "common" for n in range(150)],
    }
    built = table(columns, cells, person="patient")
    codec = Codec.build(built.spec, "visits", built)
    assert codec.columns["drug"].labels == ("common", "(other)")


def test_every_column_that_cannot_be_coded_is_told_at_once(table):
    columns = {
        "score": {"kind": "float", "domain": {"source": "learned"}},
        "group": {"kind": "category", "domain": {"source": "learned"}},
        "step": {"kind": "integer", "precision": "0.5", "domain": {"min": 0, "max": 9, "source": "public"}},
        "born": {"kind": "date", "role": "direct_identifier"},
        "open": {"kind": "category"},
    }
    bare = table(columns, {name: [] for name in columns})
    with pytest.raises(InputError) as caught:
        Codec.build(bare.spec, "visits", bare)
    assert [fault.where for fault in caught.value.faults] == [f"columns.{name}" for name in sorted(columns)]
    assert all(fault.repair for fault in caught.value.faults)


def test_a_person_that_would_be_modelled_is_refused(table):
    columns = {"patient": {"kind": "integer", "domain": {"min": 0, "max": 9, "source": "public"}}}
    built = table(columns, {"patient": [1, 2]}, person="patient")
    with pytest.raises(InputError, match="role: key"):
        Codec.build(built.spec, "visits", built)


def test_our_own_fault_names_the_column_and_no_value(table, spec):
    made = spec({"age": COLUMNS["age"]})
    wide = TableSpec.model_validate(
        {"columns": {"age": {"kind": "integer", "domain": {"min": 0, "max": 999, "source": "public"}}}}
    )
    codec = Codec.build(made, "visits", table({"age": COLUMNS["age"]}, {"age": []}))
    outside = table(wide.model_dump()["columns"], {"age": [555]})
    with pytest.raises(InternalError, match="column age") as caught:
        codec.encode(outside)
    assert "555" not in str(caught.value)
