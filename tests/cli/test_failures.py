"""Every exception ends in one message and its exit code, and no foreign message is ever shown."""

import io
import json

import pytest

from synthrec import errors
from synthrec.errors import Fault, InputError

FIT = ("fit", "schema", "data.csv", "-o", "model")
CELL = "patient 4711"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("wrong"), 2),
        (errors.KeyMissingError("no key"), 2),
        (errors.PolicyRefusedError("no"), 3),
        (errors.BudgetExceededError("spent"), 4),
        (errors.VerificationError("differs"), 5),
        (errors.InternalError("ours"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(cli, calls, error, code):
    calls("fit", error)
    ran = cli(*FIT)
    assert (ran.code, ran.out) == (code, "")
    assert str(error) in ran.err


def test_all_faults_are_printed(cli, calls):
    faults = [Fault("d.csv", line, 2, "age", "not an integer", "write digits") for line in (9, 3)]
    calls("fit", InputError(faults))
    assert cli(*FIT).err.splitlines() == [
        "synthrec: d.csv:3:2: age: not an integer; write digits",
        "d.csv:9:2: age: not an integer; write digits",
    ]


def test_an_error_is_one_document_under_json(cli, calls):
    calls("fit", InputError([Fault("d.csv", 3, 2, "age", "not an integer", "write digits")]))
    error = cli(*FIT, "--json").document["error"]
    assert (error["type"], error["exit_code"]) == ("InputError", 2)
    assert error["faults"][0]["line"] == 3


def test_a_usage_error_is_a_document_too(cli):
    ran = cli("fit", "--json", "--nonsense")
    assert ran.code == 2
    assert ran.document["error"]["type"] == "UsageError"


@pytest.mark.parametrize("error", [ValueError(CELL), KeyError(CELL), RuntimeError(CELL)])
def test_a_foreign_message_is_never_shown(cli, calls, error):
    calls("fit", error)
    ran = cli(*FIT, "--json")
    assert ran.code == 1
    assert CELL not in ran.out + ran.err
    assert type(error).__name__ in ran.err
    assert "synthrec.cli.fit:" in ran.err
    assert "SYNTHREC_DEBUG=1" in ran.err


def test_debug_shows_the_traceback(cli, calls, monkeypatch):
    monkeypatch.setenv("SYNTHREC_DEBUG", "1")
    calls("fit", ValueError("detail"))
    assert "ValueError: detail" in cli(*FIT).err


def test_an_operating_system_error_names_path_and_cause(cli, calls):
    calls("fit", PermissionError(13, "Permission denied", "model"))
    ran = cli(*FIT)
    assert (ran.code, ran.err) == (1, "synthrec: model: Permission denied\n")


def test_a_full_disk_says_what_to_do(cli, calls):
    calls("fit", OSError(28, "No space left on device"))
    assert "make room" in cli(*FIT).err


def test_a_document_that_cannot_be_written_is_no_second_fault(cli, calls, monkeypatch):
    calls("fit", errors.ConfigError("wrong"))

    class Full(io.StringIO):
        def write(self, _text):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stdout", Full())
    assert cli(*FIT, "--json").code == 2


def test_an_os_error_of_a_library_shows_no_message(cli, calls):
    calls("fit", OSError(CELL))
    ran = cli(*FIT)
    assert ran.code == 1
    assert CELL not in ran.err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("fitt",), "did you mean 'fit'"),
        ((), "name a command"),
        (("fit", "schema", "absent.csv", "-o", "m"), "absent.csv"),
        (("fit", "schema", "data.csv"), "--out"),
        (("sample", "m", "-n", "0", "-o", "x"), "range"),
        (("sample", "m", "-n", "5", "-o", "x", "--format", "parquet,xls"), "parquet, csv"),
        (("sample", "m", "-n", "5", "-o", "x", "--format", "csv,csv"), "each once"),
        (("sample", "m", "-n", "5", "-o", "x", "--set", "start"), "name=value"),
        (("sample", "m", "-n", "5", "-o", "x", "--seed", str(2**53)), "range"),
        (("fit", "schema", "data.csv", "-o", "m", "--holdout-share", "1"), "range"),
    ],
)
def test_wrong_usage_says_what_to_do(cli, arguments, hint):
    ran = cli(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert hint in ran.err


def test_the_error_document_is_the_only_thing_on_stdout(cli, calls):
    calls("sample", errors.PolicyRefusedError("copies"))
    ran = cli("sample", "m", "-n", "5", "-o", "x", "--json")
    assert json.loads(ran.out)["error"]["exit_code"] == 3
