"""The parts of CTGAN against oracles, and a planted dependency that it has to learn."""

import numpy as np
import pytest
import torch

from synthrec.codec.base import CodeDomain, Codes
from synthrec.errors import VerificationError
from synthrec.generators.ctgan import CtganFitted, CtganGenerator
from synthrec.generators.ctgan.conditions import Conditions, RowsByGroup
from synthrec.generators.ctgan.fitted import draw_groups
from synthrec.generators.ctgan.generator import calibrated, pair_distance
from synthrec.generators.ctgan.layout import Layout, pair_shares
from synthrec.generators.ctgan.networks import GeneratorNet
from synthrec.generators.ctgan.training import PENALTY_EVERY, Material, Training
from synthrec.rng import Streams

ROWS = 3_000
SIGMAS = 5.0
DOMAIN = CodeDomain(("a", "b", "c"), (4, 4, 50), (False, False, True), (False, False, False))


def rows():
    """b is a but for one row in ten; c, in fifty levels, rises with a."""
    rng = np.random.default_rng(3)
    a = rng.choice(4, ROWS, p=[0.5, 0.3, 0.15, 0.05])
    b = np.where(rng.random(ROWS) < 0.1, rng.integers(0, 4, ROWS), a)
    c = np.clip(10 * a + rng.integers(0, 15, ROWS), 0, 49)
    return np.stack([a, b, c], axis=1).astype(np.int32)


@pytest.fixture(scope="module")
def codes():
    return Codes(rows(), DOMAIN)


@pytest.fixture(scope="module")
def layout(codes):
    counts = [
        np.bincount(codes.values[:, j], minlength=size).astype(float) for j, size in enumerate((4, 4, 50))
    ]
    return Layout.of(DOMAIN, counts)


@pytest.fixture
def training(codes, layout):
    groups = layout.groups(codes.values)
    drawn = Conditions.as_they_are(layout, layout.counts(groups))
    asked = Conditions.by_logarithm(layout, layout.counts(groups))
    material = Material(layout, RowsByGroup(layout, groups), asked, drawn)
    return Training(material, np.random.default_rng(1), 5, torch.device("cpu"))


def test_indicators_have_one_1_per_column(codes, layout):
    groups = layout.groups(codes.values)
    found = layout.indicators(groups)
    assert found.shape == (ROWS, layout.width)
    for j, (first, past) in enumerate(zip(layout.offsets[:-1], layout.offsets[1:], strict=True)):
        np.testing.assert_array_equal(found[:, first:past].argmax(1), groups[:, j])
        assert (found[:, first:past].sum(1) == 1).all()


def test_pair_shares_are_the_joint_histogram(codes, layout):
    groups = layout.groups(codes.values)
    joint = np.histogram2d(groups[:, 0], groups[:, 1], bins=(np.arange(5), np.arange(5)))[0] / ROWS
    np.testing.assert_allclose(pair_shares(layout, groups)[:4, 4:8], joint, atol=1e-6)


def test_conditions_are_drawn_by_their_shares(layout):
    counts = [np.array([5.0, 0.0, 3.0, 2.0]), np.ones(4), np.ones(layout.sizes[2])]
    columns, groups = Conditions.as_they_are(layout, counts).draw(np.random.default_rng(0), 90_000)
    share = np.bincount(groups[columns == 0], minlength=4) / (columns == 0).sum()
    sigma = np.sqrt(0.25 / (columns == 0).sum())
    assert np.abs(share - [0.5, 0, 0.3, 0.2]).max() <= SIGMAS * sigma
    assert share[1] == 0
    assert abs((columns == 0).mean() - 1 / 3) <= SIGMAS * np.sqrt(2 / 9 / 90_000)


def test_rare_groups_are_asked_for_more_often_than_they_are(layout):
    counts = [np.array([97.0, 1.0, 1.0, 1.0]), np.ones(4), np.ones(layout.sizes[2])]
    share = Conditions.by_logarithm(layout, counts).shares[0]
    np.testing.assert_allclose(share, np.log([98, 2, 2, 2]) / np.log([98, 2, 2, 2]).sum())


def test_rows_under_a_condition_satisfy_it(codes, layout):
    groups = layout.groups(codes.values)
    rng = np.random.default_rng(0)
    conditions = Conditions.by_logarithm(layout, layout.counts(groups))
    columns, asked = conditions.draw(rng, 5_000)
    drawn = RowsByGroup(layout, groups).draw(rng, columns, asked)
    np.testing.assert_array_equal(groups[drawn, columns], asked)


def test_the_network_draws_as_torch_does():
    torch.manual_seed(0)
    net = GeneratorNet(6, 9, hidden=16)
    net.train()
    with torch.no_grad():
        net(torch.randn(200, 15) * 2 + 1)
    net.eval()
    inputs = torch.randn(50, 15)
    with torch.no_grad():
        wanted = net(inputs).numpy()
    np.testing.assert_allclose(net.folded().logits(inputs.numpy()), wanted, atol=1e-5)


def test_the_penalty_is_the_squared_distance_of_the_gradient_norm_from_1(training):
    """Oracle: the gradient of a linear critic is its weight, whatever the rows are."""
    width, pack = training.material.layout.width, training.critic.pack
    weight = torch.linspace(-0.1, 0.3, width * pack)
    training.critic.layers = torch.nn.Linear(width * pack, 1)
    with torch.no_grad():
        training.critic.layers.weight.copy_(weight[None])
    real, fake = torch.rand(5 * pack, width), torch.rand(5 * pack, width)
    assert training._penalty(real, fake).item() == pytest.approx((weight.norm().item() - 1) ** 2, rel=1e-5)


def test_both_networks_learn_in_a_step(training):
    networks = (training.generator, training.critic)
    matrices = [part for net in networks for part in net.parameters() if part.ndim == 2]
    before = [part.detach().clone() for part in matrices]
    for _ in range(PENALTY_EVERY):
        training.step(0.0)
    assert not any(torch.equal(old, new) for old, new in zip(before, matrices, strict=True))


def test_calibration_sets_the_shares_right(training):
    drawn = training.material.drawn
    network = calibrated(training.network(), drawn, np.random.default_rng(0))
    groups = draw_groups(network, drawn, np.random.default_rng(1), 40_000)
    for j, wanted in enumerate(drawn.shares):
        share = np.bincount(groups[:, j], minlength=len(wanted)) / len(groups)
        sigma = np.sqrt(wanted * (1 - wanted) / len(groups)) + 1e-6
        assert (np.abs(share - wanted) <= SIGMAS * sigma).all()


def test_a_planted_dependency_is_learned(codes, layout):
    fitted = CtganGenerator(steps=300).fit(codes, streams=Streams(1))
    groups = layout.groups(codes.values)
    drawn = layout.groups(fitted.sample(0, ROWS, streams=Streams(2)).values)
    apart = np.stack([np.random.default_rng(j).permutation(groups[:, j]) for j in range(3)], axis=1)
    assert pair_distance(layout, drawn, groups) < pair_distance(layout, apart, groups) / 3


@pytest.fixture(scope="module")
def fitted(codes):
    return CtganGenerator(steps=2).fit(codes, streams=Streams(1))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("bias0", lambda array: array[0]),
        ("weight1", lambda array: array[:-1]),
        ("weight", lambda array: array * np.float32(1e12)),
        ("asked", lambda array: array * 2),
        ("groups", lambda array: array + 1),
    ],
)
def test_arrays_that_no_fit_has_made_are_refused(fitted, name, wrong):
    arrays = dict(fitted.arrays())
    with pytest.raises(VerificationError, match="fit it anew"):
        CtganFitted.restore(DOMAIN, fitted.parameters, arrays | {name: np.asarray(wrong(arrays[name]))})


@pytest.mark.parametrize("parameters", [{}, {"steps": 0}, {"steps": "2"}, {"steps": 2, "pack": 1}])
def test_settings_that_no_fit_has_are_refused(fitted, parameters):
    with pytest.raises(VerificationError):
        CtganFitted.restore(DOMAIN, parameters, fitted.arrays())
