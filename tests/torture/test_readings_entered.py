"""A process that is stopped at the first record: the ledger knows of the reading by then."""

from __future__ import annotations

import json
from decimal import Decimal

import pandas as pd
import pytest

from synthrec import api
from synthrec.data.keys import open_keys
from synthrec.errors import InputError
from synthrec.privacy.ledger import Ledger


class Stopped(BaseException):
    """The end of a process, which nothing catches."""


def stop(*_, **__):
    raise Stopped


def fit(place, data=None, out="made", **options):
    data = place.folder / "people.csv" if data is None else data
    schema = place.folder / "town.yaml"
    return api.fit(schema, data, out=place.folder / out, home=place.home, release_rows=50, **options)


def files(place):
    return place.folder / "people.csv"


def audit_files(place):
    given = {"train": files(place), "holdout": files(place), "schema": place.folder / "town.yaml"}
    api.audit(place.folder / "people.csv", **given, home=place.home)


READINGS = {
    "fit": (fit, "fit"),
    "fit of a frame": (lambda place: fit(place, pd.read_csv(files(place))), "fit"),
    "fit under a claim": (lambda place: fit(place, epsilon=Decimal("0.1")), None),
    "audit": (lambda place: api.audit(place.model, real=files(place), home=place.home), "audit"),
    "audit of files": (audit_files, "audit"),
    "sample": (
        lambda place: api.sample(
            place.model, 9, out=place.folder / "out", real=files(place), home=place.home
        ),
        "audit",
    ),
    "validate": (
        lambda place: api.validate(files(place), place.folder / "town.yaml", home=place.home),
        "validate",
    ),
    "drift": (lambda place: api.validate(files(place), against=place.model, home=place.home), "validate"),
    "infer": (lambda place: api.infer(files(place), home=place.home, population="one town"), "infer"),
}


def account(place):
    with Ledger.open(place.home, open_keys(place.home, create=False)) as ledger:
        return ledger.account("one town")


@pytest.fixture
def place(town, tmp_path):
    return town.copied(tmp_path / "town")


@pytest.mark.parametrize("what", READINGS)
def test_a_reading_is_entered_before_its_first_record(place, monkeypatch, what):
    read, kind = READINGS[what]
    before = account(place)
    monkeypatch.setattr("synthrec.runs.inputs.read_table", stop)
    monkeypatch.setattr(api, "infer_schema", stop)
    with pytest.raises(Stopped):
        read(place)
    after = account(place)
    if kind is None:
        assert [charge.state for charge in after.charges] == ["reserved"]
        return
    (*looks, newest) = after.looks
    assert tuple(looks) == before.looks
    assert newest.details()["look"] == kind
    assert newest.source not in {None, *(look.source for look in before.looks)}


def test_a_refused_input_is_a_reading_and_no_fit(place):
    bad = place.folder / "bad.csv"
    bad.write_text("person,age,sex\np1,old,F\n")
    with pytest.raises(InputError):
        fit(place, bad)
    fit(place)
    assert [look.kind for look in account(place).looks] == ["look", "open", "look"]
    assert json.loads((place.folder / "made" / "manifest.json").read_text())["fits"] == 2


def test_records_without_a_name_are_known_by_their_fingerprint(place):
    """Other bytes of the same records are the same records; other records are not."""
    schema = place.folder / "town.yaml"
    schema.write_text(schema.read_text().replace(", source: {population: one town}", ""))
    lines = files(place).read_text().splitlines()
    turned, fewer = place.folder / "turned.csv", place.folder / "fewer.csv"
    turned.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    fewer.write_text("\n".join(lines[:-1]) + "\n")
    fits = []
    for number, path in enumerate((files(place), turned, fewer)):
        fit(place, path, f"made{number}")
        fits.append(json.loads((place.folder / f"made{number}" / "manifest.json").read_text())["fits"])
    assert fits == [2, 3, 1], "the town was fitted before, under its name"


def test_what_dead_writers_of_the_head_left_goes(place):
    left = place.home / ".ledger.head.0123456789abcdef"
    others = [place.home / ".ledger.head.mine", place.home / ".other"]
    for path in (left, *others):
        path.write_text("")
    fit(place)
    assert not left.exists()
    assert all(path.exists() for path in others)
