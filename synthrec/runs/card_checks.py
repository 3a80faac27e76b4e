"""Is an export as its card says? Every breach is told; a signature is checked elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from synthrec import __version__
from synthrec.data.sinks import SUFFIXES
from synthrec.digests import canonical
from synthrec.errors import Breach, BreachKind
from synthrec.gx.project import FOLDER as PROJECT
from synthrec.gx.stored import checkpoint_digest, stored_counts, stored_suite
from synthrec.release.card import Card, ExpectationsPart, SuitePart, card_id
from synthrec.release.card_files import card_files
from synthrec.release.export import CARD
from synthrec.release.interop.catalogues import FILES
from synthrec.release.signing.contents import Contents
from synthrec.release.signing.keys import today
from synthrec.strict_json import MAX_BYTES, read_json


def card_breaches(card: Card, path: Path, contents: Contents) -> Iterator[Breach]:
    """Whether card, pages, data files and Great Expectations project agree with each other.

    Args:
        card: The card.
        path: Its file.
        contents: The folder that it lies in.
    """
    yield from _card(card, path)
    yield from _files(card, contents)
    yield from _catalogues(card, contents)
    yield from _project(card, path.parent)


def _card(card: Card, path: Path) -> Iterator[Breach]:
    """Whether the card is as synthrec writes it, and agrees with itself and with its pages."""
    document = read_json(path)
    if path.read_bytes() != canonical(document):
        found = "not in its canonical form; it was written by something else"
        yield Breach(BreachKind.CHANGED_CARD, path.name, found)
    if card.card_id != card_id(document):
        yield Breach(BreachKind.CHANGED_CARD, path.name, "its id is not that of its content")
    failed = sorted({result.check for result in card.results if result.blocking and result.verdict != "pass"})
    if card.decision.verdict != "pass":
        found = f"the decision is {card.decision.verdict}; such records are not released"
        yield Breach(BreachKind.NOT_RELEASED, path.name, found)
    elif failed:
        found = f"the decision is pass, although {', '.join(failed)} did not pass"
        yield Breach(BreachKind.NOT_RELEASED, path.name, found)
    expires = card.use.expires
    if expires is not None and today().isoformat() > expires:
        found = f"expired: the records were for use until {expires}"
        yield Breach(BreachKind.EXPIRED_CARD, path.name, found)
    if card.tool.version == __version__:
        for name, content in card_files(card).items():
            if name != CARD and not _is_as_made(path.with_name(name), content):
                yield Breach(BreachKind.CHANGED_PAGE, name, "not the page of this card")


def _files(card: Card, contents: Contents) -> Iterator[Breach]:
    """Whether the data files are those of the card, and no others are beside them."""
    for subject in card.subjects:
        name = subject.name
        if "/" in name or not contents.is_file(name):
            yield Breach(BreachKind.MISSING_FILE, name, "missing")
        elif contents.size(name) != subject.bytes:
            found = f"{contents.size(name):,} bytes, on the card {subject.bytes:,}"
            yield Breach(BreachKind.CHANGED_DATA, name, found)
        elif contents.sha256(name) != subject.sha256:
            yield Breach(BreachKind.CHANGED_DATA, name, "its SHA-256 is not the one on the card")
    known = {subject.name for subject in card.subjects}
    for path in sorted(contents.folder.iterdir()):
        if path.name.lower().endswith(SUFFIXES) and path.name not in known:
            yield Breach(BreachKind.ADDED_FILE, path.name, "a data file that the card does not name")


def _catalogues(card: Card, contents: Contents) -> Iterator[Breach]:
    """Whether files for catalogues are there that the card does not tell of."""
    told = () if card.interop is None else card.interop.catalogues
    for catalogue, name in FILES.items():
        if catalogue not in told and contents.holds(name):
            yield Breach(BreachKind.ADDED_FILE, name, "a catalogue entry that the card does not tell of")


def _project(card: Card, folder: Path) -> Iterator[Breach]:
    """Whether the Great Expectations project demands what it demanded when the verdict was made."""
    stated = card.expectations
    if stated is None:
        if (folder / PROJECT).exists():
            yield Breach(BreachKind.ADDED_FILE, PROJECT, "a project that the card does not tell of")
        return
    if not (folder / PROJECT).is_dir():
        yield Breach(BreachKind.MISSING_FILE, PROJECT, "missing")
        return
    for suite in stated.suites:
        yield from _suite(suite, folder)
    yield from _checkpoint(stated, folder)


def _suite(stated: SuitePart, folder: Path) -> Iterator[Breach]:
    name = f"{PROJECT}/expectations/{stated.table}.json"
    try:
        found = stored_suite(folder, stated.table)
    except (OSError, ValueError) as error:
        yield _unreadable(name, "", error)
        return
    if found.expectations != stated.evaluated:
        told = f"{found.expectations} expectations, {stated.evaluated} on the card"
        yield Breach(BreachKind.DROPPED_EXPECTATION, name, told)
    elif found.digest != stated.digest:
        told = "an expectation was altered or replaced by another"
        yield Breach(BreachKind.DROPPED_EXPECTATION, name, told)
    if stated.successful != stated.evaluated:
        told = f"{stated.evaluated - stated.successful} expectations of {stated.table} were not met"
        yield Breach(BreachKind.NOT_RELEASED, CARD, told)


def _checkpoint(stated: ExpectationsPart, folder: Path) -> Iterator[Breach]:
    tables = [suite.table for suite in stated.suites]
    try:
        if checkpoint_digest(folder, tables) != stated.checkpoint:
            told = "the checkpoint no longer runs these suites on these files"
            yield Breach(BreachKind.CHANGED_PROJECT, PROJECT, told)
        counts = tuple(stored_counts(folder, stated.run_name))
    except (OSError, ValueError) as error:
        yield _unreadable(PROJECT, "its checkpoint or a result is ", error)
        return
    expected = {suite.table: (suite.evaluated, suite.successful) for suite in stated.suites}
    for table, found in counts:
        if expected.get(table) != found:
            told = f"the stored result of {table} has other counts than the card"
            yield Breach(BreachKind.CHANGED_PROJECT, PROJECT, told)


def _unreadable(name: str, what: str, error: Exception) -> Breach:
    if isinstance(error, FileNotFoundError):
        return Breach(BreachKind.MISSING_FILE, name, f"{what}missing")
    return Breach(BreachKind.CHANGED_PROJECT, name, f"{what}unreadable")


def _is_as_made(page: Path, content: bytes) -> bool:
    """Whether a file says what the card says; of pages, the lines may stand in any order.

    Canonical JSON forgets the order of tables and columns, which the files for catalogues keep.
    """
    if page.is_symlink() or not page.is_file() or page.stat().st_size > MAX_BYTES:
        return False
    found = page.read_bytes()
    if page.name in FILES.values():
        return found == content
    return sorted(found.decode(errors="replace").splitlines()) == sorted(content.decode().splitlines())
