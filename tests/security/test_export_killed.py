"""An export killed with SIGKILL at any instant leaves the old complete export, the new one, or none."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHILD = """
import os, signal, sys
from pathlib import Path
from synthrec.release.export import staging

out, text, fatal_step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
step = 0

def tick():
    global step
    step += 1
    if step == fatal_step:
        os.kill(os.getpid(), signal.SIGKILL)

def deadly(function):
    def called(*values, **named):
        tick()
        result = function(*values, **named)
        tick()
        return result
    return called

if fatal_step:
    for owner, name in ((os, "open"), (os, "fsync"), (os, "rename"), (os, "mkdir"), (os, "fdopen"),
                        (os, "unlink"), (os, "rmdir"), (os, "close")):
        setattr(owner, name, deadly(getattr(owner, name)))
print("ready", flush=True)
with staging(out, force=True) as stage:
    for name in ("a.csv", "b.csv"):
        with stage.path(name).open("w") as file:
            for _ in range(20):
                file.write(text * 500)
                file.flush()
                tick()
    stage.publish({"card.json": text.encode(), "card.md": text.encode()})
print("done", step, flush=True)
"""

TORTURE = "TORTURE" in os.environ
"""Whether all is tried, or a part of it in a test."""
FILES = {"a.csv", "b.csv", "card.json", "card.md"}


def start(out: Path, text: str, fatal_step: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(out), text, str(fatal_step)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def export(out: Path, text: str, fatal_step: int = 0) -> str:
    """Run an export to its end, its own or the planned one; what it printed last."""
    child = start(out, text, fatal_step)
    printed, _ = child.communicate(timeout=60)
    assert child.returncode in {0, -signal.SIGKILL}
    return printed.splitlines()[-1]


def assert_whole(out: Path, texts: set[str]) -> None:
    """The export is absent, or complete and of one text."""
    if not out.exists():
        return
    assert {path.name for path in out.iterdir()} == FILES
    (text,) = {(out / name).read_text() for name in ("card.json", "card.md")}
    assert text in texts
    assert all((out / name).read_text() == text * 10_000 for name in ("a.csv", "b.csv"))


@pytest.fixture(scope="module")
def steps(tmp_path_factory) -> int:
    """Number of places at which the child can be made to die while it replaces an export."""
    out = tmp_path_factory.mktemp("count") / "out"
    export(out, "old")
    return int(export(out, "new", 10**9).split()[1])


def test_killed_at_chosen_steps(tmp_path, steps) -> None:
    """Steps spread over all, and more around the renames near the end; every one of those under TORTURE."""
    out = tmp_path / "out"
    spread, close = (25, 1) if TORTURE else (6, 5)
    chosen = sorted(
        {*range(1, steps, max(1, steps // spread)), *range(max(1, steps - 60), steps - 30, close)}
    )
    export(out, "old")
    for number, step in enumerate(chosen):
        text = f"new{number:03d}"
        assert export(out, text, step) == "ready"
        assert_whole(out, {"old", *(f"new{earlier:03d}" for earlier in range(number + 1))})
    assert len(chosen) >= (40 if TORTURE else 10)
    export(out, "last")
    assert_whole(out, {"last"})
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_old_export_is_never_lost(tmp_path, steps) -> None:
    """Even between the two renames it is in the staging folder, and the next run puts it back."""
    lost = 0
    for step in range(max(1, steps - 60), steps - 30, 2 if TORTURE else 4):
        folder = tmp_path / str(step)
        folder.mkdir()
        out = folder / "out"
        export(out, "old")
        export(out, "new", step)
        if out.exists():
            continue
        lost += 1
        (replaced,) = folder.glob(".out.partial-*/replaced")
        assert_whole(replaced, {"old"})
    assert lost >= 1, "no step fell between the two renames: the test looks at the wrong steps"


def test_killed_at_random_moments(tmp_path) -> None:
    out, chance = tmp_path / "out", random.Random(20240501)  # noqa: S311
    export(out, "old")
    for _ in range(10 if TORTURE else 3):
        child = start(out, "new", 0)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.004))
        child.kill()
        child.communicate(timeout=60)
        assert_whole(out, {"old", "new"})
