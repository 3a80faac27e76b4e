"""Rows that repeat a person are drawn again: of both sides, counted as attempts, never under a claim."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from synthrec import api
from synthrec.data.table import Table
from synthrec.errors import ConfigError, PolicyRefusedError
from synthrec.runs.context import TextFormat
from synthrec.runs.makers import Chunk, LearnedMaker
from synthrec.runs.repair import RepairedMaker

ROWS = 5_000
pytestmark = pytest.mark.usefixtures("without_quality")


@pytest.fixture
def leaky(admissions, copy_of, monkeypatch):
    """A model whose first rows are training rows: ``leaky(200)`` of them."""

    def plant(count):
        model = api.OpenModel.at(admissions.model, admissions.home)
        split = model.read_real(admissions.data, None, TextFormat(None, None)).real
        train, honest = split.train, LearnedMaker.stream

        def stream(self, draw):
            chunks = honest(self, draw)
            first = next(chunks)
            leaked = train.take(np.random.default_rng(0).permutation(len(train))[:count])
            drawn = first.records[train.name].slice(count, len(first.records[train.name]))
            yield Chunk({train.name: Table.concat([leaked, drawn])}, first.proposed)
            yield from chunks

        monkeypatch.setattr(LearnedMaker, "stream", stream)
        model = copy_of(admissions)
        shutil.copytree(admissions.home, model.with_name("home"))
        return SimpleNamespace(model=model, real=Table.concat([train, split.holdout]))

    return plant


def draw(admissions, model, out, **options):
    """A draw under a ledger of its own: attempts are counted there."""
    home = model.with_name("home")
    return api.sample(model, ROWS, seed=7, out=out, real=admissions.data, home=home, **options)


def attempts(model):
    return json.loads((model / "approval.json").read_text())["attempt"]


def test_rows_that_repeat_persons_are_drawn_again(admissions, leaky, tmp_path):
    planted = leaky(200)
    before = attempts(planted.model)
    made = draw(admissions, planted.model, tmp_path / "out", repair=True)
    assert made.approved, made.decision.reasons
    card = api.read_card(made.out)
    assert "P1" in card.repair.checks
    assert card.repair.attempts == before + 2
    assert card.subjects[0].rows == ROWS
    assert attempts(planted.model) == before + 1
    columns = list(planted.real.spec.modelled)
    frames = [planted.real.to_pandas(), pd.read_parquet(made.files[0])]
    real, drawn = (set(frame[columns].astype(str).agg("|".join, axis=1)) for frame in frames)
    assert len(real & drawn) <= 2, "rows that several persons share are nobody's own"


def test_without_repair_the_same_draw_is_refused_and_the_rows_are_listed(admissions, leaky, tmp_path):
    made = draw(admissions, leaky(200).model, tmp_path / "out")
    assert made.decision.verdict == "fail"
    (found,) = [item.result for item in made.decision.findings if item.result.check == "P1"]
    rows = [int(number) for _, numbers in found.exhibits[0].rows for number in numbers.split(", ")]
    assert sum(row < 200 for row in rows) > 80
    assert not (tmp_path / "out").exists()


def test_a_generator_that_repeats_many_is_not_repaired(admissions, leaky, tmp_path):
    with pytest.raises(PolicyRefusedError, match="no repair"):
        draw(admissions, leaky(2_000).model, tmp_path / "out", repair=True)
    assert not (tmp_path / "out").exists()


def test_a_repair_that_does_not_help_ends(admissions, leaky, tmp_path, monkeypatch):
    planted = leaky(200)
    monkeypatch.setattr(RepairedMaker, "_kept", lambda _, table: table)
    made = draw(admissions, planted.model, tmp_path / "out", repair=True)
    assert not made.approved
    assert attempts(planted.model) == 3
    assert not (tmp_path / "out").exists()


def test_persons_of_train_and_holdout_are_treated_alike(admissions, leaky, tmp_path, monkeypatch):
    """What replaces a row must not repeat a person of the holdout either."""
    planted, kept = leaky(200), RepairedMaker._kept
    shares = []

    class SeenError(Exception):
        """The first look at drawn rows is enough."""

    def watched(self, table):
        shares.extend(len(kept(self, side)) / len(side) for side in (train, holdout))
        raise SeenError

    train, holdout = planted.real.slice(0, 5_000), planted.real.slice(len(planted.real) - 2_000, 2_000)
    monkeypatch.setattr(RepairedMaker, "_kept", watched)
    with pytest.raises(SeenError):
        draw(admissions, planted.model, tmp_path / "out", repair=True)
    of_train, of_holdout = shares
    assert of_train < 0.1
    assert of_holdout < 0.1


@pytest.mark.parametrize(
    ("options", "said"),
    [({"real": None}, "--real"), ({"prevalence": "age >= 65=0.5"}, "--prevalence")],
)
def test_what_cannot_be_repaired_is_refused(admissions, copy_of, tmp_path, options, said):
    asked = {"real": admissions.data, "home": admissions.home, "repair": True, **options}
    with pytest.raises(ConfigError, match=said):
        api.sample(copy_of(admissions), 100, out=tmp_path / "out", **asked)


def test_under_a_claim_there_is_no_repair(admissions, copy_of, tmp_path, monkeypatch):
    model = copy_of(admissions)
    opened = api.OpenModel.at(model, admissions.home)
    claimed = replace(
        opened,
        stored=replace(
            opened.stored, manifest=opened.stored.manifest.model_copy(update={"claim": SimpleNamespace()})
        ),
    )
    monkeypatch.setattr(api.OpenModel, "at", classmethod(lambda *_: claimed))
    with pytest.raises(ConfigError, match="claim"):
        draw(admissions, model, tmp_path / "out", repair=True)
