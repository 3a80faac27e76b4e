"""Find, read and list scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synthrec.assets import asset, list_assets, unknown_name
from synthrec.errors import ConfigError
from synthrec.scenarios.model import Scenario
from synthrec.schema.asset_model import asset_text, parse_asset
from synthrec.schema.yaml_source import YamlSource, read_yaml


@dataclass(frozen=True, eq=False)
class ScenarioFile:
    """A scenario and where each of its keys stands, for faults that show only beside a schema."""

    scenario: Scenario
    source: YamlSource


def scenario_names() -> dict[str, str]:
    """Short names of the shipped scenarios and their files."""
    files = (Path(name) for name in list_assets("scenarios"))
    return {path.stem: path.as_posix() for path in files if path.suffix == ".yaml"}


def load_scenario(name_or_path: str | Path) -> ScenarioFile:
    """The scenario in a file, else the shipped one of that short name.

    Raises:
        ConfigError: there is neither a file nor a shipped scenario of that name, or it cannot be read.
        FaultsError: every fault of the file, each with line, column and repair.
    """
    path = Path(name_or_path)
    if not path.is_file():
        names = scenario_names()
        if str(name_or_path) not in names:
            raise ConfigError(unknown_name("file or shipped scenario", str(name_or_path), tuple(names)))
        path = asset("scenarios", names[str(name_or_path)])
    return parse_scenario(asset_text(path), str(path))


def parse_scenario(text: str, file: str = "<scenario>") -> ScenarioFile:
    """The scenario in a YAML text; `file` names it in faults.

    Raises:
        FaultsError: every fault of the text, each with line, column and repair.
    """
    return ScenarioFile(parse_asset(text, Scenario, file), read_yaml(text, file))
