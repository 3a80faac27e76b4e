"""What is written stays true: the reference is current, the README runs, and no text names a machine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synthrec.cli.app import COMMANDS
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
def workplace(tmp_path):
    """A folder that sees the repository's sample data and schemas, and a home whose key is always the same.

    The key splits the persons: some splits in a hundred are inconclusive by chance, as they should be.
    """
    for name in ("sample_data", "schemas"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "root.key").write_bytes(bytes(range(32)))
    (tmp_path / "home" / "root.key").chmod(0o600)
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNTHREC_")}
    scripts = str(Path(sys.executable).parent)
    return kept | {
        "SYNTHREC_HOME": str(folder / "home"),
        "PATH": f"{scripts}{os.pathsep}{kept.get('PATH', '')}",
    }


def test_the_python_of_the_readme_runs(workplace):
    program = "\n".join(snippets("python"))
    assert "synthrec" in program
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(
        command, cwd=workplace, env=environment(workplace), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_commands_of_the_readme_run(workplace):
    program = next(text for text in snippets("bash") if "synthrec fit" in text)
    command = ["bash", "-euo", "pipefail", "-c", program]
    done = subprocess.run(
        command, cwd=workplace, env=environment(workplace), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


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
