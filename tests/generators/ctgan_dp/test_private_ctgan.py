"""CTGAN behind a curator: its plan, the audit of its claim, its fakes, and what it learns."""

from decimal import Decimal

import numpy as np
import pytest
import torch

from synthrec.codec.base import CodeDomain
from synthrec.data.table import Table
from synthrec.errors import ConfigError, InternalError
from synthrec.generators.ctgan import CtganFitted
from synthrec.generators.ctgan.conditions import Conditions
from synthrec.generators.ctgan.forward import Layer, Network
from synthrec.generators.ctgan.layout import Layout
from synthrec.generators.ctgan_dp import PrivateCtgan
from synthrec.generators.ctgan_dp.critic import FAKES, RowCritic, fakes, person_loss
from synthrec.generators.ctgan_dp.generator import CRITIC
from synthrec.generators.found_domains import FoundDomains
from synthrec.generators.marginals.grouping import Grouping
from synthrec.privacy.accountant import epsilon
from synthrec.privacy.budget import Budget
from synthrec.privacy.curator import Curator
from synthrec.privacy.dpsgd import PersonTraining, check_layers
from synthrec.privacy.entropy import SystemEntropy
from synthrec.privacy.events import SampledGaussianEvent
from synthrec.privacy.selfaudit import self_audit
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

LABELS = tuple("abcd")
SPEC = TableSpec.model_validate(
    {
        "columns": {
            "age": {"kind": "integer", "domain": {"min": 0, "max": 30, "source": "public"}},
            "ward": {"kind": "category", "domain": {"values": LABELS, "source": "public"}},
        },
        "one_row_per_person": True,
    }
)
BUDGET = Budget(Decimal(3), Decimal("1e-5"))


class TooQuiet(SystemEntropy):
    """A planted fault: nine tenths of the noise in the critic's gradients."""

    def reals(self, sigma, size):
        return super().reals(0.9 * sigma, size)


def patients(rows=2_000):
    """Wards that follow age."""
    rng = np.random.default_rng(0)
    age = rng.integers(0, 31, rows)
    ward = np.where(rng.random(rows) < 0.2, rng.integers(0, 4, rows), age // 8).astype(np.int32)
    return Table.from_vectors("patients", SPEC, {"age": Vector.full(age), "ward": Vector.full(ward, LABELS)})


@pytest.fixture(scope="module")
def plan():
    return PrivateCtgan().plan(SPEC, BUDGET, {})


@pytest.fixture(scope="module")
def fitted(plan):
    curator = Curator(patients(), plan)
    codec, model = PrivateCtgan().fit(SPEC, "patients", curator, streams=Streams(1))
    return curator, codec, model


def test_the_plan_fills_the_budget_and_ends_with_the_critic(plan):
    assert plan.max_rows_per_person == 1
    assert isinstance(plan.events[-1], SampledGaussianEvent)
    assert Decimal("2.98") <= epsilon(plan, BUDGET.delta) <= 3


def test_it_takes_no_settings():
    with pytest.raises(ConfigError, match="pack"):
        PrivateCtgan().plan(SPEC, BUDGET, {"pack": 10})


def test_the_self_audit_of_a_fit_holds(fitted):
    curator, _, model = fitted
    assert isinstance(model, CtganFitted)
    assert self_audit(curator, PrivateCtgan(), SPEC, "patients", (0,)).holds


def test_quiet_gradient_noise_is_found(plan):
    curator = Curator(patients(50), plan, entropy=TooQuiet())
    PrivateCtgan().fit(SPEC, "patients", curator, streams=Streams(1))
    assert not curator.is_calibrated


def test_it_learns_the_planted_dependency(fitted):
    _, codec, model = fitted
    drawn = codec.decode(model.sample(0, 4_000, streams=Streams(2)), 0, Streams(2))
    age, ward = drawn.vector("age").values, drawn.vector("ward").values
    assert np.corrcoef(age, ward)[0, 1] > 0.2


def test_the_critic_is_made_of_layers_that_keep_persons_apart():
    check_layers(RowCritic(7))


def test_each_person_has_a_loss_of_its_own():
    torch.manual_seed(0)
    critic, persons, companions = RowCritic(5), torch.rand(6, 3, 6), torch.rand(6, 2, 5)
    together = person_loss(critic, persons, companions)
    alone = [person_loss(critic, persons[i : i + 1], companions[i : i + 1]) for i in range(6)]
    torch.testing.assert_close(together, torch.cat(alone))


def test_rows_of_weight_0_do_not_count():
    torch.manual_seed(0)
    critic, persons, companions = RowCritic(5), torch.rand(2, 3, 6), torch.rand(2, 2, 5)
    persons[:, 2, -1] = 0
    padded = person_loss(critic, persons, companions)
    persons[:, 2, :-1] = 99
    torch.testing.assert_close(person_loss(critic, persons, companions), padded)


def test_every_step_has_as_many_fakes():
    rng = np.random.default_rng(0)
    groupings = tuple(Grouping(np.arange(size), np.ones(size)) for size in (3, 4))
    domain = CodeDomain(("a", "b"), (3, 4), (False, False), (False, False))
    layout = Layout(domain, groupings)
    conditions = Conditions.as_they_are(layout, [np.ones(3), np.ones(4)])
    layer = Layer(rng.normal(size=(5 + 7, 7)).astype(np.float32), np.zeros(7, np.float32))
    drawn = fakes(Network(5, (), layer), conditions, np.random.default_rng(1))
    assert drawn.shape == (FAKES, 7)
    torch.testing.assert_close(drawn[:, :3].sum(1), torch.ones(FAKES))


def critic_training(entropy, plan):
    """A critic of two columns on persons, ready for its steps."""
    curator = Curator(patients(200), plan, entropy=entropy)
    critic = RowCritic(4)

    def indicators(table):
        return np.eye(4, dtype=np.float32)[table.vector("ward").values]

    optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3)
    return curator, PersonTraining(curator, CRITIC, indicators, critic, optimizer, clip=1.0, persons=200.0)


class Shuffled(SystemEntropy):
    """A planted fault: batches of one size in the place of independent coins."""

    def chosen(self, rate, size):
        mask = np.zeros(size, dtype=bool)
        mask[np.random.default_rng().permutation(size)[: round(rate * size)]] = True
        return mask


def steps(training, loss, count):
    shared = torch.rand(FAKES, 4)
    for _ in range(count):
        training.step(loss, lambda persons: shared.expand(persons, FAKES, 4))


def test_a_correct_critic_passes_its_checks(plan):
    curator, training = critic_training(SystemEntropy(), plan)
    steps(training, person_loss, training.left)
    assert curator.is_bounded
    assert curator.is_calibrated


def test_shuffled_batches_of_the_critic_are_found(plan):
    curator, training = critic_training(Shuffled(), plan)
    steps(training, person_loss, training.left)
    assert not curator.is_calibrated


def test_a_critic_of_packs_is_refused(plan):
    def packed(module, persons, companions):
        return person_loss(module, persons, companions).reshape(-1, 2).sum(1)

    _, training = critic_training(Everyone(), plan)
    with pytest.raises(InternalError, match="losses"):
        steps(training, packed, 1)


class Everyone(SystemEntropy):
    """All persons in every sample, so that packs come out even."""

    def chosen(self, rate, size):
        return np.ones(size, dtype=bool)


def test_a_clip_a_fifth_too_wide_is_found(plan, monkeypatch):
    monkeypatch.setattr("synthrec.privacy.dpsgd.MARGIN", 1.2)
    curator, training = critic_training(SystemEntropy(), plan)
    steps(training, person_loss, 1)
    assert not curator.is_bounded


def test_fakes_normalised_over_the_sample_are_found(plan):
    """A planted fault: with one fake per sampled person, a person who joins changes everybody's."""
    curator, training = critic_training(SystemEntropy(), plan)
    base = torch.rand(4_096, FAKES, 4)

    def normalised(persons):
        drawn = base[:persons]
        return (drawn - drawn.mean(0)) / (drawn.std(0, correction=0) + 1e-3) if persons else drawn

    training.step(person_loss, normalised)
    assert not curator.is_bounded


def test_persons_of_several_rows_in_domains_that_are_found():
    """Up to three visits each, wards that nobody lists: the claim's own checks hold, and rows come out."""
    learned = {"kind": "category", "domain": {"source": "learned"}}
    spec = TableSpec.model_validate(
        {
            "columns": {"who": {"kind": "id", "role": "key"}, "ward": learned, "age": SPEC.columns["age"]},
            "person": "who",
            "max_rows_per_person": 3,
        }
    )
    once = patients(600)
    rows = np.repeat(np.arange(600), np.arange(600) % 3 + 1)
    who = Vector.full(rows.astype(np.int32), tuple(map(str, range(600))))
    vectors = {"who": who, **{name: once.vector(name).take(rows) for name in ("ward", "age")}}
    generator = FoundDomains(PrivateCtgan())
    plan = generator.plan(spec, BUDGET, {})
    curator = Curator(Table.from_vectors("patients", spec, vectors), plan)
    codec, model = generator.fit(spec, "patients", curator, streams=Streams(1))
    assert self_audit(curator, generator, spec, "patients", leavers=[0]).holds
    drawn = codec.decode(model.sample(0, 500, streams=Streams(2)), 0, Streams(2))
    assert set(drawn.vector("ward").levels) <= {*LABELS, "(other)"}
    assert len(drawn) == 500
