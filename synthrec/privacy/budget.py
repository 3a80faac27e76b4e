"""What may be spent: (epsilon, delta) for one person, added or removed with all of their rows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from synthrec.errors import ConfigError


@dataclass(frozen=True)
class Budget:
    """A privacy budget under add/remove of one person; exact decimals, so that sums do not drift."""

    epsilon: Decimal
    delta: Decimal

    def __post_init__(self) -> None:
        """Refuse what is no budget: NaN, infinity, epsilon <= 0, delta outside (0, 1)."""
        if not (self.epsilon.is_finite() and self.epsilon > 0):
            raise ConfigError(f"epsilon = {self.epsilon}; give a number above 0")
        if not (self.delta.is_finite() and 0 < self.delta < 1):
            raise ConfigError(f"delta = {self.delta}; give a number between 0 and 1, such as 1e-6")

    def __add__(self, other: Budget) -> Budget:
        """Basic composition, valid under adaptive choice (Dwork and Roth 2014, Theorem 3.16)."""
        return Budget(self.epsilon + other.epsilon, self.delta + other.delta)
