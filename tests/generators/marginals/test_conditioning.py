"""Oracle: the joint distribution of a small mixture with links, level by level."""

import itertools

import numpy as np
import pytest

from synthrec.codec.base import CodeDomain
from synthrec.errors import InternalError
from synthrec.generators.base import Evidence
from synthrec.generators.marginals.conditioning import Conditioned
from synthrec.generators.marginals.fitted import MarginalsFitted
from synthrec.generators.marginals.grouping import Grouping
from synthrec.generators.marginals.links import Link
from synthrec.generators.marginals.mixture import Mixture

SIZES = (4, 3, 3, 2)
DRAWS = 200_000
SIGMAS = 5.0


def mixture():
    """Three components; column 0 has two groups; columns 1 and 3 follow column 0, in part."""
    rng = np.random.default_rng(2)
    groups = Grouping(np.array([0, 0, 1, 1]), np.array([0.2, 0.8, 0.5, 0.5]))
    alone = [Grouping(np.arange(size), np.ones(size)) for size in SIZES[1:]]
    components = [rng.dirichlet(np.ones(size), 3).astype(np.float32) for size in (2, *SIZES[1:])]
    links = {
        1: Link(0, np.array([[0.9, 0.1, 0.0], [0.0, 0.0, 0.0]])),
        3: Link(0, np.array([[0.25, 0.75], [0.0, 1.0]])),
    }
    domain = CodeDomain(("a", "b", "c", "d"), SIZES, (True, False, False, False), (False,) * 4)
    return Mixture(domain, (groups, *alone), tuple(components), links, np.zeros(len(domain)))


def joint(model):
    """P(component, a, b, c, d), shape (3, 4, 3, 3, 2)."""
    table = np.zeros((model.count, *SIZES))
    for k, a, b, c, d in itertools.product(range(model.count), *map(range, SIZES)):
        group = model.groupings[0].groups[a]
        share = model.components[0][k, group] * model.groupings[0].within[a] / model.count
        share *= model.links[1].table[group, b] if group == 0 else model.components[1][k, b]
        table[k, a, b, c, d] = share * model.components[2][k, c] * model.links[3].table[group, d]
    return table


EVIDENCES = [
    {},
    {"a": [1, 0, 0, 0]},
    {"a": [1, 0, 1, 0], "c": [0, 1, 1]},
    {"b": [0, 1, 1]},
    {"b": [0, 0, 1], "d": [0, 1]},
    {"a": [0, 1, 1, 1], "b": [1, 0, 1], "c": [0, 1, 0], "d": [1, 0]},
]


def known(case):
    return Evidence({name: np.array(levels, dtype=bool) for name, levels in case.items()})


def restricted(model, case):
    table = joint(model)
    for axis, name in enumerate(model.domain.names, start=1):
        if name in case:
            shape = [1] * 5
            shape[axis] = -1
            table = table * np.array(case[name]).reshape(shape)
    return table


@pytest.mark.parametrize("case", EVIDENCES)
def test_component_weights_are_their_posterior(case):
    model = mixture()
    posterior = restricted(model, case).sum((1, 2, 3, 4))
    weights = Conditioned.on(model, known(case)).weights
    np.testing.assert_allclose(weights / weights.sum(), posterior / posterior.sum(), rtol=1e-6)


@pytest.mark.parametrize("case", EVIDENCES)
def test_rows_have_the_exact_conditional_distribution(case):
    """Every cell of the joint table within 5 sigma of its binomial error; impossible cells never."""
    model = mixture()
    rows = Conditioned.on(model, known(case)).rows(np.random.default_rng(9), DRAWS)
    cells = np.ravel_multi_index(rows, SIZES)
    found = np.bincount(cells, minlength=int(np.prod(SIZES))) / DRAWS
    expected = restricted(model, case).sum(0).ravel()
    expected /= expected.sum()
    sigma = np.sqrt(expected * (1 - expected) / DRAWS)
    assert (np.abs(found - expected) <= SIGMAS * sigma + 1e-9).all()


def test_effective_components():
    model = mixture()
    fitted = MarginalsFitted(model)
    assert fitted.effective_components(Evidence({})) == pytest.approx(3)
    weights = restricted(model, EVIDENCES[2]).sum((1, 2, 3, 4))
    expected = weights.sum() ** 2 / (weights**2).sum()
    assert fitted.effective_components(known(EVIDENCES[2])) == pytest.approx(expected, rel=1e-6)
    impossible = known({"a": [1, 1, 0, 0], "b": [0, 0, 1]})
    assert fitted.effective_components(impossible) == 0


@pytest.mark.parametrize("allowed", [{"z": [1]}, {"a": [1, 0]}])
def test_evidence_of_another_domain_is_refused(allowed):
    with pytest.raises(InternalError, match="does not fit"):
        Conditioned.on(mixture(), known(allowed))
