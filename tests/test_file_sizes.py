"""A file holds one idea: none has more than 500 lines."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIMIT = 500
FOLDERS = ("synthrec", "tests", "benchmarks")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_at_most_500_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LIMIT
