import pytest

from synthrec.codec.mint import build_mint
from synthrec.schema.model import Column


def minted(start, rows, **keys):
    return build_mint("patient", Column.model_validate(keys)).mint(start, rows).to_pylist()


def test_labels_carry_an_obvious_namespace():
    assert minted(0, 2, kind="id", role="key") == ["SYN-patient-00000001", "SYN-patient-00000002"]


def test_sequence_of_the_schema_is_honoured_across_growing_numbers():
    sequence = {"sequence": {"prefix": "P", "width": 2, "start": 98}}
    assert minted(0, 4, kind="id", role="key", generate=sequence) == ["P98", "P99", "P100", "P101"]


def test_integers_start_far_above_real_ones():
    assert minted(5, 2, kind="integer", role="key") == [900_000_000_006, 900_000_000_007]


def test_other_kinds_are_missing_where_they_may_be():
    made = minted(0, 2, kind="date", role="direct_identifier", null={"allowed": True})
    assert made == [None, None]


@pytest.mark.parametrize("kind", ["date", "boolean", "float"])
def test_other_kinds_are_refused_where_they_may_not(kind):
    with pytest.raises(ValueError, match="cannot be made anew"):
        minted(0, 1, kind=kind, role="direct_identifier")


def test_no_rows():
    assert minted(3, 0, kind="text") == []


def test_chunks_join_to_the_whole():
    column = {"kind": "string", "role": "direct_identifier"}
    assert minted(0, 5, **column) + minted(5, 3, **column) == minted(0, 8, **column)
