"""Records of a rule schema with scenarios in them, exported with their labels and a card."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

from synthrec.assets import find_schema
from synthrec.data.csv_format import CsvProfile
from synthrec.data.marks import Mark
from synthrec.data.sinks import open_sink
from synthrec.data.table import Table
from synthrec.errors import ConfigError
from synthrec.progress import SILENT, Progress
from synthrec.release.card import EvennessPart, PairsPart, RangePart, ScenarioPart, ScenariosPart
from synthrec.release.gate import Origin
from synthrec.release.signing.keys import SigningKey
from synthrec.rng import Streams
from synthrec.runs.context import Run
from synthrec.runs.export import Backing, Place, Told, export
from synthrec.runs.makers import Chunk, Draw, root_table
from synthrec.runs.params import parse_params
from synthrec.runs.reports import SampleReport
from synthrec.scenarios.bind import bind, reweighted
from synthrec.scenarios.coverage import Coverage, CoverageReport, render
from synthrec.scenarios.load import ScenarioFile, load_scenario, scenario_names
from synthrec.scenarios.model import Prevalence, Scenario, Spread
from synthrec.scenarios.run import Request, ScenarioRun
from synthrec.schema.faults import suggestion
from synthrec.schema.load import load_schema
from synthrec.schema.model import Scalar, Schema, label

SIDE_FILES = ("labels", "instances")


@dataclass(frozen=True)
class Asked:
    """Which scenarios, how many instances of each, and how hard they show."""

    names: tuple[str, ...]
    count: int | None = None
    rate: float | None = None
    severity: str | None = None
    companions: bool = True
    """Whether the harmless look-alikes that a scenario names are written, too."""
    design: str | None = None
    """How parameters are spread, where not as its file says."""

    def __post_init__(self) -> None:
        """Refuse what cannot be asked for.

        Raises:
            ConfigError: no or double names, both count and rate, or a number outside its range.
        """
        if not self.names or len(set(self.names)) < len(self.names):
            raise ConfigError("name one or more scenarios, each once")
        if self.count is not None and self.rate is not None:
            raise ConfigError("--count and --rate exclude each other: give one of them")
        if (self.count or 0) < 0 or not 0 <= (self.rate or 0) <= 1:
            raise ConfigError("--count is at least 0, and --rate from 0 to 1")
        if self.design is not None and self.design not in get_args(Spread):
            raise ConfigError(f"--design is one of {', '.join(get_args(Spread))}")

    @property
    def settings(self) -> dict[str, str]:
        """What was asked for, as settings of the draw."""
        stated = {**vars(self), "names": ", ".join(self.names)}
        return {f"scenario {key}": str(value) for key, value in stated.items() if value is not None}


@dataclass(eq=False)
class ScenarioMaker:
    """Draws records with instances in them, and keeps what the labels and the report need."""

    run: ScenarioRun
    origin: Origin = Origin.RULES
    labels: list[Table] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to watch the coverage."""
        self.coverage = Coverage(self.run)

    @property
    def schema(self) -> Schema:
        """What the records are."""
        return self.run.schema

    @property
    def settings(self) -> dict[str, str]:
        """The params that were set, by hand or by a scenario."""
        return {name: label(value) for name, value in self.run.params.items()}

    def stream(self, draw: Draw) -> Iterator[Chunk]:
        """The records asked for, block by block."""
        del draw
        for records, labels in self.run.stream():
            self.coverage.add(records, labels)
            self.labels.append(labels)
            yield Chunk(records, len(records[root_table(self.schema)]))


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """The files beside the records: labels, instances, and the coverage report."""

    maker: ScenarioMaker
    changed: tuple[ScenarioPart, ...]
    """Reweighting scenarios, which have no instances."""

    def write(self, folder: Callable[[str], Path], mark: Mark) -> Told:
        """Write the files into a staged export, and say what the card tells."""
        instances = self.maker.run.instances()
        files = {}
        for name, table in (("labels", Table.concat(self.maker.labels)), ("instances", instances)):
            path = folder(f"{name}.parquet")
            with open_sink(path, table.spec, mark=mark) as sink:
                sink.write(table)
            files[path] = len(table)
        report = self.maker.coverage.report()
        pages = {
            "coverage.json": json.dumps(asdict(report), indent=2).encode() + b"\n",
            "coverage.md": render(report).encode(),
        }
        return Told(files, pages, _part(report, self.changed))


def scenario_document(name: str) -> dict[str, Any]:
    """A scenario as plain JSON values."""
    return load_scenario(name).scenario.model_dump(mode="json", exclude_defaults=True, by_alias=True)


def describe_scenario(document: Mapping[str, Any]) -> str:
    """A scenario's document as text: what it is, and the rest as it stands in the file."""
    info = document["scenario"]
    head = f"{info['name']} {info['version']}: {info['title']}\n\n{info['description']}\n"
    rest = {name: part for name, part in document.items() if name not in {"scenario", "synthrec"}}
    return f"{head}\n{_indented(rest, '')}"


def _indented(value: Any, margin: str) -> str:
    """Mappings and lists line by line, the innermost ones in one line."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value, 1)
    lines = []
    for name, part in items:
        nested = isinstance(part, Mapping | list | tuple) and any(
            isinstance(x, Mapping | list) for x in _inner(part)
        )
        lines.append(
            f"{margin}{name}:\n{_indented(part, margin + '  ')}"
            if nested
            else f"{margin}{name}: {_flat(part)}"
        )
    return "\n".join(lines)


def _inner(part: Any) -> list[Any]:
    return list(part.values()) if isinstance(part, Mapping) else list(part)


def _flat(part: Any) -> str:
    if isinstance(part, Mapping):
        return ", ".join(f"{name} {_flat(item)}" for name, item in part.items())
    return ", ".join(map(_flat, part)) if isinstance(part, list | tuple) else str(part)


def run_scenarios(  # noqa: PLR0913  (the options of a main function are keywords)
    scenarios: Sequence[str],
    schema: Schema | str | Path,
    rows: int,
    *,
    out: str | Path,
    count: int | None = None,
    rate: float | None = None,
    severity: str | None = None,
    companions: bool = True,
    design: str | None = None,
    params: Mapping[str, str] | None = None,
    seed: int | None = None,
    formats: Sequence[str] = ("parquet",),
    csv_profile: CsvProfile = "plain",
    policy: str | Path = "default",
    profile: str | Path = "default",
    force: bool = False,
    sign: SigningKey | None = None,
    home: Path | None = None,
    progress: Progress = SILENT,
) -> SampleReport:
    """Draw records of a rule schema, write scenarios into them, check all of it, and export it with labels.

    Args:
        scenarios: Files or short names of shipped scenarios; where two want one unit, the first has it.
        schema: Schema with rules; file or short name.
        rows: Root records to draw.
        out: Folder of the export.
        count: Instances of each scenario; as its file says by default.
        rate: Or instances per unit.
        severity: A tier that each of the scenarios has; the default one of each otherwise.
        companions: Whether harmless look-alikes that a scenario names are written, too.
        design: ``sobol``, ``random`` or ``grid``: how parameters are spread over instances.
        params: Parameters of the schema to override, as text.
        seed: Of the draw; a fresh one by default.
        formats: ``parquet`` and ``csv``, one file per table each; labels are Parquet.
        csv_profile: ``spreadsheet`` disarms text that a spreadsheet would run as a formula.
        policy: Name or file of the policy.
        profile: Name or file of the profile.
        force: Replace an export that stands at `out`.
        sign: Key that signs the export.
        home: Folder of the root secret; ``SYNTHREC_HOME`` by default.
        progress: Hears of the steps.

    Returns:
        The export; or, where a rule of the schema is broken, the decision and no files.

    Raises:
        UserError: scenarios and schema do not fit together, or fewer units are eligible than asked for.
    """
    asked = Asked(tuple(scenarios), count, rate, severity, companions, design)
    run = Run.under(policy, profile, home=home, progress=progress)
    place = Place(Path(out), tuple(formats), csv_profile, force, signer=sign)
    loaded = _schema(schema)
    streams = Streams.fresh() if seed is None else Streams(seed)
    draw = Draw(rows, streams)
    progress.step("write scenarios, check and export")
    truth = _ground_truth(asked, loaded, parse_params(loaded, params or {}), draw)
    settings = {**truth.maker.settings, **asked.settings}
    return export(truth.maker, draw, place, Backing(settings=settings), run, truth)


def _ground_truth(asked: Asked, schema: Schema, params: Mapping[str, Scalar], draw: Draw) -> GroundTruth:
    if taken := sorted(set(SIDE_FILES) & set(schema.tables)):
        raise ConfigError(f"schema {schema.info.name} has a table {taken[0]!r}, the name of a side file")
    files = [_designed(load_scenario(name), asked.design) for name in asked.names]
    given, changed = dict(params), []
    for file in files:
        if file.scenario.mode == "reweight":
            tier = _tier(file.scenario, asked.severity)
            given = reweighted(file, schema, given, tier)
            changed.append(_reweighting(file.scenario, tier, draw.rows))
    requests = [_request(file, schema, asked) for file in files if file.scenario.mode == "inject"]
    requests += _companions(files, schema, asked)
    run = ScenarioRun(schema, given, requests, draw.rows, draw.streams)
    return GroundTruth(ScenarioMaker(run), tuple(changed))


def _designed(file: ScenarioFile, kind: str | None) -> ScenarioFile:
    """The scenario with its parameters spread in another way, where one is given."""
    if kind is None:
        return file
    design = file.scenario.design.model_copy(update={"kind": kind})
    return ScenarioFile(file.scenario.model_copy(update={"design": design}), file.source)


def _request(file: ScenarioFile, schema: Schema, asked: Asked) -> Request:
    scenario, own = file.scenario, file.scenario.prevalence
    bound = bind(file, schema)
    assert own is not None  # noqa: S101  (the model gives one to every injection)
    tier = _tier(scenario, asked.severity)
    if asked.count is None and asked.rate is None:
        return Request(bound, own, tier)
    changed = Prevalence(rate=asked.rate, count=asked.count, per=own.per, stratify=own.stratify)
    return Request(bound, changed, tier)


def _companions(files: Sequence[ScenarioFile], schema: Schema, asked: Asked) -> list[Request]:
    """The look-alikes of all scenarios, each as often as its own file says."""
    if not asked.companions:
        return []
    known = {file.scenario.scenario.name for file in files}
    names = dict.fromkeys(name for file in files for name in file.scenario.companions if name not in known)
    return [_request(load_scenario(name), schema, Asked((name,))) for name in names]


def _tier(scenario: Scenario, wanted: str | None) -> str:
    try:
        return scenario.tier(wanted)
    except KeyError:
        tiers = scenario.severity.tiers
        hint = suggestion(str(wanted), tiers)
        raise ConfigError(f"scenario {scenario.scenario.name} has no severity {wanted!r}; {hint}") from None


def _reweighting(scenario: Scenario, tier: str, rows: int) -> ScenarioPart:
    return ScenarioPart(
        scenario=scenario.scenario.name,
        version=scenario.scenario.version,
        digest=scenario.digest,
        mode="reweight",
        tier=tier,
        severity=scenario.severity.tiers[tier],
        design=scenario.design.kind,
        unit=None,
        units=rows,
        eligible=rows,
        requested=0,
        realised=0,
        rows={},
    )


def _part(report: CoverageReport, changed: tuple[ScenarioPart, ...]) -> ScenariosPart:
    return ScenariosPart(
        scenarios=(*changed, *(ScenarioPart(**asdict(item)) for item in report.realisation)),
        ranges=tuple(RangePart(**asdict(item)) for item in report.ranges),
        evenness=tuple(EvennessPart(**asdict(item)) for item in report.evenness),
        pairs=tuple(PairsPart(**asdict(item)) for item in report.pairs),
    )


def _schema(source: Schema | str | Path) -> Schema:
    if isinstance(source, Schema):
        return source
    path = Path(source)
    return load_schema(path if path.is_file() else find_schema(str(source)))


__all__ = ["describe_scenario", "run_scenarios", "scenario_document", "scenario_names"]
