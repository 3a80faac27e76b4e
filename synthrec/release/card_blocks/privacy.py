"""What is claimed for the persons behind the records: the extract of the privacy ledger."""

from __future__ import annotations

from typing import Literal

from synthrec.release.card_blocks.base import Count, Figure, Part

NO_CLAIM = "No differential privacy claim; protected by audit only."
CLAIM = (
    "({epsilon}, {delta})-differential privacy for a person, added or removed with all of their rows (at "
    "most {rows} each are used, drawn at random), in the central model: it holds for the model and for "
    "everything drawn from it, whatever a reader knows. All charges to the population {population} when the "
    "model was made, this one included, come to epsilon {spent_epsilon} and delta {spent_delta}. It assumes "
    "that the random numbers of the fit are secret; none was recorded. It does not cover the decision to "
    "release, which looked at real records, nor timing and side channels."
)
"""The guarantee in one sentence and what it rests on, for `Guarantee.sentence`."""
NO_PERSONS = "No differential privacy claim is needed: made from declared rules, without records of persons."


class UnitOfPrivacy(Part):
    """Whose records one person's are, in one table."""

    person: str
    max_rows_per_person: int | None


class Mechanism(Part):
    """One event of the run that made the model."""

    name: str
    mechanism: str
    noise_multiplier: Figure
    """Standard deviation of the noise in units of what one person can change."""
    detail: dict[str, Figure]


class LedgerHeadPart(Part):
    """The newest entry of the ledger when the model was made."""

    sequence: Count
    hash: str


class Guarantee(Part):
    """(epsilon, delta)-differential privacy for a person, added or removed with all of their rows."""

    epsilon: str
    """Exact decimal, rounded up."""
    delta: str
    adjacency: Literal["add_remove_person"]
    max_rows_per_person: Count
    accountant: Literal["pld"]
    """Privacy loss distributions, pessimistic."""
    mechanisms: tuple[Mechanism, ...]
    population: str
    population_epsilon: str
    """Sum over all runs on the population, this one included, when the model was made."""
    population_delta: str
    looks_without_claim: Count
    """Earlier readings of the population's records that no claim covers."""

    def sentence(self) -> str:
        """The claim in words: unit, bound, model, composition, assumption and what it leaves out."""
        return CLAIM.format(
            epsilon=self.epsilon,
            delta=self.delta,
            rows=self.max_rows_per_person,
            population=self.population,
            spent_epsilon=self.population_epsilon,
            spent_delta=self.population_delta,
        )


class Privacy(Part):
    """What is claimed for the persons behind the records.

    Where nothing is claimed there is no guarantee and so no epsilon: infinity has no form in JSON, and a
    number in its place could be read as a claim.
    """

    claim: Literal["none", "differential_privacy"] = "none"
    statement: str
    guarantee: Guarantee | None = None
    ledger_head: LedgerHeadPart | None = None
    fits: Count | None = None
    """Models fitted to these records, with this one, as far as the ledger knows; None under a claim.

    Who fits until one passes has found one that passes by chance.
    """
    units: dict[str, UnitOfPrivacy]
    """By table."""
