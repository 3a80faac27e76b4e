"""What only the Python API can be given wrong: types and values that a command line would have refused."""

from __future__ import annotations

import pytest

from synthrec import api
from synthrec.errors import ConfigError


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"rows": 0}, "rows must be"),
        ({"rows": 1.5}, "rows must be"),
        ({"rows": "5"}, "rows must be"),
        ({"chunk_rows": 0}, "chunk_rows must be"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**53}, "seed must be"),
        ({"formats": ()}, "one or more of parquet, csv"),
        ({"formats": "csv"}, "a sequence"),
        ({"formats": ("csv", "csv")}, "each once"),
        ({"formats": ("xlsx",)}, "parquet, csv"),
        ({"csv_profile": "excel"}, "plain, spreadsheet"),
    ],
    ids=str,
)
def test_a_draw_that_cannot_be(tmp_path, leavings, options, found):
    with pytest.raises(ConfigError, match=found):
        api.sample("inpatient", **({"rows": 5, "out": tmp_path / "out"} | options))
    assert leavings() == set()


@pytest.mark.parametrize("data", [None, 7, {"age": [1]}, [], [{"age": 1}]], ids=str)
def test_records_that_cannot_be_read(small, tmp_path, leavings, data):
    with pytest.raises(ConfigError, match="a list of paths"):
        api.fit(small.schema, data, out=tmp_path / "model", home=small.home)
    assert leavings() == set()


def test_a_share_that_leaves_nothing(small, tmp_path, leavings):
    with pytest.raises(ConfigError, match="share"):
        api.fit(small.schema, small.data, out=tmp_path / "model", home=small.home, holdout_share=1.0)
    assert leavings() == set()
