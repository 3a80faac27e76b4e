"""How figures are shown outside the steward's room: rounded so that nothing looks better than it is."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

_CENT = Decimal("0.01")


def round_down(value: float) -> float:
    """A finite value cut to two decimals: 0.919 is shown as 0.91."""
    return float(Decimal(str(value)).quantize(_CENT, ROUND_FLOOR))


def round_up(value: float) -> float:
    """A finite value raised to two decimals: 0.911 is shown as 0.92."""
    return float(Decimal(str(value)).quantize(_CENT, ROUND_CEILING))


def about(persons: int) -> str:
    """A number of persons raised to two digits: 4,312 is shown as ``4,400``."""
    step = Decimal(10) ** max(0, len(str(persons)) - 2)
    return f"{int((Decimal(persons) / step).to_integral_value(ROUND_CEILING) * step):,}"


def band(count: int, minimum_cell: int) -> tuple[int, int]:
    """The 1-2-5 band a count lies in, both ends included: 30,162 lies in (20000, 49999).

    Counts below `minimum_cell` share the band from 0.
    """
    if count < minimum_cell:
        return 0, minimum_cell - 1
    decade = 10 ** (len(str(count)) - 1)
    low, end = next(
        (low * decade, end * decade) for low, end in ((5, 10), (2, 5), (1, 2)) if count >= low * decade
    )
    return max(low, minimum_cell), end - 1
