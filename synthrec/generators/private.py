"""What a generator under differential privacy is: it states its plan, then reads only through a curator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from synthrec.codec.codec import Codec
from synthrec.generators.base import Fitted
from synthrec.privacy.budget import Budget
from synthrec.privacy.events import Plan
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec

if TYPE_CHECKING:
    from synthrec.privacy.curator import Curator


class PrivateGenerator(Protocol):
    """A way to learn codec and density from private rows behind a fixed plan."""

    @property
    def name(self) -> str:
        """Name in the registry; what it fits carries the same name."""

    def plan(self, spec: TableSpec, budget: Budget, settings: Mapping[str, Any]) -> Plan:
        """All that a fit will ask of the rows; follows from schema, budget and settings, never from data.

        Raises:
            ConfigError: an unknown setting, or a schema that no plan serves (learned domains).
        """

    def fit(
        self, spec: TableSpec, table_name: str, curator: Curator, *, streams: Streams
    ) -> tuple[Codec, Fitted]:
        """Learn from what the curator releases under its plan.

        Args:
            spec: The table.
            table_name: Its name in the schema.
            curator: The one door to the rows; its plan was made by `plan`.
            streams: Randomness of the fit itself (starting values); it never makes noise.
        """
