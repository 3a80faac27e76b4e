"""The Gaussian copula over integer codes: a latent normal vector, cut into levels column by column.

Read `generator` (fit), then `fitted` (draw), then the parts: `marginals` (cuts and scores of a column),
`correspondence` (order of levels that have none), `hermite` (latent correlations), `stratum` (one copula),
`conditioning` (exact draws under evidence).
"""

from __future__ import annotations

from synthrec.generators.copula.fitted import CopulaFitted
from synthrec.generators.copula.generator import CopulaGenerator

__all__ = ["CopulaFitted", "CopulaGenerator"]
