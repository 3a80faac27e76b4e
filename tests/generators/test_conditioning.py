import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from synthrec.codec.base import CodeDomain
from synthrec.errors import InternalError
from synthrec.generators.base import Evidence
from synthrec.generators.copula.conditioning import Conditioned, _Known
from synthrec.generators.copula.marginals import Marginal
from synthrec.generators.copula.stratum import Stratum

RHO = 0.7
DOMAIN = CodeDomain(("a", "b"), (4, 4), (True, True), (False, False))


def copula():
    quarter = Marginal.of(np.full(4, 25), np.arange(4))
    return Stratum((quarter, quarter), np.linalg.cholesky([[1, RHO], [RHO, 1]]))


def test_neighbouring_levels_join_to_one_interval():
    marginal = Marginal.of(np.array([10, 20, 0, 30, 40]), np.array([4, 3, 2, 1, 0]))
    known = _Known.of(0, marginal, np.array([True, False, True, True, True]))
    # In latent order: 4 and 3 together (2 has no mass, 1 is not allowed), then 0.
    np.testing.assert_allclose(norm.cdf(known.low[:, 0]), [0, 0.9], atol=1e-12)
    np.testing.assert_allclose(norm.cdf(known.high[:, 0]), [0.7, 1], atol=1e-12)
    assert known.probability == pytest.approx(0.8)


def test_truncated_draws_follow_the_truncated_normal():
    """The distribution function of the draws at the uniforms' quantiles, by the definition of inversion."""
    marginal = Marginal.of(np.full(10, 10), np.arange(10))
    known = _Known.of(0, marginal, np.isin(np.arange(10), (0, 1, 5, 9)))
    uniforms = np.linspace(0.001, 0.999, 500)
    mean, scale = np.full(500, 0.8), 0.5
    drawn, probability = known.truncated(uniforms, mean, scale)
    pieces = [norm.cdf((border[:, 0] - 0.8) / scale) for border in (known.low, known.high)]
    np.testing.assert_allclose(probability, (pieces[1] - pieces[0]).sum())
    reached = norm.cdf(drawn)[:, None]
    below = np.clip(reached, pieces[0], pieces[1]) - pieces[0]
    np.testing.assert_allclose(below.sum(1) / probability, uniforms, atol=1e-9)


def test_the_acceptance_rate_is_the_probability_of_the_evidence():
    """P(I_1) · mean acceptance = P(z in I_1 x I_2), the latter from the bivariate normal distribution."""
    top, bottom = np.arange(4) == 3, np.arange(4) == 0
    conditioned = Conditioned.on(DOMAIN, np.ones(1), [copula()], Evidence({"a": top, "b": bottom}))
    part = conditioned.strata[0]
    uniforms = np.random.default_rng(0).random((2, 200_000))
    accept = part.propose(uniforms)[1]
    cut = norm.ppf(0.25)
    truth = multivariate_normal(cov=[[1, -RHO], [-RHO, 1]]).cdf([cut, cut])
    error = 5 * accept.std() / np.sqrt(len(accept)) + 1e-5
    assert part.first_probability * accept.mean() == pytest.approx(truth, abs=0.25 * error + 1e-5)


def test_the_rarest_evidence_is_drawn_first():
    evidence = Evidence({"a": np.arange(4) > 0, "b": np.arange(4) == 2})
    conditioned = Conditioned.on(DOMAIN, np.ones(1), [copula()], evidence)
    assert [known.column for known in conditioned.strata[0].known] == [1, 0]


@pytest.mark.parametrize("allowed", [{"c": np.ones(4, bool)}, {"a": np.ones(3, bool)}])
def test_evidence_that_does_not_fit_is_our_fault(allowed):
    with pytest.raises(InternalError, match="does not fit"):
        Conditioned.on(DOMAIN, np.ones(1), [copula()], Evidence(allowed))
