"""Are the records that a model shall learn from synthetic themselves? Their cards then say how far from real.

A model of synthetic records repeats the faults of the model behind them and adds its own, so that such a fit
happens on purpose or not at all. Known are Parquet files that bear a mark, Arrow tables read from them, and
files that a card beside them names or has the digest of; a file that was rewritten and moved away from its
card is known to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec.data.marks import draw_of, is_marked
from synthrec.digests import digest_file
from synthrec.errors import ConfigError, InputError, VerificationError
from synthrec.generators.manifest import MOST_GENERATIONS, Ancestry
from synthrec.release.card import Card, Subject, read_card
from synthrec.release.export import CARD
from synthrec.runs.inputs import Data, given_files
from synthrec.runs.verification import verify_export


@dataclass(frozen=True)
class Descent:
    """What the cards of synthetic sources say."""

    generation: int = 1
    """Of a model that learns from them; 1 where all are real."""
    parents: tuple[str, ...] = ()
    """Digests of the cards."""
    synthetic_rows: int = 0

    def ancestry(self, rows: int, *, claimed: bool) -> Ancestry:
        """The lineage of a model that learned from so many rows, these among them.

        Raises:
            ConfigError: under a claim real and synthetic records are mixed; their share would tell of the
                number of real ones.
        """
        real = max(rows - self.synthetic_rows, 0)
        if claimed and real and self.synthetic_rows:
            raise ConfigError(
                "under a claim real and synthetic records do not mix: their share would tell how many real "
                "ones there are; fit on either of them"
            )
        return Ancestry(
            generation=self.generation, parents=self.parents, real_fraction=round(real / max(rows, 1), 2)
        )


REAL = Descent()


def descent_of(data: Data, holdout: Data | None, home: Path, *, allowed: bool) -> Descent:
    """The descent of the sources of a fit; nothing of their records is read.

    Args:
        data: What the model learns from.
        holdout: What it is judged by, where that is given.
        home: Folder of the trusted keys, by which a signed source is verified.
        allowed: Whether synthetic sources are; each must then lie beside its card.

    Raises:
        ConfigError: a source is known to be synthetic, and that is not allowed.
        VerificationError: the card of a synthetic source is missing, or is not what was written with it.
    """
    sources = [source for given in (data, holdout) if given is not None for source in given_files(given)]
    known = [name for source in sources for name in _known(source)]
    if known and not allowed:
        raise ConfigError(
            f"{'; '.join(known)}: a model of synthetic records repeats their faults and adds its own, and an "
            "audit against them says nothing of persons; give real records, or fit all the same with "
            "--allow-synthetic-source, which the card will tell"
        )
    parents = [parent for source in given_files(data) for parent in _parents(source, home)]
    if not parents:
        return REAL
    generation = 1 + max(card.lineage.generation_depth for card, _, _ in parents)
    if generation > MOST_GENERATIONS:
        raise ConfigError(f"over {MOST_GENERATIONS} generations of models; begin again with real records")
    digests = tuple(dict.fromkeys(digest for _, _, digest in parents))
    return Descent(generation, digests, sum(subject.rows for _, subject, _ in parents))


def _known(source: Any) -> Iterator[str]:
    """The name of a source that is known to be synthetic, and how."""
    name = source.name if isinstance(source, Path) else "the table"
    if is_marked(source):
        yield f"{name} is synthetic, as its footer says"
    elif isinstance(source, Path) and _named(source) is not None:
        yield f"{name} is synthetic, as the {CARD} beside it says"


def _parents(source: Any, home: Path) -> Iterator[tuple[Card, Subject, str]]:
    """The verified card of a synthetic source, its line on it, and the card's digest."""
    if not any(_known(source)):
        return
    if not isinstance(source, Path):
        raise VerificationError("a synthetic table is given without its card; give the file, beside its card")
    path = source.with_name(CARD)
    if not path.is_file():
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
    yield card, subject, digest_file(path)


def _named(source: Path) -> Subject | None:
    """The line of the card beside a file that has its name or its digest, if there is such a card."""
    path = source.with_name(CARD)
    if not path.is_file():
        return None
    try:
        card = read_card(path)
    except InputError:
        return None
    return next((one for one in card.subjects if one.name == source.name), None) or _subject(card, source)


def _subject(card: Card, source: Path) -> Subject | None:
    """The line of a card that has the digest of a file."""
    sha256 = digest_file(source).removeprefix("sha256:")
    return next((one for one in card.subjects if one.sha256 == sha256), None)
