"""The events of a YAML text, the same as ruamel.yaml's own parser finds, sooner.

The library's scanner goes character by character, and asks before every look at a token whether the tokens
it holds suffice. Here it asks once per token, and takes plain words and spaces in one step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import Event
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tokens import ScalarToken

_WORDS = r"[A-Za-z0-9_.+*/()<=-]+(?: [A-Za-z0-9_.+*/()<=-]+)*"
_IN_BLOCK = re.compile(rf"{_WORDS}(?=:[ \n])")
_IN_FLOW = re.compile(rf"{_WORDS}(?=[,\]}}]|: )")
"""Plain texts within a line that end for certain where they end here; all others are the library's."""
_SPACES = re.compile(" +")


def events(text: str) -> Iterator[Event]:
    """The events of a text, one by one.

    Raises:
        YAMLError: the text is not YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Reader, yaml.Scanner, yaml.Parser = _Reader, _Scanner, _Parser
    return iter(yaml.parse(text))


class _Reader(Reader):
    def forward(self, length: int = 1) -> None:
        """Move on; at once where no line ends."""
        passed = self.buffer[self.pointer : self.pointer + length]
        if len(passed) < length or not passed.isascii() or "\n" in passed or "\r" in passed:
            super().forward(length)
            return
        self.pointer += length
        self.index += length
        self.column += length


class _Scanner(Scanner):
    settled = False
    """Whether the first token is known for good: no later sign can put another before it."""

    @cached_property
    def reader(self) -> Any:
        return self.loader.reader

    def scan_to_next_token(self) -> None:
        reader = self.reader
        if spaces := _SPACES.match(reader.buffer, reader.pointer):
            reader.forward(len(spaces.group()))
        super().scan_to_next_token()

    def scan_plain(self) -> Any:
        reader = self.reader
        found = (_IN_FLOW if self.flow_context else _IN_BLOCK).match(reader.buffer, reader.pointer)
        if found is None:
            return super().scan_plain()
        text, start = found.group(), reader.get_mark()
        reader.forward(len(text))
        self.allow_simple_key = False
        return ScalarToken(text, True, start, reader.get_mark())

    def settle(self) -> None:
        while self.need_more_tokens():
            self.fetch_more_tokens()
        self.settled = True

    def check_token(self, *choices: type) -> bool:
        if not self.settled:
            self.settle()
        return bool(self.tokens) and (not choices or isinstance(self.tokens[0], choices))

    def peek_token(self) -> Any:
        if not self.settled:
            self.settle()
        return self.tokens[0] if self.tokens else None

    def get_token(self) -> Any:
        token = self.peek_token()
        if token is not None:
            self.tokens_taken += 1
            self.settled = False
            del self.tokens[0]
        return token


class _Parser(Parser):
    @cached_property
    def scanner(self) -> Any:
        return self.loader.scanner
