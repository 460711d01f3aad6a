"""A small file system of a test's own, to be filled and freed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.settings import missing


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A mounted file system; `fill` leaves so many bytes free, `clear` gives all back."""

    root: Path

    @property
    def free(self) -> int:
        return shutil.disk_usage(self.root).free

    def fill(self, *, leave: int) -> None:
        """Take all but `leave` bytes, as another program would."""
        taken = self.free - leave
        file = os.open(self.root / "filling", os.O_CREAT | os.O_RDWR)
        try:
            os.posix_fallocate(file, os.fstat(file).st_size, taken)
        finally:
            os.close(file)

    def clear(self) -> None:
        (self.root / "filling").unlink()


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """Mounted below `folder`, gone at the end; skips where this user may not mount."""
    root = folder / "disk"
    root.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(root))
    if shutil.which("mount") is None or _run(*mount) != 0:
        missing("the right to mount a small file system (run as root)")
    try:
        yield SmallDisk(root)
    finally:
        _run("umount", "--lazy", str(root))


def _run(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603 - our own command
