"""Does an export still hold what its card says? Every fault is told, each in one line.

The card itself is not signed: whoever can rewrite it can make it agree with anything. What is found here is
what was changed, lost or added without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec import __version__
from synthrec.data.keys import synthrec_home
from synthrec.data.sinks import SUFFIXES
from synthrec.digests import digest_file
from synthrec.errors import VerificationError
from synthrec.gx.project import FOLDER as PROJECT
from synthrec.gx.stored import checkpoint_digest, stored_counts, stored_suite
from synthrec.release.card import Card, ExpectationsPart, SuitePart, card_bytes, read_card
from synthrec.release.card_build import seed_commitment
from synthrec.release.card_files import card_files
from synthrec.release.export import CARD
from synthrec.runs.models import OpenModel


@dataclass(frozen=True)
class VerifyReport:
    """What was found to be as the card says."""

    card: Path
    verified: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {"card": str(self.card), "verified": list(self.verified)}


def verify_export(
    path: str | Path, *, model: str | Path | None = None, home: Path | None = None
) -> VerifyReport:
    """Hold an export against its card: data files, pages, and the demands of its Great Expectations project.

    Args:
        path: The folder of an export, or its card.
        model: The model that the records were drawn from; its approval is then checked, too.
        home: Folder of the root secret, for the approval; ``SYNTHREC_HOME`` by default.

    Raises:
        InputError: there is no card, or it is not one.
        VerificationError: what is not as the card says, or the card not as the model; one line for each.
        KeyMissingError: the root secret under which the model was made is not in `home`.
    """
    path = Path(path) / CARD if Path(path).is_dir() else Path(path)
    card = read_card(path)
    opened = None if model is None else OpenModel.at(Path(model), home or synthrec_home())
    faults = [*_card(card, path), *_files(card, path.parent), *_project(card, path.parent)]
    if opened is not None:
        faults += _approval(card, opened)
    if faults:
        raise VerificationError("\n".join(faults))
    return VerifyReport(path, tuple(_verified(card, opened)))


def _card(card: Card, path: Path) -> Iterator[str]:
    """Whether the card is as synthrec writes it, and agrees with itself and with its pages."""
    if path.read_bytes() != card_bytes(card):
        yield f"{path.name}: not in its canonical form; it was written by something else"
    failed = sorted({result.check for result in card.results if result.blocking and result.verdict != "pass"})
    if card.decision.verdict != "pass":
        yield f"{path.name}: the decision is {card.decision.verdict}; such records are not released"
    elif failed:
        yield f"{path.name}: the decision is pass, although {', '.join(failed)} did not pass"
    if card.tool.version == __version__:
        for name, content in card_files(card).items():
            if name != CARD and _lines(path.with_name(name)) != sorted(content.decode().splitlines()):
                yield f"{name}: not the page of this card"


def _files(card: Card, folder: Path) -> Iterator[str]:
    """Whether the data files are those of the card, and no others are beside them."""
    for subject in card.subjects:
        path = folder / subject.name
        if not path.is_file():
            yield f"{subject.name}: missing"
        elif path.stat().st_size != subject.bytes:
            yield f"{subject.name}: {path.stat().st_size:,} bytes, on the card {subject.bytes:,}"
        elif digest_file(path) != f"sha256:{subject.sha256}":
            yield f"{subject.name}: its SHA-256 is not the one on the card"
    known = {subject.name for subject in card.subjects}
    for path in sorted(folder.iterdir()):
        if path.name.lower().endswith(SUFFIXES) and path.name not in known:
            yield f"{path.name}: a data file that the card does not name"


def _project(card: Card, folder: Path) -> Iterator[str]:
    """Whether the Great Expectations project demands what it demanded when the verdict was made."""
    stated = card.expectations
    if stated is None:
        if (folder / PROJECT).exists():
            yield f"{PROJECT}: a project that the card does not tell of"
        return
    if not (folder / PROJECT).is_dir():
        yield f"{PROJECT}: missing"
        return
    for suite in stated.suites:
        yield from _suite(suite, folder)
    yield from _checkpoint(stated, folder)


def _suite(stated: SuitePart, folder: Path) -> Iterator[str]:
    name = f"{PROJECT}/expectations/{stated.table}.json"
    try:
        found = stored_suite(folder, stated.table)
    except (OSError, ValueError) as error:
        yield f"{name}: {_unreadable(error)}"
        return
    if found.expectations != stated.evaluated:
        yield f"{name}: {found.expectations} expectations, {stated.evaluated} on the card"
    elif found.digest != stated.digest:
        yield f"{name}: an expectation was altered or replaced by another"
    if stated.successful != stated.evaluated:
        yield f"{CARD}: {stated.evaluated - stated.successful} expectations of {stated.table} were not met"


def _checkpoint(stated: ExpectationsPart, folder: Path) -> Iterator[str]:
    tables = [suite.table for suite in stated.suites]
    try:
        if checkpoint_digest(folder, tables) != stated.checkpoint:
            yield f"{PROJECT}: the checkpoint no longer runs these suites on these files"
        counts = tuple(stored_counts(folder, stated.run_name))
    except (OSError, ValueError) as error:
        yield f"{PROJECT}: its checkpoint or a result is {_unreadable(error)}"
        return
    expected = {suite.table: (suite.evaluated, suite.successful) for suite in stated.suites}
    for table, found in counts:
        if expected.get(table) != found:
            yield f"{PROJECT}: the stored result of {table} has other counts than the card"


def _approval(card: Card, model: OpenModel) -> Iterator[str]:
    """Whether the model is the one on the card, and its approval covers what the card says it covers."""
    if card.generator.model_digest != model.stored.digest:
        yield f"{CARD}: the records are of another model"
        return
    approval, rules = model.approval, (card.policy.digest, card.profile.digest)
    if approval is None:
        yield "approval.json: missing, so that nothing says whether the model was approved"
    elif card.coverage.kind != "very_output":
        seed = approval.seed
        if approval.verdict != "pass":
            yield f"approval.json: the audit of the model ended with {approval.verdict}"
        if (approval.policy_digest, approval.profile_digest) != rules:
            yield "approval.json: given under another policy or profile than the card names"
        if card.coverage.kind == "under_claim":
            return
        if card.coverage.audited_rows > approval.rows:
            yield "approval.json: covers fewer rows than the card says"
        if card.seed.value != seed_commitment(seed, model.stored.digest, model.keys):
            yield "approval.json: given for another seed than the card commits to"


def _verified(card: Card, model: OpenModel | None) -> Iterator[str]:
    yield _several(len(card.subjects), "data file")
    if card.expectations is not None:
        count = sum(suite.evaluated for suite in card.expectations.suites)
        suites = _several(len(card.expectations.suites), "suite")
        yield f"{_several(count, 'expectation')} of {suites}, and the checkpoint"
    if model is not None:
        yield "the model and its approval"
    if card.tool.version == __version__:
        yield "the pages of the card"


def _several(number: int, of: str) -> str:
    return f"{number} {of}" if number == 1 else f"{number} {of}s"


def _unreadable(error: Exception) -> str:
    return "missing" if isinstance(error, FileNotFoundError) else "unreadable"


def _lines(page: Path) -> list[str]:
    """The lines of a page in any order: canonical JSON forgets the order of tables and columns."""
    return sorted(page.read_text(encoding="utf-8", errors="replace").splitlines()) if page.is_file() else []
