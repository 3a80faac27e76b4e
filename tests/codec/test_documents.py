import copy

import pytest

from synthrec.codec.codec import Codec
from synthrec.errors import VerificationError

COLUMNS = {
    "age": {"kind": "integer", "domain": {"min": 0, "max": 1000, "source": "public"}},
    "weight": {"kind": "float", "domain": {"source": "learned"}},
    "height": {"kind": "integer", "precision": 5, "domain": {"source": "learned"}},
    "ward": {"kind": "category", "domain": {"source": "learned"}},
}


@pytest.fixture
def codec(table):
    rows = range(400)
    cells = {
        "age": [n % 100 for n in rows],
        "weight": [50 + n / 7 for n in rows],
        "height": [5 * n for n in rows],
        "ward": ["rare" if n == 0 else "ab"[n % 2] for n in rows],
    }
    built = table(COLUMNS, cells)
    return Codec.build(built.spec, "visits", built)


def put(*path):
    """A change of one place of a document."""
    *way, key, value = path

    def change(document):
        node = document["columns"]
        for part in way:
            node = node[part]
        node[key] = value

    return change


def drop(*path):
    *way, key = path

    def change(document):
        node = document
        for part in way:
            node = node[part]
        del node[key]

    return change


@pytest.mark.parametrize(
    "change",
    [
        drop("columns"),
        drop("columns", "age"),
        put("extra", {"kind": "boolean"}),
        put("age", "edges", 3, 4000),
        put("age", "step", "2"),
        put("weight", "kind", "label"),
        put("weight", "edges", 1, -(10**12)),
        put("weight", "edges", 1, 1.5),
        put("weight", "edges", 1, True),
        put("weight", "edges", 1, 2**53),
        put("weight", "edges", []),
        put("weight", "edges", "none"),
        put("weight", "width", 0, 0),
        put("weight", "width", 0, 10**9),
        put("weight", "low", 0, -(10**9)),
        put("weight", "low", []),
        put("weight", "step", "0"),
        put("weight", "step", "1e-3"),
        put("weight", "step", "-1"),
        put("weight", "step", 1),
        drop("columns", "weight", "width"),
        put("weight", "more", 1),
        put("height", "step", "10"),
        put("ward", "labels", ["a", "a", "(other)"]),
        put("ward", "labels", ["a", 7, "(other)"]),
        put("ward", "labels", ["a", "b"]),
        put("ward", "labels", []),
        put("ward", "labels", "ab"),
        put("ward", "other", "rest"),
        put("ward", []),
    ],
)
def test_a_document_that_no_build_makes_is_refused(codec, change):
    document = copy.deepcopy(codec.document())
    Codec.from_document(codec.spec, "visits", document)
    change(document)
    with pytest.raises(VerificationError):
        Codec.from_document(codec.spec, "visits", document)


@pytest.mark.parametrize("document", [None, [], 7, {}, {"columns": None}, {"columns": {}, "more": 1}])
def test_other_forms_are_refused(codec, document):
    with pytest.raises(VerificationError):
        Codec.from_document(codec.spec, "visits", document)


def test_labels_outside_a_listed_domain_are_refused(table):
    columns = {"ward": {"kind": "category", "domain": {"values": ["a", "b"], "source": "learned"}}}
    built = table(columns, {"ward": ["a", "b"] * 20})
    codec = Codec.build(built.spec, "visits", built)
    document = codec.document()
    document["columns"]["ward"]["labels"] = ["a", "z"]
    with pytest.raises(VerificationError):
        Codec.from_document(built.spec, "visits", document)
