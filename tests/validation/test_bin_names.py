"""Names of bins: apart from each other, and telling no value that single persons have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthrec.schema.model import Column, Domain
from synthrec.schema.vector import Vector
from synthrec.validation.bin_names import names_of
from synthrec.validation.binning import LabelBins, NumericBins
from synthrec.validation.fidelity import common_labels

DAY = 86_400_000_000


def bins(*edges):
    return NumericBins(np.array(edges, dtype=np.float64))


@pytest.mark.parametrize(
    ("kind", "edges", "names"),
    [
        ("integer", (6, 8, 9), ("below 6", "6 to 7", "8", "9 or more")),
        ("integer", (114, 3_103), ("below 100", "100 to 3,000", "3,000 or more")),
        ("integer", (86_753_091_234,), ("below 90,000,000,000", "90,000,000,000 or more")),
        ("float", (0.12345, 0.6789), ("below 0.1", "0.1 to 0.7", "0.7 or more")),
        ("date", (10_000, 10_003), ("below 1997-05-19", "1997-05-19 to 1997-05-22", "1997-05-22 or more")),
        ("date", (10_000, 12_000), ("below 1997", "1997 to 2002", "2002 or more")),
        (
            "datetime",
            (10_000.3 * DAY, 10_040 * DAY),
            ("below 1997-05", "1997-05 to 1997-06", "1997-06 or more"),
        ),
        ("float", (), ("any value",)),
    ],
)
def test_bounds_in_words(kind, edges, names):
    assert names_of(bins(*edges), Column(kind=kind), ()) == (*names, "missing")


def test_decimals_are_told_in_their_unit():
    assert names_of(bins(1_250, 4_999), Column(kind="decimal", scale=2), ())[0] == "below 10"


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=20, unique=True).map(sorted))
def test_names_differ_and_bounds_that_are_far_apart_are_rounded(thousands):
    """Bounds at least a thousand apart end in 7; as told, they end in 000."""
    told = names_of(bins(*(1_000 * each + 7 for each in thousands)), Column(kind="integer"), ())
    assert len(set(told)) == len(thousands) + 2
    words = [word for name in told for word in name.split() if word[0].isdigit()]
    assert all(word.endswith("000") for word in words)


def test_a_label_of_few_persons_is_not_told():
    labels = np.repeat([0, 1, 2], [40, 10, 12])
    persons = np.concatenate([np.arange(40), np.arange(10), np.zeros(12, dtype=np.int64)])
    vector = Vector.full(labels, ("many", "ten", "one person's"))
    common = common_labels(vector, persons)
    assert common == {"many"}
    declared = Column(kind="category", domain=Domain(source="learned"))
    told = names_of(LabelBins.learn(vector), declared, common)
    assert told == ("many", "label 2", "label 3", "other labels", "missing")
