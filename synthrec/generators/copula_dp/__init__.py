"""The Gaussian copula under differential privacy.

Three events: noisy counts of the levels of every column; noisy counts of pairs of columns on coarse levels;
and the latent correlations, by DP-SGD on the likelihood of the scores or by one noised sum of their products.
Read `generator` (plan and fit), then `queries` and `groups` (what is counted), `orders` (what the pairs say
of the order of levels), `likelihood` (what DP-SGD trains).
"""

from __future__ import annotations

from synthrec.generators.copula_dp.generator import PrivateCopula

__all__ = ["PrivateCopula"]
