"""The marginals engine: a mixture of product distributions fitted to (noisy) 1- and 2-way marginals.

Read `recipe` (shares, sizes, schedule), then `generator` (fit, with and without differential privacy), then
the parts: `queries` (what is counted), `grouping` (coarse levels from the fine 1-way marginals),
`measurement` (releases into targets), `fitting` (the mixture), `links` (columns that follow from another),
`mixture` (the density), `drawing` and `conditioning` (rows), `fitted` and `stored` (the model).
"""

from __future__ import annotations

from synthrec.generators.marginals.fitted import MarginalsFitted
from synthrec.generators.marginals.generator import MarginalsGenerator, PrivateMarginals

__all__ = ["MarginalsFitted", "MarginalsGenerator", "PrivateMarginals"]
