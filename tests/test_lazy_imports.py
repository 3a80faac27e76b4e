"""Help and import stay quick: what they load is asserted, not timed."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "cryptography",
    "great_expectations",
    "jsonschema",
    "numpy",
    "opacus",
    "pandas",
    "pyarrow",
    "pydantic",
    "rich",
    "ruamel",
    "safetensors",
    "scipy",
    "sdv",
    "sklearn",
    "torch",
}

PROGRAM = """
import json, sys
{body}
print("\\n" + json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""


def loaded(body: str) -> set[str]:
    command = [sys.executable, "-c", PROGRAM.format(body=body)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "body",
    [
        "import synthrec",
        "from synthrec.cli.app import run; assert run(['--help']) == 0",
        "from synthrec.cli.app import run; assert run(['--version']) == 0",
        "from synthrec.cli.app import run; assert run(['completion', 'bash']) == 0",
        "from synthrec.cli.app import run; assert run(['nonsense']) == 2",
    ],
)
def test_no_heavy_library_is_loaded(body):
    assert loaded(body) & HEAVY == set()


def test_the_help_of_a_command_loads_no_data_library():
    assert loaded("from synthrec.cli.app import run; assert run(['fit', '--help']) == 0") & HEAVY == {"rich"}


def test_a_heavy_library_would_be_seen():
    assert "numpy" in loaded("import numpy")
