"""Assets: what the wheel carries equals the repository, and the locator believes no stray folder."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from synthrec import assets
from synthrec.errors import ConfigError, InternalError

ROOT = Path(__file__).parents[1]
KINDS = ("schemas", "scenarios", "privacy", "validation", "sample_data")
PACKED = "synthrec/_assets/"


def tracked(kind: str) -> dict[str, bytes]:
    files = (path for path in (ROOT / kind).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files if "__" not in str(path)}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(built) -> dict[str, bytes]:
    with zipfile.ZipFile(built) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_wheel_carries_the_assets_of_the_repository(wheel, kind):
    packed = {
        name.removeprefix(PACKED): data for name, data in wheel.items() if name.startswith(PACKED + kind)
    }
    assert packed == tracked(kind)
    assert packed


def test_the_wheel_carries_all_code_and_nothing_beside_the_package(wheel):
    code = {path.relative_to(ROOT).as_posix() for path in (ROOT / "synthrec").rglob("*.py")}
    assert code | {"synthrec/py.typed"} <= set(wheel)
    assert {name.split("/")[0].split("-")[0] for name in wheel} == {"synthrec"}


def test_an_installed_wheel_reads_its_own_assets(built, tmp_path):
    with zipfile.ZipFile(built) as archive:
        archive.extractall(tmp_path)
    program = "from synthrec.assets import asset; print(asset('privacy', 'policies/default.yaml'))"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {program}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == tmp_path / PACKED / "privacy/policies/default.yaml"


def test_every_kind_is_named_in_the_build():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {kind: PACKED + kind for kind in KINDS}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An empty package folder that the locator takes for its own."""
    folder = tmp_path / "synthrec"
    folder.mkdir()
    monkeypatch.setattr(assets, "_PACKAGE", folder)
    return folder


def put(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    return path


def test_the_packed_copy_comes_first(package):
    packed = put(package, "_assets/privacy/policies/default.yaml")
    put(package.parent, "privacy/policies/default.yaml")
    put(package.parent, "pyproject.toml")
    assert assets.asset("privacy", "policies/default.yaml") == packed


def test_a_checkout_is_read_beside_the_package(package):
    beside = put(package.parent, "privacy/policies/default.yaml")
    put(package.parent, "pyproject.toml")
    assert assets.asset("privacy", "policies/default.yaml") == beside


def test_a_stray_folder_is_not_a_policy(package):
    put(package.parent, "privacy/policies/default.yaml")
    with pytest.raises(InternalError, match="holds no privacy/"):
        assets.asset("privacy", "policies/default.yaml")


def test_an_unknown_asset_names_a_near_one_and_all(package):
    put(package, "_assets/privacy/policies/default.yaml")
    put(package, "_assets/privacy/policies/strict.yaml")
    with pytest.raises(ConfigError, match=r"did you mean 'policies/default\.yaml'\?.*policies/strict\.yaml"):
        assets.asset("privacy", "policies/defualt.yaml")


@pytest.mark.parametrize(
    "name", ["../secret.yaml", "/etc/passwd", "policies/../../secret.yaml", "policies", ""]
)
def test_no_path_leads_out_of_the_folder(package, name):
    put(package, "_assets/privacy/policies/default.yaml")
    put(package, "_assets/secret.yaml")
    with pytest.raises(ConfigError):
        assets.asset("privacy", name)


def test_schemas_have_short_names(package):
    path = put(package, "_assets/schemas/healthcare/inpatient.yaml")
    put(package, "_assets/schemas/terminologies/sex.yaml")
    put(package, "_assets/schemas/README.md")
    put(package, "_assets/schemas/healthcare/.hidden.yaml")
    assert assets.schema_names() == {"inpatient": "healthcare/inpatient.yaml"}
    assert assets.find_schema("inpatient") == path
    with pytest.raises(ConfigError, match="did you mean 'inpatient'"):
        assets.find_schema("inpatent")


def test_no_two_shipped_schemas_share_a_short_name():
    files = [name for name in assets.list_assets("schemas") if Path(name).suffix == ".yaml"]
    shipped = [name for name in files if not name.startswith("terminologies/")]
    assert len(shipped) == len(assets.schema_names())
