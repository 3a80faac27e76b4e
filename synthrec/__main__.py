"""`python -m synthrec` is the command `synthrec`."""

from __future__ import annotations

from synthrec.cli import main

if __name__ == "__main__":
    main()
