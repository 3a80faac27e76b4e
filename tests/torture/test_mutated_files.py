"""Files of a model, an export, a ledger and a house, mutated: read as they are or refused by a typed error.

Bytes are changed, cut or doubled, values of a JSON document replaced by hostile ones, and so are
lines of a text. Each reading has a bound on its time and on the memory of the process.
"""

from __future__ import annotations

import copy
import json
import random
import resource
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from synthrec import api
from synthrec.data.keys import open_keys
from synthrec.errors import SynthrecError
from synthrec.privacy.ledger import Ledger
from synthrec.release.policy import load_policy
from synthrec.rng import Streams
from synthrec.runs.models import OpenModel
from synthrec.validation.profile import load_profile

SECONDS = 10.0
"""CPU time of one reading; the slowest takes a tenth."""
ROOM = 2 << 30
"""Bytes by which the process may grow."""

HOSTILE = (
    *(None, True, -1, 0, 2**53, 2**63, 10**30, 1e308, -0.5, "", "x", "\u202e", "\x00", "../../etc/passwd"),
    *("x" * 100_000, [], {}, [[]], [None] * 1_000, {"": {}}, ["a", 1, None], "NaN", "2024-13-45", "sha256:0"),
)
"""Values that stand where they should not."""

TEXTS = (
    "",
    "\x00",
    "- " * 500,
    "{" * 500,
    "? [a]",
    "&a [*a]",
    "<<: *a",
    "!!python/object:os.system x",
    "\t",
    "%",
)
"""Lines that stand where they should not."""


def bytes_changed(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(data) + 1)
        stop = min(len(data), start + chance.choice((1, 1, 1, 8, 64, len(data))))
        match chance.randrange(4):
            case 0:
                data[start:stop] = chance.randbytes(stop - start)
            case 1:
                del data[start:stop]
            case 2:
                data[start:start] = data[start:stop][:4096]
            case _:
                data[start:stop] = bytes([chance.choice((0, 255, 34, 44, 123, 48))]) * (stop - start)
    return bytes(data)


def places(document, path=()):
    """Paths of all values in a JSON document."""
    yield path
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


def value_changed(content: bytes, chance: random.Random) -> bytes:
    document = json.loads(content)
    for _ in range(chance.randint(1, 2)):
        found = [path for path in places(document) if path]
        if not found:
            break
        *path, last = chance.choice(found)
        parent = document
        for key in path:
            parent = parent[key]
        match chance.randrange(4):
            case 0:
                del parent[last]
            case 1 if isinstance(parent, dict):
                parent[chance.choice(("x", "", "__class__"))] = copy.deepcopy(parent[last])
            case _:
                parent[last] = copy.deepcopy(chance.choice(HOSTILE))
    return json.dumps(document).encode()


def line_changed(content: bytes, chance: random.Random) -> bytes:
    lines = content.decode().splitlines()
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[place : place + 1]
                lines = lines or [""]
            case 1:
                lines.insert(place, chance.choice(lines))
            case 2:
                lines[place] = lines[place] + chance.choice(TEXTS)
            case _:
                key, colon, _ = lines[place].partition(":")
                lines[place] = f"{key}{colon} {json.dumps(chance.choice(HOSTILE))}"
    return "\n".join(lines).encode()


@pytest.fixture(scope="module")
def house(town, tmp_path_factory):
    """A town with an export, a policy and a profile of its own."""
    place = town.copied(tmp_path_factory.mktemp("house") / "town")
    made = api.sample(place.model, 30, out=place.folder / "out", home=place.home)
    assert made.approved
    for kind, name in (("privacy", "policies/default.yaml"), ("validation", "profiles/default.yaml")):
        shutil.copy(api.asset(kind, name), place.folder / f"{kind}.yaml")
    unsigned = place.folder / "unsigned"
    shutil.copytree(place.model, unsigned)
    (unsigned / "approval.json").unlink()
    return place


def draw(house):
    """A model without an approval: what it says is used, not only compared."""
    model = OpenModel.at(house.folder / "unsigned", house.home)
    api.sample(model.folder, 5, out=house.folder / "draft", draft=True, home=house.home)


def open_ledger(house):
    with Ledger.open(house.home, open_keys(house.home, create=False)) as ledger:
        ledger.verify()
        ledger.accounts()


READERS = {
    "unsigned/manifest.json": (draw, value_changed),
    "unsigned/model.safetensors": (draw, None),
    "unsigned/schema.yaml": (draw, line_changed),
    "model/approval.json": (lambda house: OpenModel.at(house.model, house.home), value_changed),
    "model/manifest.json": (lambda house: OpenModel.at(house.model, house.home), value_changed),
    "out/card.json": (lambda house: api.verify_export(house.folder / "out", home=house.home), value_changed),
    "out/card.md": (lambda house: api.verify_export(house.folder / "out", home=house.home), line_changed),
    "out/people.parquet": (lambda house: api.verify_export(house.folder / "out", home=house.home), None),
    "home/ledger/ledger.sqlite": (open_ledger, None),
    "home/ledger.head": (open_ledger, value_changed),
    "home/root.key": (open_ledger, None),
    "home/root.id": (open_ledger, line_changed),
    "town.yaml": (lambda house: api.load_schema(house.folder / "town.yaml"), line_changed),
    "rules.yaml": (lambda house: api.preview(house.folder / "rules.yaml", rows=5), line_changed),
    "privacy.yaml": (lambda house: load_policy(house.folder / "privacy.yaml"), line_changed),
    "validation.yaml": (lambda house: load_profile(house.folder / "validation.yaml"), line_changed),
}
"""What reads each file, and how its kind of text is mutated beside its bytes."""


@contextmanager
def little_room():
    """Let the process grow by `ROOM` and no more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def outcome(reader, house):
    """Exit code of a reading; an error that is not ours goes through."""
    start = time.process_time()
    try:
        with little_room():
            reader(house)
    except SynthrecError as error:
        code = error.exit_code
    else:
        code = 0
    assert time.process_time() - start < SECONDS
    return code


@pytest.mark.parametrize("name", READERS)
def test_a_mutated_file_is_read_or_refused(house, amount, monkeypatch, name):
    reader, of_kind = READERS[name]
    monkeypatch.setattr(Streams, "fresh", classmethod(lambda cls: cls(1)))
    path, codes = house.folder / name, []
    sound, mode = path.read_bytes(), path.stat().st_mode
    for seed in range(amount(10, 640)):
        chance = random.Random(f"{name} {seed}")  # noqa: S311
        mutate = chance.choice((bytes_changed, of_kind or bytes_changed))
        content = mutate(sound, chance)
        path.write_bytes(content)
        try:
            codes.append(outcome(reader, house))
        except Exception as error:
            error.add_note(f"{mutate.__name__}, seed {seed} of {name}")
            raise
        finally:
            path.write_bytes(sound)
            path.chmod(mode)
            shutil.rmtree(house.folder / "draft", ignore_errors=True)
    assert set(codes) <= {0, 2, 5}
    assert len([code for code in codes if code]) * 3 > len(codes), (
        "so few refusals that the reader may not read"
    )
    assert outcome(reader, house) == 0
