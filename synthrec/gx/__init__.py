"""Great Expectations: a schema as a suite, an export as a project, a checkpoint for others' pipelines.

Great Expectations itself is imported only when one of these is called; ``pip install 'synthrec[gx]'``.
"""

from __future__ import annotations

from synthrec.gx.checkpoint import configure_checkpoint
from synthrec.gx.offline import make_offline
from synthrec.gx.private import ColumnVerdict, check_private
from synthrec.gx.suite import suite_of

__all__ = ["ColumnVerdict", "check_private", "configure_checkpoint", "make_offline", "suite_of"]
