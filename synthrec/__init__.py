"""synthrec: synthetic records that a data steward can sign for."""

from __future__ import annotations

__version__ = "0.1.0"
