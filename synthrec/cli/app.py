"""The command `synthrec`: its registry of commands and its one way out."""

from __future__ import annotations

import os
import signal
import stat
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

import synthrec
from synthrec.cli.failures import report
from synthrec.cli.lazy import HELP, LazyGroup
from synthrec.cli.output import Output
from synthrec.config import FILE, near, read_config
from synthrec.errors import ConfigError

COMMANDS = {
    "demo": ("synthrec.cli.demo:demo", "The whole path on sample data: schema, fit, sample, checks, card."),
    "schema": ("synthrec.cli.schema:schema", "Check, show, draft and list schemas."),
    "fit": ("synthrec.cli.fit:fit", "Learn a generator from real records and audit a trial."),
    "sample": ("synthrec.cli.sample:sample", "Draw records, check them, and export them with a card."),
    "scenario": ("synthrec.cli.scenario:scenario", "Write rare events into rule-made records, with labels."),
    "audit": ("synthrec.cli.audit:audit", "Measure fidelity and re-identification risk of any records."),
    "validate": ("synthrec.cli.validate:validate", "Check files against a schema and its constraints."),
    "card": ("synthrec.cli.card:card", "Show, sign and verify provenance cards."),
    "key": ("synthrec.cli.key:key", "Make, show and trust the keys that sign cards and approvals."),
    "ledger": ("synthrec.cli.ledger:ledger", "Show, verify and export the ledger of privacy spent."),
    "terms": ("synthrec.cli.terms:terms", "Keep licensed code tables of your own."),
    "completion": ("synthrec.cli.completion:completion", "Print the completion script of a shell."),
}

PREFIX = "SYNTHREC_"
OWN_WORDS = ("home", "debug", "ledger", "signing")
"""What stands after the prefix in variables that set no option."""

POLITE_SIGNALS = (signal.SIGTERM, signal.SIGHUP)

EPILOG = (
    "Exit codes: 0 ok, 1 our fault or I/O, 2 usage, schema, input or missing key, 3 policy refused or "
    "inconclusive, 4 privacy budget exceeded, 5 a digest or signature does not match, 130 interrupted. "
    "Options come from flags, then SYNTHREC_<COMMAND>_<OPTION>, then synthrec.toml."
)


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings=dict(HELP), epilog=EPILOG)
@click.version_option(synthrec.__version__, prog_name="synthrec", allow_from_autoenv=False)
@click.pass_context
def root(context: click.Context) -> None:
    """Synthetic records that a data steward can sign for."""
    context.default_map = read_config(Path(FILE), COMMANDS)
    _check_environment()


def _check_environment() -> None:
    """Refuse variables that look like those of a command but name none."""
    known = (*COMMANDS, *OWN_WORDS)
    given = {name: name.removeprefix(PREFIX).split("_")[0] for name in os.environ if name.startswith(PREFIX)}
    strays = {name: word.lower() for name, word in sorted(given.items()) if word.lower() not in known}
    hints = {name: hint for name, word in strays.items() if (hint := near(word, known))}
    if hints:
        raise ConfigError(
            "\n".join(f"environment: no command for {name}{hint}" for name, hint in hints.items())
        )


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    output = Output(json="--json" in arguments)
    try:
        code = root.main(
            list(arguments),
            prog_name="synthrec",
            standalone_mode=False,
            obj=output,
            auto_envvar_prefix="SYNTHREC",
        )
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
        return report(error, output)
    return code if isinstance(code, int) else 0


def main() -> NoReturn:
    """The entry point of the script. Warnings of foreign libraries stay silent: they may quote data."""
    warnings.simplefilter("ignore")
    spare_owner()
    for name in POLITE_SIGNALS:
        signal.signal(name, _interrupt)
    sys.exit(run(sys.argv[1:]))


def spare_owner() -> None:
    """Let the umask take from others alone: its owner must be able to read and replace what is written."""
    os.umask(os.umask(0) & ~stat.S_IRWXU)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does, so that nothing half-written stays behind."""
    del number, frame
    raise KeyboardInterrupt
