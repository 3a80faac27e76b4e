import itertools

import numpy as np
import pytest

from synthrec.generators.marginals.fitting import Targets, _Descent, fit_member
from synthrec.generators.marginals.mixture import matched
from synthrec.generators.marginals.recipe import Effort

OFFSETS = np.array([0, 3, 5, 9])


def softmax(logits):
    parts = [np.exp(part - part.max(0)) for part in np.split(logits, OFFSETS[1:-1])]
    return np.concatenate([part / part.sum(0) for part in parts])


def truth(rng, components=2):
    return softmax(2 * rng.standard_normal((OFFSETS[-1], components)))


def targets(shares, weights=None):
    pairs = shares @ shares.T / shares.shape[1]
    between = np.ones_like(pairs)
    for start, stop in itertools.pairwise(OFFSETS):
        between[start:stop, start:stop] = 0
    if weights is not None:
        between *= weights
    kinds = [part.astype(np.float32) for part in (shares.mean(1), pairs * (between > 0), between)]
    return Targets(OFFSETS, kinds[0], 3.0, kinds[1], kinds[2], 0.0)


def loss(logits, wanted):
    """The loss as its definition says, in double precision."""
    shares = softmax(logits)
    total = 3.0 * ((shares.mean(1) - wanted.shares) ** 2).sum()
    joint = shares @ shares.T / shares.shape[1]
    for first in range(3):
        for second in range(first + 1, 3):
            rows, columns = slice(*OFFSETS[first : first + 2]), slice(*OFFSETS[second : second + 2])
            error = (joint - wanted.pairs)[rows, columns]
            total += (wanted.weights[rows, columns] * error**2).sum()
    return total


def test_loss_and_gradient_are_those_of_the_definition():
    rng = np.random.default_rng(3)
    uneven = rng.random((9, 9))
    wanted = targets(truth(rng), uneven + uneven.T)
    descent = _Descent(wanted, Effort(1, 4, 10), rng)
    logits = descent._logits.astype(np.float64)
    assert descent.loss() == pytest.approx(loss(logits, wanted), rel=1e-4)
    slope = descent._gradient()
    for place in [(0, 0), (4, 1), (8, 3), (2, 2)]:
        step = np.zeros_like(logits)
        step[place] = 1e-5
        numeric = (loss(logits + step, wanted) - loss(logits - step, wanted)) / 2e-5
        assert slope[place] == pytest.approx(numeric, rel=1e-3, abs=1e-6)


def test_a_mixture_is_found_again_in_its_pairs():
    wanted = targets(truth(np.random.default_rng(4), components=3))
    member = fit_member(wanted, Effort(1, 60, 400), np.random.default_rng(5))
    joint = member.components @ member.components.T / 60
    error = np.abs((joint - wanted.pairs)[wanted.weights > 0])
    assert error.max() < 0.01
    assert member.loss < 1e-4


def test_components_are_distributions():
    member = fit_member(targets(truth(np.random.default_rng(6))), Effort(1, 5, 3), np.random.default_rng(7))
    np.testing.assert_allclose(np.add.reduceat(member.components, OFFSETS[:-1], axis=0), 1, atol=1e-5)


def test_matched_components_have_the_shares_exactly():
    rng = np.random.default_rng(8)
    shares = np.array([0.5, 0.0, 0.5, 0.001, 0.999, 0.1, 0.2, 0.3, 0.4], dtype=np.float32)
    fitted = matched(softmax(rng.standard_normal((9, 40))).astype(np.float32), shares, OFFSETS)
    np.testing.assert_allclose(fitted.mean(1), shares, atol=1e-6)
    np.testing.assert_allclose(np.add.reduceat(fitted, OFFSETS[:-1], axis=0), 1, atol=1e-5)
    assert (fitted[1] == 0).all()
