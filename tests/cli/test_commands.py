"""Each command hands its options to `api` under the names that `api` has, and prints what comes back."""

import inspect
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from synthrec import api
from synthrec.cli.app import COMMANDS, root

FIT = ("fit", "schema", "data.csv", "-o", "model")
SAMPLE = ("sample", "model", "-n", "5", "-o", "x")


@pytest.mark.parametrize("name", ["demo", "fit", "sample", "audit", "validate"])
def test_options_are_arguments_of_the_function(name):
    command = root.get_command(click.Context(root), name)
    options = {param.name for param in command.params if param.expose_value}
    assert options - {"plan"} <= set(inspect.signature(getattr(api, name)).parameters)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (FIT, {"out"}),
        (SAMPLE, {"out"}),
        (("audit", "data.csv"), set()),
        (("validate", "data.csv", "--schema", "s"), set()),
        (("schema", "infer", "data.csv"), set()),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_defaults_are_those_of_the_function(cli, calls, judged, arguments, given):
    name = arguments[1] if arguments[0] == "schema" else arguments[0]
    signature = inspect.signature(getattr(api, name)).parameters
    called = calls(name, "text" if name == "infer" else judged("pass"))
    assert cli(*arguments).code == 0
    options = {key: value for key, value in called.options.items() if key not in given | {"progress"}}
    assert options == {key: signature[key].default for key in options}


def test_every_command_has_help_for_every_option():
    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)
        for one in command.commands.values() if isinstance(command, click.Group) else [command]:
            assert one.help
            assert [
                param.name for param in one.params if isinstance(param, click.Option) and not param.help
            ] == []


def test_fit(cli, calls, judged):
    fit = calls("fit", judged("pass"))
    ran = cli(*FIT, "--holdout", "holdout.csv", "--release-rows", "100", "--stratify")
    assert ran.code == 0
    assert fit.args == ("schema", (Path("data.csv"),))
    assert (fit.options["holdout"], fit.options["release_rows"]) == (Path("holdout.csv"), 100)
    assert "passed   P1     share    0.012 [0.01, 0.015]  at most 0.01" in ran.out
    assert "model: model_folder" in ran.out
    assert ran.err == ""


@pytest.mark.parametrize("verdict", ["fail", "inconclusive"])
def test_a_refused_fit_keeps_the_model_and_says_so(cli, calls, judged, verdict):
    calls("fit", judged(verdict))
    ran = cli(*FIT)
    assert (ran.code, ran.out) == (3, "")
    assert "model_folder is kept, marked as not approved" in ran.err
    assert "12 copies where at most 3 are chance" in ran.err


def test_a_refused_sample_is_one_document_with_report_and_error(cli, calls, judged):
    calls("sample", judged("fail"))
    ran = cli(*SAMPLE, "--json")
    assert ran.code == 3
    assert ran.document["kind"] == "report"
    assert ran.document["error"]["type"] == "PolicyRefusedError"
    assert "12 copies" in ran.document["error"]["message"]


def test_sample(cli, calls, judged):
    sample = calls("sample", judged("pass"))
    ran = cli(
        *SAMPLE, "--set", "start=2025-01-01", "--set", "k=a=b", "--where", "age >= 65", "--format", "csv"
    )
    assert ran.code == 0
    assert sample.args == ("model", 5)
    assert sample.options["params"] == {"start": "2025-01-01", "k": "a=b"}
    assert (sample.options["where"], sample.options["formats"]) == ("age >= 65", ("csv",))
    assert "records: records_folder" in ran.out


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_an_audit_is_on_stdout_whatever_it_says(cli, calls, judged, verdict):
    calls("audit", judged(verdict))
    ran = cli("audit", "data.csv", "--schema", "s", "--train", "data.csv", "--holdout", "holdout.csv")
    assert ran.code == (0 if verdict == "pass" else 3)
    assert "P1     share" in ran.out


def test_a_report_is_one_document_under_json(cli, calls, judged):
    calls("fit", judged("pass"))
    assert cli(*FIT, "--json").document == {"kind": "report", "verdict": "pass"}


def test_quiet_leaves_out_notes_but_not_refusals(cli, calls, judged):
    report = judged("fail")
    object.__setattr__(report, "notes", ("delimiter ; detected",))
    calls("fit", report)
    assert "note: delimiter ; detected" in cli(*FIT).err
    quiet = cli(*FIT, "-q")
    assert "note:" not in quiet.err
    assert "refused by the policy" in quiet.err


def test_a_drafted_schema_never_replaces_a_file_unasked(cli, calls, workplace):
    calls("infer", "draft")
    assert cli("schema", "infer", "data.csv", "-o", "s.yaml").code == 0
    assert (workplace / "s.yaml").read_text(encoding="utf-8") == "draft"
    (workplace / "s.yaml").write_text("mine", encoding="utf-8")
    ran = cli("schema", "infer", "data.csv", "-o", "s.yaml")
    assert (ran.code, (workplace / "s.yaml").read_text(encoding="utf-8")) == (2, "mine")
    assert "--force" in ran.err
    assert cli("schema", "infer", "data.csv", "-o", "s.yaml", "--force").code == 0


def test_a_draft_that_cannot_be_written_whole_leaves_nothing(cli, calls, workplace, monkeypatch):
    calls("infer", "draft")
    (workplace / "s.yaml").write_text("mine", encoding="utf-8")
    before = set(workplace.iterdir())

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert cli("schema", "infer", "data.csv", "-o", "s.yaml", "--force").code == 1
    assert cli("schema", "infer", "data.csv", "-o", "new.yaml").code == 1
    assert set(workplace.iterdir()) == before
    assert (workplace / "s.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(("out", "hint"), [("absent/s.yaml", "no folder absent"), (".", "already exists")])
def test_a_draft_needs_a_place(cli, calls, out, hint):
    calls("infer", "draft")
    ran = cli("schema", "infer", "data.csv", "-o", out, "--force")
    assert ran.code == 2
    assert hint in ran.err


SLOW = """
import signal, sys, time
from synthrec import api
from synthrec.cli import app

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job may have inherited "ignore"

def sample(*arguments, **options):
    try:
        print("working", flush=True)
        time.sleep(60)
    finally:
        print("cleaned up", flush=True)

api.sample = sample
sys.argv = ["synthrec", "sample", "m", "-n", "5", "-o", "x"]
app.main()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_polite_signal_ends_a_command_as_ctrl_c_does(name):
    with subprocess.Popen(
        [sys.executable, "-c", SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as made:
        assert made.stdout.readline() == b"working\n"
        made.send_signal(getattr(signal, name))
        out, err = made.communicate(timeout=30)
    assert (made.returncode, out, err) == (130, b"cleaned up\n", b"\nsynthrec: interrupted\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(cli, shell):
    assert "_SYNTHREC_COMPLETE" in cli("completion", shell).out


def on_terminal(body: str, **environment: str) -> str:
    """What a program writes to stdout and stderr when both are one terminal."""
    theirs, ours = pty.openpty()
    program = [sys.executable, "-c", body]
    with subprocess.Popen(
        program,
        stdout=ours,
        stderr=ours,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"TERM": "xterm"} | environment,
    ) as process:
        os.close(ours)
        text = b""
        while chunk := read(theirs):
            text += chunk
    assert process.returncode == 0
    os.close(theirs)
    return text.decode()


def read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""


PROGRESS = """
from synthrec.cli.console import working
from synthrec.cli.output import Output
with working(Output()) as progress:
    progress.step("fit the copula")
    progress.advance(1, 2)
"""


def test_progress_is_drawn_on_a_terminal_without_colour_where_asked():
    assert "fit the copula" in on_terminal(PROGRESS)
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]m")
    assert not colour.search(on_terminal(PROGRESS, NO_COLOR="1"))


def test_progress_is_silent_elsewhere():
    done = subprocess.run([sys.executable, "-c", PROGRESS], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""
