"""Rules that let pass what the shipped default refuses: somebody answers for them, and says why."""

from __future__ import annotations

from collections.abc import Iterator

from synthrec.errors import ConfigError
from synthrec.release.policy import Policy, load_policy
from synthrec.schema.asset_model import RulesInfo
from synthrec.validation.profile import Profile, load_profile


def looser_policy(policy: Policy) -> tuple[str, ...]:
    """Keys at which a policy allows what the default forbids."""
    return policy.looser_than(load_policy())


def looser_profile(profile: Profile) -> tuple[str, ...]:
    """Keys at which a profile lets pass what the default does not."""
    return tuple(_looser(profile, load_profile()))


def refuse_unexplained(policy: Policy, profile: Profile) -> None:
    """Looser rules need a name and a reason, which stand on each card.

    Raises:
        ConfigError: a policy or profile is looser than the default, and nobody says why.
    """
    kinds = (
        ("policy", policy.policy, looser_policy(policy)),
        ("profile", profile.profile, looser_profile(profile)),
    )
    faults = [_unexplained(kind, info, keys) for kind, info, keys in kinds if keys and info.loosened is None]
    if faults:
        raise ConfigError("\n".join(faults))


def _unexplained(kind: str, info: RulesInfo, keys: tuple[str, ...]) -> str:
    return (
        f"{kind} {info.name} is looser than the default at {', '.join(keys)}, and nobody answers for it; add "
        f"`loosened: {{by: NAME, reason: TEXT}}` under `{kind}:`, which each card will show, or tighten it"
    )


def _looser(profile: Profile, other: Profile) -> Iterator[str]:
    for check, limits in other.limits.items():
        for measure, limit in limits.items():
            mine = profile.limits_for(check).get(measure)
            if mine is None or mine.least < limit.least or mine.margin > limit.margin:
                yield f"limits.{check}.{measure}"
            elif (mine.effect, limit.effect) == ("warn", "block"):
                yield f"limits.{check}.{measure}.effect"
