"""The JSON Schema of the card as a file.

Made by ``python -m synthrec.release.card_schema > docs/card.schema.json``; a test keeps it so.
"""

from __future__ import annotations

import json
import sys

from synthrec.release.card import card_json_schema


def card_schema_text() -> str:
    """The JSON Schema as the repository publishes it."""
    return json.dumps(card_json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(card_schema_text())
