"""What Memloom keeps is for its own user alone, also what an earlier version left open."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.embedded import Memloom
from tests.support.operating import command, upload


def _open_to_others(data: Path) -> list[str]:
    """What the group or anybody may look at."""
    paths = [data, *data.rglob("*")]
    return [
        f"{stat.filemode(path.stat().st_mode)} {path}"
        for path in paths
        if path.stat().st_mode & 0o077
    ]


@pytest.fixture
def generous() -> Iterator[None]:
    """A umask that lets everybody read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.slow
@pytest.mark.usefixtures("generous")
def test_files_and_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Memloom(data) as memloom:
        known = upload(memloom, memloom.create_kb(), "known.md")
        memloom.wait_for_files([known])
        assert any(path.name.endswith("-wal") for path in data.iterdir())
        assert _open_to_others(data) == []
    for path in [data, *data.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    done = command("keys", "list", "--data", str(data))
    assert done.returncode == 0, done.stderr
    assert _open_to_others(data) == []


def test_a_folder_that_holds_other_things_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    other = shared / "letter.txt"
    other.write_text("not ours")
    other.chmod(0o644)
    done = command("keys", "create", "--create", "--data", str(shared))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert stat.S_IMODE(other.stat().st_mode) == 0o644
    assert stat.S_IMODE((shared / "gateway.db").stat().st_mode) == 0o600
