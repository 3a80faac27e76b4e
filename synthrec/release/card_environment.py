"""What made the records: the tool and its own source, the packages it runs on, the machine."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from synthrec import __version__
from synthrec.digests import digest, digest_file
from synthrec.release.card import Environment, PackagePart, Tool

PACKAGE = Path(__file__).parents[1]
"""The folder of the tool's own source."""

SOURCE = {".py", ".j2", ".css"}
"""Suffixes of the files that decide what the tool does; schemas and policies have digests of their own."""

PACKAGES = (
    "click",
    "cryptography",
    "dp-accounting",
    "jinja2",
    "jsonschema",
    "markupsafe",
    "numpy",
    "opacus",
    "pandas",
    "pyarrow",
    "pydantic",
    "rfc8785",
    "rich",
    "ruamel.yaml",
    "safetensors",
    "scikit-learn",
    "scipy",
    "threadpoolctl",
    "torch",
)
"""Everything that the tool declares to need, without its extras."""

LONGEST_LICENCE = 100
"""Characters; a longer field holds the text of a licence and not its name."""


@cache
def tool() -> Tool:
    """The tool: its version, the commit if the installer recorded one, and the digest of its source."""
    files = sorted(path for path in PACKAGE.rglob("*") if path.suffix in SOURCE and path.is_file())
    code = digest({path.relative_to(PACKAGE).as_posix(): digest_file(path) for path in files})
    return Tool(version=__version__, revision=_revision(), code=code)


@cache
def environment() -> Environment:
    """Python, machine and packages of this process."""
    return Environment(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        device="cpu",
        threads=os.cpu_count() or 1,
        packages=dict(_packages()),
    )


def licence(package: Distribution) -> str | None:
    """The licence that a package's metadata names: SPDX expression, name or classifier."""
    metadata = package.metadata.json
    for key in ("license_expression", "license"):
        named = str(metadata.get(key, "")).strip()
        if named and len(named) <= LONGEST_LICENCE and "\n" not in named:
            return named
    classifiers = (str(text) for text in metadata.get("classifier", ()))
    classes = [text.rpartition(" :: ")[2] for text in classifiers if text.startswith("License :: ")]
    return "; ".join(classes) or None


def _packages() -> Iterator[tuple[str, PackagePart]]:
    for name in PACKAGES:
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        yield name, PackagePart(version=found.version, licence=licence(found))


def _revision() -> str | None:
    try:
        recorded = distribution("synthrec").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    commit = json.loads(recorded or "{}").get("vcs_info", {}).get("commit_id", "")
    return commit if re.fullmatch(r"[0-9a-f]{7,64}", commit) else None
