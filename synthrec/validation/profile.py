"""`Profile`: the quality that records must reach, as a steward wrote it down; every limit says where it is from."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from synthrec.digests import digest
from synthrec.errors import ConfigError, Fault, FaultsError
from synthrec.validation.result import CheckResult, Measure

Share = Annotated[float, Field(ge=0, le=1)]


class Limit(BaseModel):
    """What one measure of one check must reach (`least`) or may not exceed (`most`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: Annotated[str, Field(min_length=1)]
    """Id of the check, or the front part of it up to a dot: ``conformity.errors`` covers every table."""
    measure: Annotated[str, Field(min_length=1)]
    least: Share | None = None
    most: Share | None = None
    margin: Share | None = None
    """With `least`: being this close to the real-versus-real baseline is enough, where that is lower."""
    severity: Literal["error", "warning"] = "error"
    """An error blocks the export; a warning is reported."""
    source: Annotated[str, Field(min_length=1)]
    """Where the figure comes from: a document, or ``own`` with the reason."""

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        """Refuse a limit without a side, with both sides, or with a margin on the wrong one."""
        if (self.least is None) == (self.most is None):
            raise ValueError("give either 'least' or 'most'")
        if self.margin is not None and self.least is None:
            raise ValueError("'margin' goes with 'least' only")
        return self

    def covers(self, check: str) -> bool:
        """Whether the limit speaks about the check of that id."""
        return check == self.check or check.startswith(self.check + ".")

    def threshold(self, measure: Measure) -> float:
        """The value that decides: `most`; or `least`, lowered to the baseline less `margin` if that is lower."""
        if self.least is None:
            return self.most or 0.0
        if self.margin is None or measure.baseline is None:
            return self.least
        return min(self.least, measure.baseline - self.margin)

    def met_by(self, measure: Measure) -> bool:
        """Whether the measure's value is on the right side of the threshold."""
        threshold = self.threshold(measure)
        return measure.value <= threshold if self.least is None else measure.value >= threshold


class Profile(BaseModel):
    """A named set of limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]
    title: str
    description: str = ""
    limits: Annotated[tuple[Limit, ...], Field(min_length=1)]

    @cached_property
    def digest(self) -> str:
        """``sha256:…`` of the canonical JSON of the profile; comments and key order do not count."""
        return digest(self.model_dump(mode="json", exclude_defaults=True))

    def limits_for(self, result: CheckResult) -> tuple[Limit, ...]:
        """The limits that speak about a result, in the order of the file."""
        names = {measure.name for measure in result.measures}
        return tuple(
            limit for limit in self.limits if limit.covers(result.check) and limit.measure in names
        )


def load_profile(name_or_path: str | Path) -> Profile:
    """Read a profile from a path, or by its short name from ``validation/profiles``.

    Raises:
        ConfigError: there is no such file.
        FaultsError: the file is not a profile; all faults at once.
    """
    path = _locate(name_or_path)
    raw = _read_yaml(path)
    try:
        return Profile.model_validate(raw)
    except ValidationError as error:
        raise FaultsError(_faults(error, str(path))) from None


def _locate(name_or_path: str | Path) -> Path:
    """The file itself if it exists, else the asset of that short name."""
    from synthrec.assets import asset  # noqa: PLC0415

    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.suffix:
        raise ConfigError(f"no profile file {path}; give an existing path or a short name such as 'default'")
    return asset("validation", f"profiles/{name_or_path}.yaml")


def _read_yaml(path: Path) -> Any:
    """The YAML document of a file as plain values; duplicate keys and custom tags are refused."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        fault = Fault(str(path), line, column, "", "not readable as YAML", "correct the syntax here")
        raise FaultsError([fault]) from None


def _faults(error: ValidationError, file: str) -> list[Fault]:
    """One fault per pydantic error."""
    return [
        Fault(file, 0, 0, ".".join(str(part) for part in item["loc"]), item["msg"], "see validation/README.md")
        for item in error.errors(include_input=False, include_url=False)
    ]
