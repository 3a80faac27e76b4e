"""A policy, a profile and hand-made check results with the figures a test is about."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from synthrec.data.keys import Keys
from synthrec.digests import digest
from synthrec.release.card import (
    Card,
    CoveragePart,
    Environment,
    Guarantee,
    LedgerHeadPart,
    Mechanism,
    PackagePart,
    Subject,
    Tool,
    identified,
)
from synthrec.release.card_build import Learned, Release, build_card
from synthrec.release.gate import Origin, decide
from synthrec.release.policy import Policy, parse_policy
from synthrec.schema.load import parse_schema
from synthrec.validation.profile import Profile, parse_profile
from synthrec.validation.result import CheckResult, Measure

POLICY = """
synthrec: 1
policy: {name: strict, version: 1.0.0}
evidence: {alpha: 0.01, source: own}
power: {minimum: 0.9, leak: 0.01, source: own}
conformity:
  measures:
    violations: {limit: 0, source: own}
    constraint_violations: {limit: 0.001, source: own}
checks:
  P1: {kind: copies, effect: block, limit: 0.01, source: own}
  P2: {kind: copies, effect: block, limit: 0.1, source: own}
  P3: {kind: attack, effect: block, limit: 0.55, source: own}
  P10: {kind: attack, effect: warn, limit: 0.55, source: own}
card: {row_counts: banded, minimum_cell: 11, source: own}
attempts: {limit: 3, source: own}
budget: {epsilon: 3, delta: 1e-5, source: own}
"""

PROFILE = """
synthrec: 1
profile: {name: plain, version: 1.0.0}
limits:
  fidelity.columns:
    mean: {least: 0.92, margin: 0.03, effect: block, source: own}
  fidelity.pairs:
    mean: {least: 0.80, margin: 0.03, effect: block, source: own}
    worst: {least: 0.50, margin: 0.03, effect: warn, source: own}
"""


def measure(name: str, value: float, low: float | None = None, high: float | None = None) -> Measure:
    return Measure(
        name,
        value,
        value if low is None else low,
        value if high is None else high,
        1000,
        None,
        "made by hand",
    )


@pytest.fixture
def policy_text() -> str:
    return POLICY.lstrip()


@pytest.fixture
def policy() -> Policy:
    return parse_policy(POLICY)


@pytest.fixture
def profile() -> Profile:
    return parse_profile(PROFILE)


@pytest.fixture
def clean() -> dict[str, CheckResult]:
    """Results of one table that pass everything, by check id."""
    rows = (measure("violations", 0.0), measure("constraint_violations", 0.0))
    leak = measure("copied_share", 0.0, 0.0, 0.004)
    excess = measure("excess_share", 0.0, -0.02, 0.05)
    share = measure("closer", 0.5, 0.48, 0.52)
    results = (
        CheckResult("conformity.patient", "Does patient keep its schema?", rows, bound="violations"),
        CheckResult("fidelity.columns", "Are the columns alike?", (measure("mean", 0.951),), bound="mean"),
        CheckResult(
            "fidelity.pairs",
            "Are the pairs alike?",
            (measure("mean", 0.9), measure("worst", 0.7)),
            bound="mean",
        ),
        CheckResult("P1", "Are rows copied?", (leak,), "copied_share", p_value=0.4, power=0.97),
        CheckResult("P2", "Are parts copied?", (excess,), "excess_share", p_value=0.7, power=0.99),
        CheckResult("P3", "Are members found?", (share,), "closer", p_value=0.5),
        CheckResult("P10", "Are members closer?", (share,), "closer", p_value=0.5),
    )
    return {result.check: result for result in results}


Change = Callable[..., tuple[CheckResult, ...]]


@pytest.fixture
def but(clean: dict[str, CheckResult]) -> Change:
    """The clean results with one check changed, or left out where no change is given."""

    def changed(check: str, **changes: object) -> tuple[CheckResult, ...]:
        rest = {name: result for name, result in clean.items() if name != check}
        if changes:
            rest[check] = replace(clean[check], **changes)
        return tuple(rest.values())

    return changed


@pytest.fixture
def keys() -> Keys:
    return Keys("0123456789abcdef", b"s" * 32, b"f" * 32, b"a" * 32, b"l" * 32)


SCHEMA = """
synthrec: 1
schema:
  name: clinic
  version: 1.2.0
  title: Visits to a clinic
  license: CC0-1.0
  use:
    intended: Testing of software
    out_of_scope: Decisions about persons
    limits: [Visits only]
    biases: [Old persons visit more often than others]
    licence: CC-BY-4.0
    expires: 2031-12-31
    contact: data office of the clinic
  source:
    name: Visits register
    period: 2014-01-01/2023-12-31
    custodian: A clinic
    licence: Internal
    agreement: {reference: DUA 17/2024, expires: 2030-06-30}
    obligations: [Delete after a year]
    terms: [DUO:0000006, DUO:0000018]
    confidentiality: R
  regulatory:
    - {regime: HIPAA, basis: "expert report 12, 45 CFR 164.514(b)(1)", assertion_by: Dr. A. Expert}
tables:
  patient:
    primary_key: [patient_id]
    person: patient_id
    max_rows_per_person: 1
    columns:
      patient_id: {kind: id, role: key, generate: {sequence: {prefix: P, width: 8}}}
      age: {kind: integer, role: quasi_identifier, domain: {min: 0, max: 110, source: public}}
      cost: {kind: decimal, scale: 2, role: sensitive, domain: {source: learned}}
"""


ENVIRONMENT = Environment(
    python="3.12.0",
    platform="Linux x86_64",
    device="cpu",
    threads=4,
    packages={
        "click": PackagePart(version="8.2.0", licence=None),
        "numpy": PackagePart(version="2.0.0", licence="BSD-3-Clause"),
    },
)


def settled(card: Card) -> Card:
    """The card without what differs from run to run, or with the shipped profile."""
    profile = card.profile.model_copy(update={"looser_than_default": ()})
    card = card.model_copy(
        update={
            "created": "2024-05-01T12:00:00Z",
            "tool": Tool(version="0.1.0", revision=None, code=digest("code")),
            "profile": profile,
            "environment": ENVIRONMENT,
        }
    )
    return identified(card)


@pytest.fixture
def learned_release(policy: Policy, profile: Profile, clean: dict[str, CheckResult], keys: Keys) -> Release:
    """A release of a fitted model whose audit passed."""
    learned = Learned(
        generator="copula",
        parameters={"stratify": None},
        model_digest=digest("model"),
        columns={"patient": ("cost",)},
        fingerprint="hmac-sha256:" + "1" * 64,
        keys=keys,
        holdout="split",
        rows=30_162,
        persons="20,000 to 49,999",
    )
    return Release(
        schema=parse_schema(SCHEMA),
        policy=policy,
        profile=profile,
        decision=decide(tuple(clean.values()), policy, profile, origin=Origin.LEARNED, tables=("patient",)),
        subjects=(Subject(name="patient.parquet", sha256="2" * 64, bytes=123_456, rows=26_048),),
        seed=4_815_162_342,
        draw="5" * 32,
        coverage=CoveragePart(kind="approved_prefix", audited_rows=26_048),
        learned=learned,
        limits=("Costs are drawn smoothly within bins.",),
        warnings=("Two per cent of the rows were drawn again.",),
    )


@pytest.fixture
def learned_card(learned_release: Release) -> Card:
    return settled(build_card(learned_release))


@pytest.fixture
def claimed_card(learned_release: Release) -> Card:
    """A card of records from a model that was fitted under a differential privacy claim."""
    guarantee = Guarantee(
        epsilon="1.25",
        delta="1E-6",
        adjacency="add_remove_person",
        max_rows_per_person=1,
        accountant="pld",
        mechanisms=(
            Mechanism(
                name="counts", mechanism="discrete_gaussian", noise_multiplier=4.5, detail={"tables": 3}
            ),
        ),
        population="patients of the clinic",
        population_epsilon="2.5",
        population_delta="2E-6",
        looks_without_claim=2,
    )
    assert learned_release.learned is not None
    learned = replace(
        learned_release.learned,
        generator="copula_dp",
        columns={},
        guarantee=guarantee,
        ledger_head=LedgerHeadPart(sequence=7, hash="sha256:" + "7" * 64),
        rows=None,
        persons=None,
    )
    coverage = CoveragePart(kind="under_claim", audited_rows=26_048)
    return settled(build_card(replace(learned_release, learned=learned, coverage=coverage)))


@pytest.fixture
def rules_card(policy: Policy, profile: Profile, clean: dict[str, CheckResult]) -> Card:
    """A card of records that rules made."""
    release = Release(
        schema=parse_schema(SCHEMA),
        policy=policy,
        profile=profile,
        decision=decide(
            [clean["conformity.patient"]], policy, profile, origin=Origin.RULES, tables=("patient",)
        ),
        subjects=(Subject(name="patient.csv", sha256="3" * 64, bytes=1_000, rows=10),),
        seed=7,
        draw="7" * 32,
        coverage=CoveragePart(kind="very_output", audited_rows=10),
    )
    return settled(build_card(release))
