"""Seeds and keys of the tests: a test draws the same ones alone, in any order, and beside other processes."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from synthrec.data import keys
from synthrec.rng import Streams


class Draws:
    """Stands for the entropy of the operating system: numbers that count up from 1."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    @contextmanager
    def from_one(self) -> Iterator[None]:
        """Count from 1 within; go on afterwards where the count stood."""
        before, self.numbers = self.numbers, itertools.count(1)
        try:
            yield
        finally:
            self.numbers = before

    def streams(self, kind: type[Streams]) -> Streams:
        return kind(next(self.numbers))

    def secret(self, size: int) -> bytes:
        return hashlib.shake_256(f"key {next(self.numbers)}".encode()).digest(size)


DRAWS = Draws()


@pytest.fixture(scope="session", autouse=True)
def repeatable_draws() -> Iterator[None]:
    """Fresh seeds and first keys come from `DRAWS`; names of temporary files stay random."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Streams, "fresh", classmethod(DRAWS.streams))
        patch.setattr(keys, "secrets", SimpleNamespace(token_bytes=DRAWS.secret, token_hex=secrets.token_hex))
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol():
    """Every test counts from 1 ..."""
    with DRAWS.from_one():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef):
    """... and so does every fixture that several tests share, whichever of them comes first."""
    if fixturedef.scope == "function":
        return (yield)
    with DRAWS.from_one():
        return (yield)
