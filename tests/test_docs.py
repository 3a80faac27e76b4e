"""What is written stays true: the reference is current, the README runs, and no text names a machine."""

import glob
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from synthrec.cli.app import COMMANDS, run
from synthrec.cli.reference import reference

ROOT = Path(__file__).parents[1]
SKIPPED = {
    ".git",
    ".venv",
    "dist",
    "__pycache__",
    ".ruff_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".hypothesis",
}
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".txt", ".cfg", ".html", ""}
MACHINE = re.compile(
    r"(?<![\w.~/<-])/(?:home|root|work|mnt|Users|opt)/|https?://[\w.-]*(?:pypi|pythonhosted|npmjs)\b"
)


def listed() -> list[Path]:
    """Text files of the repository, as git tracks them, else as the folder has them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = [ROOT / line for line in done.stdout.splitlines()] if done.returncode == 0 else [*ROOT.rglob("*")]
    inside = [path for path in found if not SKIPPED & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in inside if path.is_file() and path.suffix in TEXT)


def snippets(language: str) -> list[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", readme, flags=re.DOTALL)


def test_the_command_reference_is_current():
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == reference(), "make it again: python -m synthrec.cli.reference > docs/cli.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_reference(name):
    assert f"\n## synthrec {name}\n" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A working folder that sees sample data and schemas; the key of its home is always the same.

    The key splits the persons: some splits in a hundred are inconclusive by chance, as they should be.
    """
    for name in ("sample_data", "schemas"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in [name for name in os.environ if name.startswith("SYNTHREC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "root.key").write_bytes(bytes(range(32)))
    (tmp_path / "home" / "root.key").chmod(0o600)
    return tmp_path


def test_the_python_of_the_readme_runs(workplace):
    program = "\n".join(snippets("python"))
    assert "synthrec" in program
    exec(compile(program, "README.md", "exec"), {"__name__": "__main__"})  # noqa: S102  (it is our own text)
    assert {path.name for path in (workplace / "export").glob("card.*")} >= {"card.json", "card.html"}


def test_the_commands_of_the_readme_run(workplace, capfd):
    """Each as a shell would split it, in this process: imports are paid once, and the seeds repeat."""
    program = next(text for text in snippets("bash") if "synthrec fit" in text)
    for line in program.splitlines():
        name, *words = shlex.split(line, comments=True)
        assert name == "synthrec"
        code = run([found for word in words for found in sorted(glob.glob(word)) or [word]])  # noqa: PTH207
        assert code == 0, (line, capfd.readouterr().err)


def test_the_command_is_installed():
    script = Path(sys.executable).with_name("synthrec")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("synthrec")


@pytest.mark.parametrize("path", listed(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_names_a_machine_or_a_package_host(path):
    if path != Path(__file__):
        assert MACHINE.findall(path.read_text(encoding="utf-8", errors="replace")) == []


@pytest.mark.parametrize(
    "path", [path for path in listed() if path.suffix == ".md"], ids=lambda path: path.name
)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    dead = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert dead == []


def test_every_top_folder_is_explained():
    folders = ("schemas", "privacy", "validation", "sample_data", "benchmarks", "docs", "tests")
    assert [name for name in folders if not (ROOT / name / "README.md").is_file()] == []
