"""CTGAN under differential privacy: pre-trained on noised marginals, refined against a critic by DP-SGD."""

from synthrec.generators.ctgan_dp.generator import PrivateCtgan

__all__ = ["PrivateCtgan"]
