"""DP-SGD: one gradient per person, clipped, Poisson-sampled, noised from the system's entropy."""

import numpy as np
import pytest
import torch
from torch import nn

from synthrec.data.table import Table
from synthrec.errors import InternalError
from synthrec.privacy import dpsgd
from synthrec.privacy.curator import Curator
from synthrec.privacy.dpsgd import PersonTraining
from synthrec.privacy.entropy import OS
from synthrec.privacy.events import Plan, SampledGaussianEvent
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

VISITS = TableSpec.model_validate(
    {
        "columns": {
            "patient": {"kind": "integer", "role": "key"},
            "stay": {"kind": "float", "domain": {"min": -9, "max": 9, "source": "public"}},
        },
        "person": "patient",
        "max_rows_per_person": 3,
    }
)


class Chosen:
    """Entropy of a test: a share of the noise, and the persons that the test chooses."""

    def __init__(self, factor=1.0, chosen=None):
        self._rng = np.random.default_rng(0)
        self._factor, self._chosen = factor, chosen

    def integers(self, sigma, size):
        return np.rint(self._factor * self._rng.normal(0, sigma, size)).astype(np.int64)

    def reals(self, sigma, size):
        return self._factor * self._rng.normal(0, sigma, size)

    def chosen(self, rate, size):
        return self._rng.random(size) < rate if self._chosen is None else self._chosen(rate, size)


def visits(patients=400, rows=3):
    owners = np.repeat(np.arange(patients), rows)
    stays = np.random.default_rng(1).normal(2, 1, len(owners)).clip(-9, 9)
    return Table.from_vectors("visits", VISITS, {"patient": Vector.full(owners), "stay": Vector.full(stays)})


def features(table):
    return table.vector("stay").values[:, None]


def loss(module, persons, companions):
    """Mean over a person's rows of the squared distance of stay - output."""
    return ((module(persons[..., :-1])[..., 0] - 1) ** 2 * persons[..., -1]).sum(1)


def training(entropy, *, table=None, module=None, steps=40, noise=1.0, rate=0.25, lr=0.01, **settings):
    plan = Plan((SampledGaussianEvent("train", noise, rate, steps),), 3)
    curator = Curator(visits() if table is None else table, plan, entropy=entropy)
    torch.manual_seed(0)
    module = module or nn.Sequential(nn.Linear(1, 4), nn.LeakyReLU(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(module.parameters(), lr=lr)
    settings = {"clip": 1.0, "persons": 400.0} | settings
    return curator, module, PersonTraining(curator, "train", features, module, optimizer, **settings)


def run(steps):
    while steps.left:
        steps.step(loss)


def test_a_correct_run_passes_its_checks_and_learns():
    curator, module, steps = training(Chosen(), noise=0.5, lr=1.0)
    before = loss(module, torch.tensor([[[2.0, 1.0]]]), None).item()
    run(steps)
    assert curator.is_calibrated
    assert curator.is_bounded
    assert loss(module, torch.tensor([[[2.0, 1.0]]]), None).item() < before / 4


def test_no_step_beyond_the_plan_and_no_second_training():
    curator, module, steps = training(Chosen(), steps=2)
    run(steps)
    with pytest.raises(InternalError, match="2 steps, all taken"):
        steps.step(loss)
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    with pytest.raises(InternalError, match="answered before"):
        PersonTraining(curator, "train", features, module, optimizer, clip=1.0, persons=1.0)


def test_one_step_is_the_clipped_noised_mean_of_person_gradients():
    """Against gradients of one person at a time; the divisor is rate * released persons, not the sample."""
    everyone = Chosen(0.0, lambda rate, size: np.ones(size, dtype=bool))
    table = visits(patients=5)
    _, module, steps = training(everyone, table=table, steps=1, persons=40.0, clip=0.7, lr=1.0)
    before = [parameter.detach().clone() for parameter in module.parameters()]
    total = [torch.zeros_like(parameter) for parameter in before]
    twin = nn.Sequential(nn.Linear(1, 4), nn.LeakyReLU(), nn.Linear(4, 1))
    twin.load_state_dict(module.state_dict())
    stays = torch.from_numpy(table.vector("stay").values.astype(np.float32)).reshape(5, 3, 1)
    for person in stays:
        twin.zero_grad()
        ((twin(person)[:, 0] - 1) ** 2).mean().backward()
        norm = torch.sqrt(sum((parameter.grad**2).sum() for parameter in twin.parameters()))
        for part, parameter in zip(total, twin.parameters(), strict=True):
            part.add_(parameter.grad * min(1.0, 0.7 / norm.item()))
    steps.step(loss)
    for old, part, parameter in zip(before, total, module.parameters(), strict=True):
        torch.testing.assert_close(parameter.detach(), old - part / (0.25 * 40), rtol=1e-3, atol=1e-5)


def test_the_seed_of_torch_has_no_part_in_noise_or_samples():
    outcomes = []
    for _ in range(2):
        torch.manual_seed(5)
        _, module, steps = training(dpsgd_entropy(), steps=1)
        torch.manual_seed(5)
        steps.step(loss)
        outcomes.append(torch.cat([parameter.detach().flatten() for parameter in module.parameters()]))
    assert not torch.equal(*outcomes)


def dpsgd_entropy():
    return OS


def test_an_empty_sample_is_a_noised_step():
    nobody = Chosen(1.0, lambda rate, size: np.zeros(size, dtype=bool))
    _, module, steps = training(nobody, steps=2)
    before = next(module.parameters()).detach().clone()
    steps.step(loss)
    assert steps.left == 1
    assert not torch.equal(before, next(module.parameters()).detach())


@pytest.mark.parametrize("patients", [0, 1])
def test_hardly_anyone_is_enough_to_run(patients):
    curator, _, steps = training(Chosen(), table=visits(patients), steps=3)
    run(steps)
    assert curator.is_bounded


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e38])
def test_gradients_that_are_no_numbers_are_bounded(bad):
    """Everyone's gradient is bad: the step stays finite and within sample size norms."""

    def broken(module, persons, companions):
        return loss(module, persons, companions) * bad

    everyone = Chosen(0.0, lambda rate, size: np.ones(size, dtype=bool))
    _, module, steps = training(everyone, table=visits(5), steps=1, persons=20.0, lr=1.0)
    before = torch.cat([parameter.detach().flatten() for parameter in module.parameters()])
    steps.step(broken)
    after = torch.cat([parameter.detach().flatten() for parameter in module.parameters()])
    assert torch.isfinite(after).all()
    assert (after - before).norm() <= 5 / (0.25 * 20) * (1 + 1e-5)


def test_large_samples_are_taken_in_parts(monkeypatch):
    everyone = Chosen(0.0, lambda rate, size: np.ones(size, dtype=bool))
    outcomes = []
    for at_once in (2**26, 13 * 7):
        monkeypatch.setattr(dpsgd, "GRADIENTS_AT_ONCE", at_once)
        _, module, steps = training(everyone, table=visits(30), steps=1, lr=1.0)
        steps.step(loss)
        outcomes.append(torch.cat([parameter.detach().flatten() for parameter in module.parameters()]))
    torch.testing.assert_close(*outcomes)


class Buffered(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(1, 1)
        self.register_buffer("mean", torch.zeros(1))


@pytest.mark.parametrize(
    "layer",
    [
        nn.BatchNorm1d(3),
        nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
        nn.Dropout(0.5),
        Buffered(),
        torch.nn.utils.parametrizations.spectral_norm(nn.Linear(1, 1)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_that_mix_persons_are_refused(layer):
    with pytest.raises(InternalError, match="cannot bound"):
        training(Chosen(), module=nn.Sequential(nn.Linear(1, 1), layer))


def test_noise_a_tenth_too_small_is_found():
    curator, _, steps = training(Chosen(0.9))
    run(steps)
    assert not curator.is_calibrated


def test_a_noise_multiplier_changed_on_the_way_is_found():
    curator, _, steps = training(Chosen())
    steps._optimizer.noise_multiplier *= 0.9
    run(steps)
    assert not curator.is_calibrated


def test_a_clip_a_fifth_too_wide_is_found():
    curator, _, steps = training(Chosen(), steps=2)
    steps._optimizer.max_grad_norm *= 1.2
    run(steps)
    assert not curator.is_bounded


def test_shuffled_batches_of_one_size_are_found():
    order = np.random.default_rng(0)

    def shuffled(rate, size):
        chosen = np.zeros(size, dtype=bool)
        chosen[order.permutation(size)[: int(rate * size)]] = True
        return chosen

    curator, _, steps = training(Chosen(chosen=shuffled))
    run(steps)
    assert not curator.is_calibrated


def test_samples_larger_than_claimed_are_found():
    coins = np.random.default_rng(0)
    curator, _, steps = training(Chosen(chosen=lambda rate, size: coins.random(size) < 1.3 * rate))
    run(steps)
    assert not curator.is_calibrated


def per_row(module, persons, companions):
    """Rows as samples: three gradients for a person of three rows."""
    return loss(module, persons.reshape(-1, 1, 2), companions)


def packed(module, persons, companions):
    """Two persons in one sample of a critic."""
    pairs = persons[: len(persons) // 2 * 2].reshape(-1, 6, 2)
    return loss(module, pairs, companions)


def packed_quietly(module, persons, companions):
    """Half the gradients, but a loss for everyone."""
    pairs = persons[: len(persons) // 2 * 2].reshape(-1, 6, 2)
    return loss(module, pairs, companions).repeat(2)[: len(persons)]


def per_row_quietly(module, persons, companions):
    rows = loss(module, persons.reshape(-1, 1, 2), companions)
    return rows.reshape(len(persons), 3).sum(1)


@pytest.mark.parametrize("wrong", [per_row, packed, packed_quietly, per_row_quietly])
def test_a_gradient_that_is_not_one_persons_is_refused(wrong):
    _, _, steps = training(Chosen())
    with pytest.raises(InternalError):
        steps.step(wrong)


def test_persons_compared_with_each_other_are_found():
    """The mean of all persons in everyone's loss: dropping one moves all the others."""

    class Centred(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(1, 1)

        def forward(self, x):
            return self.linear(x)

    def centred(module, persons, companions):
        values = persons[..., :-1] - persons[..., :-1].mean(0, keepdim=True)
        return ((module(values)[..., 0]) ** 2 * persons[..., -1]).sum(1)

    curator, _, steps = training(Chosen(), module=nn.Sequential(nn.Linear(1, 1)), steps=2)
    steps.step(centred)
    assert not curator.is_bounded
