"""A project that any user of Great Expectations knows, with the same verdict for them, and offline."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.metadata import PackageNotFoundError

import pyarrow.parquet as pq
import pytest

from synthrec import api
from synthrec.errors import InternalError
from synthrec.gx.expectation import BUILT_IN, Expectation, Suite
from synthrec.gx.offline import plain_page
from synthrec.gx.project import project_files
from synthrec.gx.run import make_project
from synthrec.gx.suite import Made, suites_of

HOOK = """\
import json, os, sys
seen = []


def hook(event, args):
    probe = event == "socket.__new__" or (event == "socket.bind" and args[1] == ("::1", 0))
    if event.startswith("socket.") and not probe:
        seen.append(event)


"""
"""Keeps what looks up, connects or sends. urllib3 binds a local socket once, when it is imported."""

PLAIN = (
    HOOK
    + """\
sys.addaudithook(hook)
import great_expectations as gx
verdicts = []
for folder in sys.argv[1:]:
    os.chdir(folder)
    context = gx.get_context(mode="file", project_root_dir=".")
    result = context.checkpoints.get("synthrec").run()
    counts = {run.suite_name: run.statistics["evaluated_expectations"] for run in result.run_results.values()}
    verdicts.append([result.success, counts])
known = [name for name in sys.modules if name.split(".")[0] == "synthrec"]
print(json.dumps({"verdicts": verdicts, "known": known, "sockets": seen}))
"""
)

OURS = (
    HOOK
    + """\
sys.addaudithook(hook)
import synthrec
report = synthrec.sample(sys.argv[1], 40, out=sys.argv[2], seed=1, gx=True)
sys.exit(0 if report.approved and seen == [] else str(seen))
"""
)


def ran(program, *arguments, **options):
    command = [sys.executable, "-W", "ignore", "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_a_plain_script_comes_to_the_same_verdict(export, spoilt, tmp_path):
    """On the export as it is, and on one whose records were changed; no network is sought."""
    same = shutil.copytree(export, tmp_path / "same")
    path = spoilt / "patient.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 59), path)
    done = ran(PLAIN, same, spoilt)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    stated = {suite["table"]: suite["evaluated"] for suite in card(export)["expectations"]["suites"]}
    assert said["verdicts"] == [[True, stated], [False, stated]]
    assert said["known"] == []
    assert said["sockets"] == []


def test_no_network_is_sought_while_a_project_is_made(tmp_path):
    done = ran(OURS, "retail_bank", tmp_path / "out", env={"SYNTHREC_HOME": str(tmp_path), "PATH": ""})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "gx" / "great_expectations.yml").is_file()


def card(export):
    return json.loads((export / "card.json").read_text())


def test_the_layout(export):
    folder = export / "gx"
    assert {path.name for path in folder.iterdir()} == {
        "great_expectations.yml",
        ".gitignore",
        "expectations",
        "validation_definitions",
        "checkpoints",
        "plugins",
        "uncommitted",
    }
    (result,) = (folder / "uncommitted/validations/stay").glob("ward-2.1.0/*/*.json")
    assert json.loads(result.read_text())["meta"]["run_id"]["run_name"] == "ward-2.1.0"


def test_the_files_follow_from_the_schema(export, ward):
    rows = {"patient": 60, "stay": pq.read_metadata(export / "stay.parquet").num_rows}
    version = card(export)["expectations"]["version"]
    files = project_files(suites_of(ward, Made.RULES, rows), version)
    assert {path: (export / "gx" / path).read_text() for path in files} == files


def test_nothing_names_the_folder_in_which_it_was_made(export):
    for path in (export / "gx").rglob("*.*"):
        if path.is_file():
            assert "partial-" not in path.read_text()
            assert str(export.parent) not in path.read_text()


class Loads(HTMLParser):
    """Everything in a page that makes a browser load or run something."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        active = tag in {"script", "link", "img", "iframe", "object", "embed", "svg", "base", "form", "video"}
        wanted = [(name, value) for name, value in attrs if name in {"src", "srcset", "style", "action"}]
        events = [(name, value) for name, value in attrs if name.startswith("on")]
        away = [value for name, value in attrs if name == "href" and ":" in value]
        self.found += [tag] * active + wanted + events + away


def pages(export):
    found = sorted((export / "gx/uncommitted/data_docs").rglob("*"))
    return {path: path.read_text() for path in found if path.is_file()}


def test_data_docs_load_nothing_and_say_the_status_in_words(export):
    texts = pages(export)
    assert {path.suffix for path in texts} == {".html"}
    assert len(texts) == 5
    for text in texts.values():
        assert "http" not in text.replace("http-equiv", "")
        loads = Loads()
        loads.feed(text)
        assert loads.found == []
        assert "default-src 'none'" in text
    results = [text for path, text in texts.items() if "validations" in path.parts]
    for text in results:
        evaluated = int(re.search(r"Evaluated Expectations</div></td>\s*<td[^>]*><div>(\d+)", text)[1])
        assert text.count('<span class="passed">passed</span>') == evaluated


def test_links_of_data_docs_lead_to_pages(export):
    for path, text in pages(export).items():
        for link in re.findall(r'href="([^"#]+)"', text):
            assert (path.parent / link).resolve().is_file(), link


@pytest.mark.parametrize(
    "hostile",
    [
        "<td><script>alert(1)</script></td>",
        "<p onclick='go()' style='background:url(//evil.example)'>x</p>",
        "<a href='javascript:go()'>x</a><a href='//evil.example'>x</a>",
        "<img src=x onerror=go()><svg><script href='//evil.example'/></svg>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
        "<style>@import '//evil.example'</style><link rel=stylesheet href='//evil.example'>",
    ],
)
def test_hostile_markup_does_nothing(hostile):
    loads = Loads()
    text = plain_page(f"<html><body>{hostile}<p>kept</p></body></html>", "<script>")
    loads.feed(text)
    assert loads.found == []
    assert "evil" not in text
    assert "<p>kept</p>" in text


def test_icons_become_words():
    text = plain_page("<table><tr><td><i class='fas fa-times text-danger'></i></td></tr></table>", "t")
    assert '<td><span class="failed">failed</span></td>' in text


def refusing(_schema, _made, rows):
    """Suites that one expectation makes fail."""
    wrong = {"value": rows["patient"] + 1}
    return (
        Suite("patient", (Expectation("expect_table_row_count_to_equal", wrong, "rows"),)),
        Suite(
            "stay",
            (Expectation("expect_column_values_to_not_be_null", {"column": "cost"}, "not null: cost"),),
        ),
    )


def test_an_unmet_expectation_refuses_as_the_gate_does(ward, tmp_path, monkeypatch):
    monkeypatch.setattr("synthrec.runs.expectations.suites_of", refusing)
    report = api.sample(ward, 20, out=tmp_path / "out", seed=3, gx=True, home=tmp_path)
    assert report.decision.verdict == "fail"
    assert report.decision.reasons == ("1 of 1 expectations of patient were not met: rows.",)
    assert report.document()["decision"]["findings"][0]["check"] == "expectations.patient"
    assert list(tmp_path.iterdir()) == []


def test_an_expectation_that_the_library_drops_is_noticed(spoilt, monkeypatch):
    """It drops what it does not know with a log line, and the checkpoint passes without it."""
    monkeypatch.setattr("synthrec.gx.expectation.BUILT_IN", BUILT_IN | {"expect_what_nobody_knows"})
    known = Expectation("expect_table_row_count_to_equal", {"value": 60}, "rows")
    unknown = Expectation("expect_what_nobody_knows", {"column": "group"}, "own")
    (run,) = make_project(spoilt, [Suite("patient", (known,))], "known").suites
    assert (run.evaluated, run.successful) == (1, 1)
    with pytest.raises(InternalError, match="as they were written"):
        make_project(spoilt, [Suite("patient", (known, unknown))], "unknown")


def test_the_card_tells_what_was_checked_beside(export):
    stated = card(export)["expectations"]
    broken = {(rule["table"], rule["rule"]): rule["broken"] for rule in stated["beside"]}
    scores = pq.read_table(export / "stay.parquet")["score"].to_pylist()
    assert broken.pop(("stay", "constraint: seldom")) == sum(score >= 0.5 for score in scores)
    assert set(broken.values()) == {0}
    assert ("stay", "foreign key: patient_id in patient") in broken
    assert stated["unstated"] == {"stay": ["score"]}


def test_what_cannot_have_a_project_is_refused(tmp_path, ward, monkeypatch):
    with pytest.raises(api.ConfigError, match="add parquet"):
        api.sample(ward, 5, out=tmp_path / "out", formats=("csv",), gx=True)

    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("synthrec.gx.library.version", absent)
    with pytest.raises(api.ConfigError, match="synthrec\\[gx\\]"):
        api.sample(ward, 5, out=tmp_path / "out", gx=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "attempt", ["socket.getaddrinfo('localhost', 80)", "socket.socket().connect(('127.0.0.1', 9))"]
)
def test_an_attempt_would_be_seen(attempt):
    tried = f"import socket\ntry:\n    {attempt}\nexcept OSError:\n    pass"
    program = f"{HOOK}sys.addaudithook(hook)\n{tried}\nprint(len(seen))"
    assert int(ran(program).stdout) > 0
