"""CTGAN: a conditional generator trained against a critic (Xu et al. 2019), over the codes of the codec."""

from synthrec.generators.ctgan.fitted import CtganFitted
from synthrec.generators.ctgan.generator import CtganGenerator

__all__ = ["CtganFitted", "CtganGenerator"]
