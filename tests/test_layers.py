"""Who may import whom, which foreign libraries may stand where, and which names may stand nowhere."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "synthrec").rglob("*.py"))

GROUND = {
    "errors",
    "digests",
    "rng",
    "assets",
    "progress",
    "strict_json",
    "whole_files",
    "staged",
    "home",
    "terminologies",
}
ROOMS = {
    "asset_model",
    "schema",
    "data",
    "codec",
    "privacy",
    "rules",
    "scenarios",
    "generators",
    "validation",
    "release",
    "gx",
}
MAY_IMPORT = {
    **dict.fromkeys(GROUND, GROUND),
    "config": {"errors"},
    "asset_model": GROUND,
    "schema": GROUND | {"asset_model"},
    "data": GROUND | {"schema"},
    "codec": GROUND
    | {"schema", "data.table", "data.persons", "data.learn", "privacy.counts", "privacy.events"},
    "privacy": GROUND | {"schema", "data", "codec"},
    "rules": GROUND | {"schema", "data", "codec"},
    "scenarios": GROUND | {"schema", "data", "rules", "asset_model"},
    "generators": GROUND | {"schema", "data", "codec", "rules", "privacy"},
    "validation": GROUND | {"schema", "data", "codec", "asset_model"},
    "release": GROUND | {"schema", "data", "validation", "asset_model"},
    "gx": GROUND | {"schema"},
    "runs": GROUND | ROOMS,
    "api": GROUND | ROOMS | {"runs"},
    "cli": {"api", "errors", "config", "progress", "rng", "whole_files"},
    "__init__": {"api", "errors"},
    "__main__": {"cli"},
}
"""A room may always import itself. `cli` may also read the version from the package itself."""

FENCED = {
    "torch": {
        "privacy/dpsgd.py",
        "generators/copula_dp/likelihood.py",
        "generators/ctgan/networks.py",
        "generators/ctgan/training.py",
        "generators/ctgan_dp/critic.py",
        "generators/sdv.py",
    },
    "opacus": {"privacy/dpsgd.py"},
    "great_expectations": {"gx/library.py"},
    "sdv": {"generators/sdv.py"},
}

LIGHT_AT_TOP = {"pandas": set[str]()}
"""Imported inside functions only, except in the files listed."""

UNSAFE_MODULES = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
UNSAFE_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "torch.load",
    "yaml.load",
    "yaml.unsafe_load",
    "os.system",
}

DISTRIBUTIONS = {
    "ruamel": "ruamel.yaml",
    "pydantic_core": "pydantic",
    "dp_accounting": "dp-accounting",
    "sklearn": "scikit-learn",
}
"""Distribution by import name, where they differ."""


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything a module imports, wherever in the file it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    return path.relative_to(ROOT / "synthrec").with_suffix("").parts[0]


def layer_faults(home: str, tree: ast.AST) -> list[str]:
    allowed = MAY_IMPORT[home] | {home}
    inner = [name.split(".", 1)[1] for name in imports(tree) if name.startswith("synthrec.")]
    inner = [name for name in inner if name != "__version__"]
    return [name for name in inner if not any(f"{name}.".startswith(f"{unit}.") for unit in allowed)]


def unsafe_names(tree: ast.AST) -> list[str]:
    modules = [name for name in imports(tree) if name.split(".")[0] in UNSAFE_MODULES]
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    words = [
        node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "allow_pickle"
    ]
    return modules + [call for call in calls if call in UNSAFE_CALLS] + [word for word in words if word]


def at_top(tree: ast.Module) -> Iterator[str]:
    """Imports that run when the module is imported; those for type checkers only do not."""
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield from imports(node)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_layer_allows(path):
    assert layer_faults(room(path), parse(path)) == []


@pytest.mark.parametrize(
    ("home", "source"),
    [
        ("validation", "from synthrec.generators.base import Fitted"),
        ("validation", "from synthrec import rules"),
        ("codec", "import synthrec.data.sources"),
        ("schema", "def f():\n    from synthrec.data import table"),
        ("cli", "from synthrec.schema.model import Schema"),
        ("release", "import synthrec.generators"),
        ("data", "from synthrec.codec.codec import Codec"),
        ("errors", "from synthrec.schema import load"),
    ],
)
def test_a_forbidden_import_is_found(home, source):
    assert layer_faults(home, ast.parse(source)) != []


def test_every_room_has_its_rule():
    assert {room(path) for path in FILES} <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_fenced_libraries_stay_behind_their_fence(path):
    inside = path.relative_to(ROOT / "synthrec").as_posix()
    outside = {name for name, homes in FENCED.items() if inside not in homes}
    assert [name for name in imports(parse(path)) if name.split(".")[0] in outside] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_slow_libraries_are_imported_inside_functions(path):
    inside = path.relative_to(ROOT / "synthrec").as_posix()
    slow = {name for name, homes in LIGHT_AT_TOP.items() if inside not in homes}
    assert [name for name in at_top(parse(path)) if name.split(".")[0] in slow] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_that_can_run_what_a_file_says(path):
    assert unsafe_names(parse(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval('1')",
        "torch.load(f)",
        "np.load(f, allow_pickle=True)",
    ],
)
def test_an_unsafe_name_is_found(source):
    assert unsafe_names(ast.parse(source)) != []


def test_what_the_package_imports_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {requirement.split(">")[0] for requirement in project["dependencies"]}
    used = {name.split(".")[0] for path in FILES for name in imports(parse(path))}
    foreign = used - set(sys.stdlib_module_names) - {"synthrec"} - set(FENCED)
    assert {DISTRIBUTIONS.get(name, name) for name in foreign} <= declared
