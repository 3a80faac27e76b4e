"""All questions together: once per release, whatever the chunks, with several rows per person."""

from __future__ import annotations

import numpy as np
import pytest

from synthrec.schema.model import Column
from synthrec.validation.check import run
from synthrec.validation.profile import load_profile
from synthrec.validation.quality.questions import quality_checks
from synthrec.validation.real import RealData

IDS = {
    "marginals",
    "associations",
    "triples",
    "missing",
    "detection",
    "propensity",
    "cloud",
    "utility",
    "tails",
}


def found(real, *chunks):
    return run(quality_checks(real), [{"t": chunk} for chunk in chunks])


def test_the_same_whatever_the_chunks(release):
    drawn = release(1, 700, 400)
    whole = found(drawn.real, drawn.fresh)
    parts = found(drawn.real, drawn.fresh.slice(0, 150), drawn.fresh.slice(150))
    assert whole == parts
    assert {result.check for result in whole} == {f"quality.{name}" for name in IDS}


def test_every_figure_has_a_floor_limits_and_a_method(release):
    drawn = release(2, 700, 400)
    for result in found(drawn.real, drawn.fresh):
        for measure in result.measures:
            assert measure.low <= measure.value <= measure.high
            assert measure.baseline is not None
            assert measure.method
        assert result.not_applicable or result.measure(result.bound)


def test_fresh_rows_satisfy_the_default_profile(release):
    profile = load_profile()
    drawn = release(3, 3000, 1500, share=0.5)
    for result in found(drawn.real, drawn.fresh):
        for name, limit in profile.limits_for(result.check).items():
            if not result.not_applicable and not name.startswith("worst group"):
                assert limit.met_by(result.measure(name)), (result.check, name)


def test_every_limit_is_on_a_measure(release):
    """Names in the profile that no check has would never be met."""
    profile = load_profile()
    drawn = release(4, 300, 200)
    names = {result.check: {m.name for m in result.measures} for result in found(drawn.real, drawn.fresh)}
    for check, measures in names.items():
        if measures:
            assert set(profile.limits_for(check)) <= measures
            assert profile.limits_for(check)


@pytest.mark.parametrize("persons", [3, 80])
def test_several_rows_per_person_and_some_who_do_not_say(table_of, persons):
    rng = np.random.default_rng(5)

    def rows(mark, *, missing=False):
        owner = [f"{mark}{k}" for k in rng.integers(0, persons, 240)]
        columns = {
            "p": (
                Column(kind="id", role="key"),
                [None if missing and k % 9 == 0 else o for k, o in enumerate(owner)],
            ),
            "a": (Column(kind="category"), list(rng.choice(["x", "y", "z"], 240))),
            "b": (Column(kind="float"), rng.normal(size=240).tolist()),
        }
        return table_of(columns, person="p")

    results = found(RealData("t", rows("a"), rows("b")), rows("s", missing=True))
    assert all(result.measures or result.not_applicable for result in results)


def test_without_rows_of_a_kind_it_says_so(release):
    drawn = release(6, 60, 40)
    empty = drawn.real.train.slice(0, 0)
    for real, fresh, word in (
        (RealData("t", drawn.real.train, empty), drawn.fresh, "holdout"),
        (RealData("t", empty, drawn.real.holdout), drawn.fresh, "training"),
        (drawn.real, empty, "synthetic"),
    ):
        assert all(word in result.not_applicable for result in found(real, fresh))
