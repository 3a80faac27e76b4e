"""`card verify`: nothing to say of an export as it was made, one line for every fault, exit code 5."""

import json

import pytest

import synthrec
from synthrec.cli.app import run
from synthrec.digests import canonical
from synthrec.errors import VerificationError
from synthrec.release.card import card_id


def edited(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def faults(folder):
    with pytest.raises(VerificationError) as caught:
        synthrec.verify_export(folder)
    return str(caught.value).splitlines()


def test_an_export_as_it_was_made(export):
    report = synthrec.verify_export(export)
    assert report.verified == (
        "2 data files",
        "37 expectations of 2 suites, and the checkpoint",
        "the pages of the card",
    )
    assert synthrec.verify_export(export / "card.json") == report


def test_a_suite_that_was_only_written_anew(spoilt):
    """A user's tool may order and indent as it likes."""
    edited(spoilt / "gx/expectations/stay.json", lambda suite: suite["expectations"].reverse())
    assert synthrec.verify_export(spoilt).verified


STAY = "gx/expectations/stay.json"


def dropped(suite):
    del suite["expectations"][3]


def loosened(suite):
    suite["expectations"][2]["kwargs"]["mostly"] = 0.1


def downgraded(suite):
    suite["expectations"][2]["severity"] = "info"


def replaced(suite):
    suite["expectations"][3] = suite["expectations"][2]


def passed_over(checkpoint):
    del checkpoint["validation_definitions"][1]


def misdirected(validation):
    validation["suite"]["name"] = "patient"


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (STAY, dropped, f"{STAY}: 22 expectations, 23 on the card"),
        (STAY, loosened, f"{STAY}: an expectation was altered or replaced by another"),
        (STAY, downgraded, f"{STAY}: an expectation was altered or replaced by another"),
        (STAY, replaced, f"{STAY}: an expectation was altered or replaced by another"),
        (
            "gx/checkpoints/synthrec.json",
            passed_over,
            "gx: the checkpoint no longer runs these suites on these files",
        ),
        (
            "gx/validation_definitions/stay.json",
            misdirected,
            "gx: the checkpoint no longer runs these suites on these files",
        ),
    ],
)
def test_demands_that_were_changed(spoilt, file, change, expected):
    edited(spoilt / file, change)
    assert faults(spoilt) == [expected]


def test_records_read_from_elsewhere(spoilt):
    path = spoilt / "gx/great_expectations.yml"
    path.write_text(path.read_text().replace('"base_directory": "."', '"base_directory": "/elsewhere"'))
    assert faults(spoilt) == ["gx: the checkpoint no longer runs these suites on these files"]


def test_suites_read_from_elsewhere(spoilt):
    path = spoilt / "gx/great_expectations.yml"
    path.write_text(
        path.read_text().replace('"base_directory": "expectations/"', '"base_directory": "other/"')
    )
    assert faults(spoilt) == ["gx: the checkpoint no longer runs these suites on these files"]


def test_a_result_with_other_counts(spoilt):
    (path,) = (spoilt / "gx/uncommitted/validations/stay").rglob("*.json")
    edited(path, lambda result: result["statistics"].update(evaluated_expectations=5))
    assert faults(spoilt) == ["gx: the stored result of stay has other counts than the card"]


@pytest.mark.parametrize("name", [["stay"], {}, None])
def test_a_result_of_no_suite(spoilt, name):
    (path,) = (spoilt / "gx/uncommitted/validations/stay").rglob("*.json")
    edited(path, lambda result: result.update(suite_name=name))
    assert faults(spoilt) == ["gx: its checkpoint or a result is unreadable"]


@pytest.mark.parametrize("entries", [5, None, {}])
def test_a_suite_that_holds_no_list(spoilt, entries):
    edited(spoilt / STAY, lambda suite: suite.update(expectations=entries))
    assert faults(spoilt) == [f"{STAY}: unreadable"]


def test_every_fault_is_told_at_once(spoilt):
    (spoilt / "gx/expectations/patient.json").unlink()
    (spoilt / STAY).write_text("[]")
    (spoilt / "extra.csv").write_text("a\n1\n")
    (spoilt / "patient.parquet").unlink()
    data = bytearray((spoilt / "stay.parquet").read_bytes())
    data[100] ^= 1
    (spoilt / "stay.parquet").write_bytes(data)
    page = spoilt / "card.md"
    page.write_text(page.read_text().replace("may be used", "must be used"))
    assert faults(spoilt) == [
        "card.md: not the page of this card",
        "patient.parquet: missing",
        "stay.parquet: its SHA-256 is not the one on the card",
        "extra.csv: a data file that the card does not name",
        "gx/expectations/patient.json: missing",
        f"{STAY}: unreadable",
    ]


def test_records_cut_short(spoilt):
    path = spoilt / "stay.parquet"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1])
    assert faults(spoilt) == [f"stay.parquet: {size - 1:,} bytes, on the card {size:,}"]


def test_a_card_that_was_edited(spoilt):
    def edit(card):
        card["expectations"]["suites"][0]["successful"] -= 1
        card["results"][0]["verdict"] = "fail"

    edited(spoilt / "card.json", edit)
    found = faults(spoilt)
    assert "card.json: not in its canonical form; it was written by something else" in found
    assert "card.json: the decision is pass, although conformity.patient did not pass" in found
    assert any("were not met" in fault for fault in found)


def test_a_project_that_is_gone_or_was_added(spoilt, tmp_path):
    (spoilt / "gx").rename(tmp_path / "gx")
    assert faults(spoilt) == ["gx: missing"]


@pytest.mark.parametrize("mode", [(), ("--json",)])
def test_the_command(export, spoilt, capfd, mode):
    assert run(["card", "verify", str(export), *mode]) == 0
    assert "37 expectations" in capfd.readouterr().out
    edited(spoilt / STAY, dropped)
    assert run(["card", "verify", str(spoilt), *mode]) == 5
    assert f"synthrec: {STAY}: 22 expectations, 23 on the card\n" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("gx/great_expectations.yml", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"),
        ("gx/great_expectations.yml", "[" * 100_000),
        ("gx/checkpoints/synthrec.json", "[" * 100_000),
        (STAY, "[" * 100_000),
        (STAY, '{"expectations": [], "expectations": []}'),
    ],
)
def test_files_that_unfold_or_have_two_meanings(spoilt, file, text):
    (spoilt / file).write_text(text)
    assert faults(spoilt)


def test_a_card_from_before_a_block_was_added_is_as_it_was_written(spoilt):
    """Form and id are those of what stands in the file, not of what a later version would write."""
    card = spoilt / "card.json"
    document = json.loads(card.read_text())
    del document["scenarios"]
    document["card_id"] = card_id(document)
    card.write_bytes(canonical(document))
    assert not any(fault.startswith("card.json:") for fault in faults(spoilt))
    document["card_id"] = "0" * 32
    card.write_bytes(canonical(document))
    assert "card.json: its id is not that of its content" in faults(spoilt)
