"""The ledger, opened for those who want to read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec.data.keys import open_keys
from synthrec.digests import canonical
from synthrec.errors import ConfigError
from synthrec.generators.store import MANIFEST
from synthrec.home import synthrec_home
from synthrec.privacy.entries import Entry, Head, Kind
from synthrec.privacy.ledger import Ledger
from synthrec.privacy.populations import Account, Ceiling, Charge
from synthrec.release.export import CARD
from synthrec.release.policy import load_policy
from synthrec.strict_json import read_json


@dataclass(frozen=True)
class LedgerReport:
    """What a ledger says, once it is verified."""

    path: Path
    head: Head
    accounts: tuple[Account, ...]
    warnings: tuple[str, ...]
    ceiling: Ceiling | None = None
    """What the policy lets be spent on each population, where it was asked for."""

    def document(self) -> dict[str, Any]:
        """The report as JSON values; amounts as exact decimal texts."""
        return {
            "ledger": str(self.path),
            "head": self.head.document(),
            "ceiling": self.ceiling and _amounts(self.ceiling.epsilon, self.ceiling.delta),
            "accounts": [self._account(account) for account in self.accounts],
            "warnings": list(self.warnings),
        }

    def _account(self, account: Account) -> dict[str, Any]:
        spent = account.spent
        return {
            "populations": list(account.populations),
            "spent": spent and _amounts(spent.epsilon, spent.delta),
            "remaining": self.ceiling and _amounts(*account.remaining(self.ceiling)),
            "charges": [_charge(charge) for charge in account.charges],
            "looks": [_said(entry) | {"used": entry.kind == Kind.LOOK} for entry in account.looks],
        }


def ledger_show(
    population: str | None = None, *, policy: str | Path = "default", home: Path | None = None
) -> LedgerReport:
    """What was spent on each population, or on one, by whom and for which model; and what remains.

    Args:
        population: Name of one population.
        policy: Name or file of the policy whose `budget` is the ceiling.
        home: Folder of the root secret; ``SYNTHREC_HOME`` by default.

    Raises:
        VerificationError: the ledger was changed, cut or set back.
    """
    with opened(home) as ledger:
        return report(ledger, load_policy(policy).budget, population)


def ledger_verify(
    *, card: str | Path | None = None, model: str | Path | None = None, home: Path | None = None
) -> LedgerReport:
    """Check every entry of the ledger, and that it contains the heads that a card and a model remember.

    Raises:
        VerificationError: with the first entry that is wrong, or the head that is missing.
    """
    seen = [None if path is None else remembered_head(Path(path)) for path in (card, model)]
    with opened(home) as ledger:
        for head in seen:
            ledger.verify(head)
        return report(ledger)


def ledger_export(*, home: Path | None = None) -> str:
    """Every entry of the verified ledger as a line of canonical JSON, hashes included."""
    with opened(home) as ledger:
        return json_lines(ledger)


@contextmanager
def opened(home: Path | None) -> Iterator[Ledger]:
    """The verified ledger of a folder of keys; none is made for a folder without keys."""
    home = home or synthrec_home()
    with Ledger.open(home, open_keys(home, create=False)) as ledger:
        yield ledger


def report(ledger: Ledger, ceiling: Ceiling | None = None, population: str | None = None) -> LedgerReport:
    """What the ledger says, of one population where it is named.

    Raises:
        ConfigError: nothing was entered for that population.
    """
    accounts = ledger.accounts()
    chosen = tuple(one for one in accounts if population is None or population in one.populations)
    if population is not None and not chosen:
        names = ", ".join(name for one in accounts for name in one.populations) or "none yet"
        raise ConfigError(f"nothing was entered for population {population!r}; known: {names}")
    return LedgerReport(ledger.path, ledger.head, chosen, ledger.warnings, ceiling)


def json_lines(ledger: Ledger) -> str:
    """Every entry with its hashes as one line of canonical JSON; `hash` covers all but `hash` and `mac`."""
    return "".join(canonical(entry.document()).decode() + "\n" for entry in ledger.entries())


def remembered_head(path: Path) -> Head:
    """The head that a card or model remembers, under ``ledger_head``.

    Args:
        path: A ``card.json`` or ``manifest.json``, or the folder of an export or model.

    Raises:
        ConfigError: it cannot be read, or remembers none.
    """
    if path.is_dir():
        path = path / (CARD if (path / CARD).is_file() else MANIFEST)
    try:
        found = next(_heads(read_json(path)), None)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"{path} cannot be read ({reason}); give a card.json or a model folder") from None
    if found is None:
        raise ConfigError(
            f"{path} remembers no head of a ledger; give a card or model of a run that was entered"
        )
    return found


def _heads(document: Any) -> Iterator[Head]:
    """Heads anywhere in a JSON document."""
    match document:
        case {"ledger_head": {"sequence": int(sequence), "hash": str(digest)}}:
            yield Head(sequence, digest)
        case dict():
            for value in document.values():
                yield from _heads(value)
        case list():
            for value in document:
                yield from _heads(value)


def _charge(charge: Charge) -> dict[str, Any]:
    became = {"state": charge.state, "model_digest": charge.model_digest}
    return _said(charge.entry) | _amounts(charge.budget.epsilon, charge.budget.delta) | became


def _said(entry: Entry) -> dict[str, Any]:
    names = ("sequence", "time", "who", "population", "label")
    return {name: getattr(entry, name) for name in names} | entry.details()


def _amounts(epsilon: object, delta: object) -> dict[str, str]:
    return {"epsilon": str(epsilon), "delta": str(delta)}
