"""The quality that records must reach: a reviewed file in `validation/profiles/`, as frozen limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from synthrec.schema.asset_model import AssetModel, AssetPart, RulesInfo, load_asset, parse_asset
from synthrec.validation.result import Measure

Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]


class Limit(AssetPart):
    """What the value of one measure must reach."""

    least: Share
    margin: Share
    """Coming this close to the real-versus-real baseline is enough, where that is lower than `least`."""
    effect: Literal["block", "warn"]
    source: Annotated[str, Field(strict=True, min_length=3)]
    """Where the figures come from: a citation, or ``own`` with the reason."""

    def threshold(self, measure: Measure) -> float:
        """The value to reach: `least`, or if lower the measure's baseline less `margin`, but at least 0."""
        if measure.baseline is None:
            return self.least
        return max(0.0, min(self.least, measure.baseline - self.margin))

    def met_by(self, measure: Measure) -> bool:
        """Whether the measure reaches its threshold."""
        return measure.value >= self.threshold(measure)


class Profile(AssetModel):
    """A whole profile file: id of a check -> name of a measure -> limit."""

    synthrec: Literal[1]
    profile: RulesInfo
    limits: dict[str, dict[str, Limit]] = Field(min_length=1)

    def limits_for(self, check: str) -> dict[str, Limit]:
        """The limits of one check by measure; none where the profile is silent."""
        return self.limits.get(check, {})


def load_profile(name_or_path: str | Path = "default") -> Profile:
    """The profile of a short name, from `validation/profiles/`, or in a file.

    Raises:
        ConfigError: no profile has that name, or the file cannot be read.
        FaultsError: every fault of the file, each with line, column and repair.
    """
    return load_asset("validation", "profiles", name_or_path, Profile)


def parse_profile(text: str, file: str = "<profile>") -> Profile:
    """The profile in a YAML text; `file` names it in faults.

    Raises:
        FaultsError: every fault of the text, each with line, column and repair.
    """
    return parse_asset(text, Profile, file)
