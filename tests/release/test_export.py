"""Exports: what appears, what is refused, and in which order things become durable."""

import errno
import fcntl
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from synthrec.errors import InternalError, UserError
from synthrec.release.export import CARD, staging

CARDS = {CARD: b'{"card": 1}', "card.md": b"# card"}


def export(out: Path, text: str = "new", *, force: bool = False, cards=CARDS) -> None:
    with staging(out, force=force) as stage:
        for name in ("a.csv", "b.csv"):
            stage.path(name).write_text(text)
        stage.publish(cards)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_an_export_appears_whole_and_alone(tmp_path) -> None:
    export(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert contents(tmp_path / "out") == {
        "a.csv": "new",
        "b.csv": "new",
        "card.json": '{"card": 1}',
        "card.md": "# card",
    }


def test_nothing_of_an_unpublished_export_remains(tmp_path) -> None:
    with staging(tmp_path / "out", force=False) as stage:
        stage.path("a.csv").write_text("draft")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_of_a_failed_export_remains(tmp_path, error) -> None:
    def fail() -> None:
        with staging(tmp_path / "out", force=False) as stage:
            stage.path("a.csv").write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_staging_is_private_and_the_export_follows_the_umask(tmp_path) -> None:
    before = os.umask(0o027)
    try:
        with staging(tmp_path / "out", force=False) as stage:
            stage.path("a.csv").write_text("x")
            (folder,) = tmp_path.iterdir()
            assert folder.stat().st_mode & 0o777 == 0o700
            stage.publish(CARDS)
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "out" / CARD).stat().st_mode & 0o777 == 0o640


def test_an_export_is_replaced_only_with_force(tmp_path) -> None:
    out = tmp_path / "out"
    export(out, "old")
    with pytest.raises(UserError, match="--force"):
        export(out)
    assert contents(out)["a.csv"] == "old"
    export(out, force=True)
    assert contents(out)["a.csv"] == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_force_replaces_nothing_but_exports(tmp_path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years")
    (tmp_path / "file").write_text("x")
    for name in ("home", "file"):
        with pytest.raises(UserError, match="is not an export"):
            export(tmp_path / name, force=True)
    assert (tmp_path / "home" / "thesis.txt").read_text() == "years"
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("target", ["real", "nowhere"])
def test_a_symbolic_link_is_refused(tmp_path, force, target) -> None:
    export(tmp_path / "real", "old")
    (tmp_path / "out").symlink_to(tmp_path / target)
    with pytest.raises(UserError, match="symbolic link"):
        export(tmp_path / "out", force=force)
    assert contents(tmp_path / "real")["a.csv"] == "old"


def test_a_place_taken_while_the_export_was_made_is_left_alone(tmp_path) -> None:
    out = tmp_path / "out"
    with staging(out, force=False) as stage:
        stage.path("a.csv").write_text("late")
        export(out, "early")
        with pytest.raises(UserError, match="exists"):
            stage.publish(CARDS)
    assert contents(out)["a.csv"] == "early"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("out", ["", "..", "none/out"])
def test_a_place_that_cannot_be_is_refused(tmp_path, monkeypatch, out) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    with pytest.raises(UserError):
        export(Path("/") if not out else tmp_path / "sub" / out)
    assert list(tmp_path.rglob("*")) == [tmp_path / "sub"]


def test_a_parent_that_cannot_be_written_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)
    with pytest.raises(UserError, match="not writable"):
        export(tmp_path / "out")


def test_a_relative_place_survives_a_change_of_folder(tmp_path, monkeypatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with staging(Path("out"), force=False) as stage:
        stage.path("a.csv").write_text("x")
        os.chdir("elsewhere")
        stage.publish(CARDS)
    assert (tmp_path / "out" / CARD).is_file()


@pytest.mark.parametrize("name", ["../a", "/a", "sub/a", ".hidden", "", "..", "."])
def test_file_names_stay_in_the_folder(tmp_path, name) -> None:
    with staging(tmp_path / "out", force=False) as stage, pytest.raises(InternalError):
        stage.path(name)


def test_an_export_needs_its_card(tmp_path) -> None:
    with pytest.raises(InternalError, match=CARD):
        export(tmp_path / "out", cards={"card.md": b""})
    with pytest.raises(InternalError, match="name of a card"):
        export(tmp_path / "out", cards={CARD: b"", "a.csv": b""})
    assert list(tmp_path.iterdir()) == []


# --- runs that died ---------------------------------------------------------------------------------------


def dead(tmp_path: Path, name: str = "out") -> Path:
    """The staging folder of a run that is gone."""
    folder = tmp_path / f".{name}.partial-{'0' * 16}"
    (folder / "new").mkdir(parents=True)
    (folder / "new" / "a.csv").write_text("half")
    return folder


def test_what_a_dead_run_left_is_removed(tmp_path) -> None:
    folder = dead(tmp_path)
    other = dead(tmp_path, "other")
    export(tmp_path / "out")
    assert not folder.exists()
    assert other.exists()


def test_a_folder_of_the_user_is_not_taken_for_a_dead_run(tmp_path) -> None:
    mine = tmp_path / ".out.partial-notes"
    mine.mkdir()
    link = tmp_path / f".out.partial-{'1' * 16}"
    link.symlink_to(mine)
    export(tmp_path / "out")
    assert mine.exists()
    assert link.is_symlink()


def test_a_living_run_is_not_disturbed(tmp_path) -> None:
    out = tmp_path / "out"
    with staging(out, force=True) as slow:
        slow.path("a.csv").write_text("slow")
        export(out, "quick")
        slow.publish(CARDS)
    assert contents(out)["a.csv"] == "slow"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_old_export_that_a_dead_run_had_moved_aside_comes_back(tmp_path) -> None:
    out = tmp_path / "out"
    export(out, "old")
    folder = dead(tmp_path)
    out.rename(folder / "replaced")
    with pytest.raises(UserError, match="exists"):
        export(out)
    assert contents(out)["a.csv"] == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# --- durability -------------------------------------------------------------------------------------------


@pytest.fixture
def steps(monkeypatch) -> list[str]:
    """What was synced, opened for writing and renamed, in order."""
    taken: list[str] = []
    fsync, rename, open_ = os.fsync, Path.rename, os.open

    def noted_fsync(handle):
        taken.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().name}")
        fsync(handle)

    def noted_rename(path, target):
        taken.append(f"rename {path.name} {target.name}")
        return rename(path, target)

    def noted_open(path, flags, *rest, **named):
        if flags & os.O_CREAT:
            taken.append(f"write {Path(path).name}")
        return open_(path, flags, *rest, **named)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    monkeypatch.setattr(os, "open", noted_open)
    return taken


def test_data_are_durable_before_the_card_and_the_card_before_the_name(tmp_path, steps) -> None:
    export(tmp_path / "out", cards={CARD: b"{}", "card.html": b"", "card.md": b""})
    assert [
        step for step in steps if not step.startswith("write a.") and not step.startswith("write b.")
    ] == [
        "sync a.csv",
        "sync b.csv",
        "sync new",
        "write card.html",
        "sync card.html",
        "write card.md",
        "sync card.md",
        "write card.json",
        "sync card.json",
        "sync new",
        "rename new out",
        f"sync {tmp_path.name}",
    ]


class DiskFullError(OSError):
    pass


class Disk:
    """Counts the calls that can fail on a full disk, and fails the one it is told to."""

    def __init__(self, fail_at: int) -> None:
        self.calls, self.fail_at = 0, fail_at

    def wrap(self, function):
        def called(*values, **named):
            self.calls += 1
            if self.calls == self.fail_at:
                raise DiskFullError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return function(*values, **named)

        return called


OPERATIONS = ((os, "fsync"), (os, "fdopen"), (Path, "mkdir"), (Path, "rename"), (fcntl, "flock"))


def attempt(folder: Path, fail_at: int) -> int:
    """Export over whatever is there with one call failing; the number of calls made."""
    disk = Disk(fail_at)
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in OPERATIONS:
            patch.setattr(owner, name, disk.wrap(getattr(owner, name)))
        with suppress(DiskFullError):
            export(folder / "out", force=True)
    return disk.calls


@pytest.mark.parametrize("old", ["old", None])
def test_a_full_disk_at_any_step_leaves_the_old_export_or_none_or_the_new(tmp_path, old) -> None:
    steps = attempt(tmp_path, 0)
    assert steps >= 10
    for step in range(1, steps + 2):
        folder = tmp_path / str(step)
        folder.mkdir()
        if old:
            export(folder / "out", old)
        attempt(folder, step)
        left = [path.name for path in folder.iterdir()]
        assert left in ([["out"]] if old else [[], ["out"]]), f"call {step} left {left}"
        if left:
            texts = contents(folder / "out")
            assert set(texts) == {"a.csv", "b.csv", "card.json", "card.md"}
            assert texts["a.csv"] == texts["b.csv"]
            assert texts["a.csv"] in {old, "new"}


def test_data_that_do_not_fit_leave_nothing(tmp_path) -> None:
    """A real full disk in miniature: the file size limit of the process."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            export(tmp_path / "out", "x" * 20_000)
        with pytest.raises(OSError, match="too large"):
            export(tmp_path / "out", cards={CARD: b"x" * 20_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []
