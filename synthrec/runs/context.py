"""What holds for a whole run: the rules that judge it, how text is read, where the keys are, who listens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synthrec.home import synthrec_home
from synthrec.progress import SILENT, Progress
from synthrec.release.loosening import refuse_unexplained
from synthrec.release.policy import Policy, load_policy
from synthrec.validation.profile import Profile, load_profile


@dataclass(frozen=True)
class TextFormat:
    """How text files are to be read where the user says so; detected where not."""

    delimiter: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Run:
    """The circumstances of one call of `api`."""

    policy: Policy
    profile: Profile
    home: Path
    text: TextFormat
    progress: Progress

    @classmethod
    def under(
        cls,
        policy: str | Path,
        profile: str | Path,
        *,
        home: Path | None = None,
        text: TextFormat | None = None,
        progress: Progress = SILENT,
    ) -> Run:
        """A run under a policy and profile, by name or file; looser ones than the default say why.

        Raises:
            UserError: policy or profile cannot be read; every fault at once.
        """
        where = home or synthrec_home()
        judges = load_policy(policy), load_profile(profile)
        refuse_unexplained(*judges)
        return cls(*judges, where, text or TextFormat(), progress)
