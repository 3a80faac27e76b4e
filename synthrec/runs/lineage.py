"""Are the records that a model shall learn from synthetic themselves? Their cards then say how far from real.

A model of synthetic records repeats the faults of the model behind them and adds its own, so that such a fit
happens on purpose or not at all. Known are Parquet files that bear a mark, Arrow tables read from them, and
whatever lies beside a card; a file that was rewritten and moved away from its card is known to nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec.data.marks import draw_of, is_marked
from synthrec.digests import digest_file
from synthrec.errors import ConfigError, InputError, VerificationError
from synthrec.generators.manifest import MOST_GENERATIONS, Ancestry
from synthrec.release.card import Card, Subject, read_card
from synthrec.release.export import CARD
from synthrec.release.figures import band, round_up
from synthrec.runs.inputs import Data, given_files
from synthrec.runs.verification import verify_export


@dataclass(frozen=True)
class Descent:
    """What the cards of synthetic sources say."""

    generation: int = 1
    """Of a model that learns from them; 1 where no model made any."""
    parents: tuple[str, ...] = ()
    """Digests of the cards."""
    synthetic_rows: int = 0

    def ancestry(self, rows: int, minimum_cell: int) -> Ancestry:
        """The lineage of a model that learned from so many rows, these among them.

        The share of real ones is at most what is told: it follows from the band that a card may tell of their
        number, and would else tell that number.
        """
        real = max(rows - self.synthetic_rows, 0)
        most = band(real, minimum_cell)[1] if real else 0
        share = round_up(most / (most + self.synthetic_rows)) if self.synthetic_rows else 1.0
        return Ancestry(generation=self.generation, parents=self.parents, real_fraction=share)


REAL = Descent()


@dataclass(frozen=True)
class Parent:
    """A synthetic source that is what its card says."""

    card: Card
    subject: Subject
    digest: str
    """Of the card."""


def descent_of(data: Data, holdout: Data | None, home: Path, *, allowed: bool, claimed: bool) -> Descent:
    """The descent of the sources of a fit; nothing of their records is read.

    Args:
        data: What the model learns from.
        holdout: What it is judged by, where that is given.
        home: Folder of the trusted keys, by which a signed source is verified.
        allowed: Whether synthetic sources are; each must then lie beside its card.
        claimed: Whether the fit is under a claim.

    Raises:
        ConfigError: a source is known to be synthetic, and that is not allowed; or it is, but not for this.
        VerificationError: the card of a synthetic source is missing, or is not what was written with it.
    """
    learned = given_files(data)
    judging = () if holdout is None else given_files(holdout)
    known = [name for source in (*learned, *judging) for name in _known(source)]
    if not known:
        return REAL
    if not allowed:
        raise ConfigError(
            f"{'; '.join(known)}: a model of synthetic records repeats their faults and adds its own, and an "
            "audit against them says nothing of persons; give real records, or fit all the same with "
            "--allow-synthetic-source, which the card will tell"
        )
    parents = [parent for source in learned for parent in _parents(source, home)]
    judges = [parent for source in judging for parent in _parents(source, home)]
    is_mixed = len(parents) < len(learned)
    if judges and is_mixed:
        raise ConfigError("a synthetic holdout says nothing of persons; judge real records by real ones")
    if claimed:
        _refuse_claim(parents, is_mixed=is_mixed)
    return _descent(parents, judges)


def _refuse_claim(parents: Sequence[Parent], *, is_mixed: bool) -> None:
    """Refuse a claim that would tell too much, or be read as one for persons whom it does not protect."""
    if parents and is_mixed:
        raise ConfigError(
            "under a claim real and synthetic records do not mix: their share would tell how many real "
            "ones there are; fit on either of them"
        )
    if any(parent.card.lineage.generation_depth for parent in parents):
        raise ConfigError(
            "a claim on the records of a model would protect nobody: the persons are those whom that model "
            "learned from, and only a claim of its own protects them; leave --epsilon out, or fit on real "
            "records"
        )


def _descent(parents: Sequence[Parent], judges: Sequence[Parent]) -> Descent:
    generation = 1 + max(one.card.lineage.generation_depth for one in (*parents, *judges))
    if generation > MOST_GENERATIONS:
        raise ConfigError(f"over {MOST_GENERATIONS} generations of models; begin again with real records")
    digests = tuple(dict.fromkeys(one.digest for one in (*parents, *judges)))
    return Descent(generation, digests, sum(one.subject.rows for one in parents))


def _known(source: Any) -> Iterator[str]:
    """The name of a source that is known to be synthetic, and how."""
    name = source.name if isinstance(source, Path) else "the table"
    if is_marked(source):
        yield f"{name} is synthetic, as its footer says"
    elif isinstance(source, Path) and _card_beside(source) is not None:
        yield f"{name} is synthetic, as it lies beside a {CARD} (take real records away from there)"


def _card_beside(source: Path) -> Path | None:
    """The card beside a file, or beside what a link leads to."""
    places = (path.with_name(CARD) for path in (source, Path(os.path.realpath(source))))
    return next((path for path in places if path.is_file()), None)


def _parents(source: Any, home: Path) -> Iterator[Parent]:
    """The verified card of a synthetic source, if it is one."""
    if not any(_known(source)):
        return
    if not isinstance(source, Path):
        raise VerificationError("a synthetic table is given without its card; give the file, beside its card")
    path = _card_beside(source)
    if path is None:
        raise VerificationError(
            f"{source.name} is synthetic and its card is not beside it; put its {CARD} there: without it "
            "nobody knows how far these records are from real ones"
        )
    try:
        verify_export(path, home=home)
    except (InputError, VerificationError) as error:
        raise VerificationError(f"{source.name} is synthetic, but not as its card says:\n{error}") from None
    card = read_card(path)
    subject = _subject(card, source)
    if subject is None or draw_of(source) not in {"", card.draw}:
        raise VerificationError(f"{source.name} is not what its {CARD} names; take both from the export")
    yield Parent(card, subject, digest_file(path))


def _subject(card: Card, source: Path) -> Subject | None:
    """The line of a card that has the digest of a file."""
    sha256 = digest_file(source).removeprefix("sha256:")
    return next((one for one in card.subjects if one.sha256 == sha256), None)
