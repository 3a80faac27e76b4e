"""Signing an export: as it is made, or as it lies there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec.digests import digest_bytes
from synthrec.errors import ConfigError
from synthrec.home import synthrec_home
from synthrec.release.card import Card
from synthrec.release.export import CARD
from synthrec.release.signing.contents import Contents
from synthrec.release.signing.dsse import seal
from synthrec.release.signing.keys import PublicKey, SigningKey
from synthrec.release.signing.statement import ENVELOPE, PAYLOAD_TYPE, ApprovalPart, is_signable, state
from synthrec.runs.verification import approved, refuse_broken
from synthrec.whole_files import SHARED, write_whole


@dataclass(frozen=True)
class SignReport:
    """A signature that was made."""

    envelope: Path
    key: PublicKey
    files: int
    """How many files it covers."""

    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {"envelope": str(self.envelope), "files": self.files, "key": self.key.document()}


def sign_export(
    path: str | Path,
    key: SigningKey,
    *,
    model: str | Path | None = None,
    force: bool = False,
    home: Path | None = None,
) -> SignReport:
    """Sign every file of an export, once it is found to be as its card says.

    Args:
        path: The folder of the export.
        key: The key to sign with.
        model: The model that the records were drawn from, whose approval the signature then names.
        force: Replace a signature that is there.
        home: Folder of root secret and trusted keys; ``SYNTHREC_HOME`` by default.

    Raises:
        ConfigError: it is not an export, is signed already, or the key's last day is over.
        VerificationError: the export is not as its card says, or not of the model; nothing is signed then.
    """
    key.refuse_expired()
    folder = Path(path)
    envelope = folder / ENVELOPE
    if not (folder / CARD).is_file():
        raise ConfigError(f"{folder} is not an export: there is no {CARD}; give the folder that sample wrote")
    if (envelope.exists() or envelope.is_symlink()) and not force:
        raise ConfigError(f"{envelope} exists; replace the signature with --force")
    home = home or synthrec_home()
    card = refuse_broken(folder / CARD, home)
    approval = None if model is None else approved(card, Path(model), home)
    digests = _signable(folder)
    content = seal(state(digests, card, approval).content(), PAYLOAD_TYPE, key)
    write_whole(envelope, content, mode=SHARED)
    return SignReport(envelope, key.public, len(digests))


def _signable(folder: Path) -> dict[str, str]:
    """SHA-256 of every file, none of which may be a link or bear a name that not everybody reads alike."""
    contents = Contents(folder)
    unfit = contents.odd | {name for name in contents.files if not is_signable(name)}
    if unfit:
        names = ", ".join(map(ascii, sorted(unfit)))
        raise ConfigError(
            f"{folder}: links, devices or odd names, which cannot be signed: {names}; remove them"
        )
    return {name: contents.sha256(name) for name in contents.files}


def sealed(
    folder: Path, pages: Mapping[str, bytes], card: Card, key: SigningKey, approval: ApprovalPart | None
) -> dict[str, bytes]:
    """The envelope over an export that is being made, by its name.

    Args:
        folder: What is written of it.
        pages: What is still to be written: card and pages by name.
        card: The card among them.
        key: The key to sign with.
        approval: The approval that the release rests on, if any.
    """
    contents = Contents(folder)
    digests = {name: contents.sha256(name) for name in contents.files}
    digests |= {name: digest_bytes(page).removeprefix("sha256:") for name, page in pages.items()}
    return {ENVELOPE: seal(state(digests, card, approval).content(), PAYLOAD_TYPE, key)}
