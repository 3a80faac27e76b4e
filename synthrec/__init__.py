"""synthrec: synthetic records that a data steward can sign for.

The functions below are loaded on first use, so that ``import synthrec`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from synthrec.errors import (
    BudgetExceededError,
    ConfigError,
    Fault,
    FaultsError,
    InputError,
    InternalError,
    KeyMissingError,
    PolicyRefusedError,
    SchemaError,
    SynthrecError,
    UserError,
    VerificationError,
)

if TYPE_CHECKING:
    from synthrec.api import (
        Keyring,
        audit,
        card_json_schema,
        demo,
        describe,
        describe_scenario,
        diff_cards,
        export_schema,
        fit,
        graph,
        import_schema,
        infer,
        ledger_export,
        ledger_show,
        ledger_verify,
        lint,
        load_schema,
        plan,
        preview,
        read_card,
        render_markdown,
        run_scenarios,
        sample,
        scenario_document,
        scenario_names,
        schema_names,
        sign_export,
        terms_add,
        terms_list,
        validate,
        verify_export,
    )

__version__ = "0.1.0"

__all__ = [
    "BudgetExceededError",
    "ConfigError",
    "Fault",
    "FaultsError",
    "InputError",
    "InternalError",
    "KeyMissingError",
    "Keyring",
    "PolicyRefusedError",
    "SchemaError",
    "SynthrecError",
    "UserError",
    "VerificationError",
    "__version__",
    "audit",
    "card_json_schema",
    "demo",
    "describe",
    "describe_scenario",
    "diff_cards",
    "export_schema",
    "fit",
    "graph",
    "import_schema",
    "infer",
    "ledger_export",
    "ledger_show",
    "ledger_verify",
    "lint",
    "load_schema",
    "plan",
    "preview",
    "read_card",
    "render_markdown",
    "run_scenarios",
    "sample",
    "scenario_document",
    "scenario_names",
    "schema_names",
    "sign_export",
    "terms_add",
    "terms_list",
    "validate",
    "verify_export",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("synthrec.api"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
