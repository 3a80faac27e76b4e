"""The ledger: what was ever done with the records of a population, in this run and all earlier ones.

    reserve ─► read ─► commit        a run under a claim; broken off anywhere, it stays charged in full
    reserve ─► release               given back, since the ledger shows that nothing was read
    open ─► look                     a reading without a claim: before files, and before records are used
    look ─► cleared                  an audit of a draw that passed; any other is an attempt on its model

Every entry is on disk before the call returns. The ledger refuses to work when its chain of hashes is
broken, when an entry was not written under its key, or when it no longer contains a head that is known from
elsewhere: from the folder of the keys, a model or a card. It cannot know of other ledgers.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, get_args

from synthrec.data.keys import Keys
from synthrec.errors import InternalError, VerificationError
from synthrec.home import synthrec_home
from synthrec.privacy.anchor import read_anchor, write_anchor
from synthrec.privacy.budget import Budget
from synthrec.privacy.entries import Entry, Head, Kind, Statement, check, seal
from synthrec.privacy.events import Plan
from synthrec.privacy.ledger_store import LedgerStore
from synthrec.privacy.plan_document import plan_document
from synthrec.privacy.populations import Account, Ceiling, account, accounts, attempts, outcomes

EMPTY = Head(0, "")
"""The head of a ledger without entries."""

LookKind = Literal["fit", "infer", "audit", "validate", "drift"]


@dataclass(frozen=True)
class Receipt:
    """A durable reservation."""

    sequence: int
    hash: str
    population: str
    budget: Budget


def ledger_folder(home: Path) -> Path:
    """Where the ledger of a folder of keys lies: in ``ledger`` below it.

    ``SYNTHREC_LEDGER`` names another place, as ``SYNTHREC_HOME`` does for the keys; a home that a caller
    chose itself keeps its own ledger.
    """
    stated = os.environ.get("SYNTHREC_LEDGER")
    return Path(stated) if stated and home == synthrec_home() else home / "ledger"


class Ledger:
    """An open, verified ledger."""

    def __init__(self, store: LedgerStore, home: Path, key: bytes) -> None:
        self._store, self._home, self._key = store, home, key
        self._entries: list[Entry] = []

    @classmethod
    def open(cls, home: Path, keys: Keys) -> Ledger:
        """Open and verify the ledger that belongs to a folder of keys; a first one is made.

        Raises:
            VerificationError: it is gone, damaged, changed, set back, or written under another key.
            ConfigError: its place is no place for a ledger.
            OSError: the disk is full or fails.
        """
        known = read_anchor(home, keys.ledger)
        ledger = cls(LedgerStore.open(ledger_folder(home), create=known is None), home, keys.ledger)
        try:
            ledger._catch_up()
            ledger._require(known or EMPTY)
        except BaseException:
            ledger.close()
            raise
        return ledger

    def __enter__(self) -> Self:
        """The ledger itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._store.path

    @property
    def head(self) -> Head:
        """The newest entry known: what a model or card must remember."""
        return self._entries[-1].head if self._entries else EMPTY

    @property
    def warnings(self) -> tuple[str, ...]:
        """Remarks that make no entry invalid: a clock that went back."""
        pairs = zip(self._entries, self._entries[1:], strict=False)
        return tuple(
            f"entry {later.sequence} is dated {later.time}, before entry {earlier.sequence} "
            f"({earlier.time}): the clock was set back; the order of entries is by sequence"
            for earlier, later in pairs
            if later.time < earlier.time
        )

    def entries(self) -> tuple[Entry, ...]:
        """All entries, in order, with those of other processes."""
        self._catch_up()
        return tuple(self._entries)

    def account(self, population: str, source: str | None = None) -> Account:
        """Charges and looks of a population, and of those that share a source with it."""
        return account(self.entries(), population, source)

    def accounts(self) -> tuple[Account, ...]:
        """Every account."""
        return accounts(self.entries())

    def spent(self, population: str) -> Budget | None:
        """Sum of all charges, or None where there is none."""
        return self.account(population).spent

    def looks(self, population: str) -> tuple[Entry, ...]:
        """Readings without a claim."""
        return self.account(population).looks

    def reserve(
        self,
        population: str,
        budget: Budget,
        plan: Plan,
        label: str,
        ceiling: Ceiling,
        *,
        source: str | None = None,
    ) -> Receipt:
        """Charge an upper bound, before anything private is read.

        Args:
            population: Whose privacy is spent.
            budget: What the run may spend at most.
            plan: All that the run will do with private rows.
            label: Schema and generator.
            ceiling: The most that may be spent on the population.
            source: Keyed fingerprint of the records, where they are known already.

        Raises:
            BudgetExceededError: the ceiling does not leave that much; nothing is charged.
            OSError: the charge could not be put on disk; nothing private may be read.
        """
        statement = Statement(
            Kind.RESERVE, population, label, source, budget, detail={"plan": plan_document(plan)}
        )
        with self._writing():
            account(self._entries, population, source).refuse_excess(budget, ceiling)
            entry = self._append(statement)
        return Receipt(entry.sequence, entry.hash, population, budget)

    def read(self, receipt: Receipt, *, source: str | None = None, ceiling: Ceiling | None = None) -> None:
        """State that private rows are about to be read; from here on, nothing is given back.

        Args:
            receipt: The reservation.
            source: Keyed fingerprint of the records, where it was not known when the budget was reserved.
            ceiling: With `source`: the most that may be spent on all populations that share the source.

        Raises:
            BudgetExceededError: the same records were charged under another name, and the sum is too much;
                nothing may be read, and the reservation can be released.
            InternalError: the receipt was used before.
        """
        self._follow(receipt, Kind.READ, after=None, detail={}, source=source, ceiling=ceiling)

    def commit(self, receipt: Receipt, model_digest: str) -> None:
        """State that the run ended, and with which model.

        Raises:
            InternalError: the receipt was committed before, released, or never read under.
        """
        self._follow(receipt, Kind.COMMIT, after=Kind.READ, detail={"model_digest": model_digest})

    def release(self, receipt: Receipt, evidence: str) -> None:
        """Give a reservation back that was never read under; the absence of a `read` entry is the proof.

        Args:
            receipt: The reservation.
            evidence: Why the run ended before it read, in words.

        Raises:
            InternalError: private rows were read under it, or it was released before.
        """
        self._follow(receipt, Kind.RELEASE, after=None, detail={"evidence": evidence})

    def open_files(self, population: str, kind: str, label: str, *, source: str) -> Entry:
        """Enter that files are about to be opened, of which nothing but their bytes' mark `source` is known.

        Raises:
            InternalError: no such kind of look.
        """
        return self._enter_look(Statement(Kind.OPEN, population, label, source, detail={"look": kind}))

    def look(
        self,
        population: str,
        kind: str,
        label: str,
        *,
        source: str | None = None,
        opening: Entry | None = None,
        model_digest: str | None = None,
    ) -> Entry:
        """Enter a reading without a claim, before it happens.

        Args:
            population: Whose records they are.
            kind: What they are read for.
            label: Schema or model.
            source: Keyed fingerprint of the records, or mark of their bytes.
            opening: The entry that was made before their files were opened.
            model_digest: The model of which a draw is audited against them.

        Raises:
            InternalError: no such kind of look.
        """
        detail = {"look": kind} | ({} if model_digest is None else {"model_digest": model_digest})
        follows = None if opening is None else opening.sequence
        return self._enter_look(
            Statement(Kind.LOOK, population, label, source, reservation=follows, detail=detail)
        )

    def passed(self, audit: Entry) -> None:
        """State that the audit which a look was for ended with a pass."""
        with self._writing():
            self._append(
                Statement(
                    Kind.CLEARED, audit.population, audit.label, audit.source, reservation=audit.sequence
                )
            )

    def attempts(self, model_digest: str, *, before: int | None = None) -> int:
        """Audits of draws of a model that began, before an entry where one is given, and did not pass."""
        return attempts(self.entries(), model_digest, before)

    def _enter_look(self, statement: Statement) -> Entry:
        kind = statement.detail["look"]
        if kind not in get_args(LookKind):
            raise InternalError(f"a look is one of {', '.join(get_args(LookKind))}, not {kind}")
        with self._writing():
            return self._append(statement)

    def verify(self, newer_head: Head | None = None) -> None:
        """Read and check the whole ledger anew.

        Args:
            newer_head: A head that a model or card remembers.

        Raises:
            VerificationError: with the first entry that is wrong, or because the ledger does not contain a
                head, so that it was deleted, cut or set back.
        """
        seen = (self.head, read_anchor(self._home, self._key), newer_head)
        self._entries = []
        self._catch_up()
        for head in seen:
            self._require(head or EMPTY)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the only right to write, know all entries, and let the keys' folder remember the new head."""
        kept = len(self._entries)
        try:
            with self._store.writing():
                self._catch_up()
                kept = len(self._entries)
                yield
        except BaseException:
            del self._entries[kept:]
            raise
        write_anchor(self._home, self.head, self._key)

    def _append(self, statement: Statement) -> Entry:
        previous = self.head.hash or secrets.token_hex(32)
        entry = seal(statement, self.head.sequence + 1, previous, self._key)
        self._store.append(entry)
        self._entries.append(entry)
        return entry

    def _follow(
        self,
        receipt: Receipt,
        kind: Kind,
        *,
        after: Kind | None,
        detail: dict[str, str],
        source: str | None = None,
        ceiling: Ceiling | None = None,
    ) -> None:
        """Enter what becomes of a reservation whose newest entry has the kind `after`."""
        with self._writing():
            reservation = self._reservation(receipt)
            last = outcomes(self._entries).get(receipt.sequence)
            if (last.kind if last else None) != after:
                became = f"has a {last.kind} (entry {last.sequence})" if last else "was never read under"
                raise InternalError(f"reservation {receipt.sequence} {became}; a {kind} cannot follow")
            if ceiling is not None:
                others = account(self._entries, reservation.population, source).without(receipt.sequence)
                others.refuse_excess(receipt.budget, ceiling)
            self._append(
                Statement(
                    kind,
                    reservation.population,
                    reservation.label,
                    source or reservation.source,
                    reservation=receipt.sequence,
                    detail=detail,
                )
            )

    def _reservation(self, receipt: Receipt) -> Entry:
        self._require(Head(receipt.sequence, receipt.hash))
        entry = self._entries[receipt.sequence - 1]
        if entry.kind != Kind.RESERVE:
            raise InternalError(f"entry {entry.sequence} is no reservation")
        return entry

    def _catch_up(self) -> None:
        """Read and check what was entered since."""
        for entry in self._store.entries(after=self.head.sequence if self._entries else None):
            previous = self.head.hash if self._entries else None
            check(entry, self.head.sequence + 1, previous, self._key)
            self._entries.append(entry)

    def _require(self, head: Head) -> None:
        """The ledger must contain a head that was seen."""
        if head.sequence and not _contains(self._entries, head):
            raise VerificationError(
                f"{self.path}: the ledger ends at entry {self.head.sequence} and does not contain entry "
                f"{head.sequence} ({head.hash[:12]}…), which was seen before: it was deleted, cut or set "
                "back; restore it from your newest backup"
            )


def _contains(entries: Sequence[Entry], head: Head) -> bool:
    return 0 < head.sequence <= len(entries) and entries[head.sequence - 1].hash == head.hash
