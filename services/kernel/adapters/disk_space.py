"""Free space of the file system that holds a folder, and the reserve that writes leave untouched.

A full disk is more than a failed write: engines map files into memory, and a page that finds no
block ends the process (SIGBUS). So every adapter that writes files asks first, and what is asked
for is refused while the reserve is not free. Searches need no space and go on.
"""

import shutil
from pathlib import Path
from typing import Final, Self

from services.kernel.contracts.errors import DependencyUnavailable, StorageFull

# An empty index takes 147 MB where files cannot be sparse (tmpfs); measured with Qdrant Edge 0.6.
EMPTY_INDEX_BYTES: Final = 160 << 20
_MEGABYTE: Final = 1 << 20


class DiskSpace:
    """The file system of `folder`, which need not exist yet. reserve: bytes that stay free; 0
    refuses nothing.
    """

    def __init__(self, folder: Path, *, reserve: int) -> None:
        self._folder = folder
        self._reserve = reserve

    def below(self, name: str) -> Self:
        """The same reserve on the file system of a folder inside, which may be another one."""
        return type(self)(self._folder / name, reserve=self._reserve)

    def free(self) -> int:
        """Bytes that may still be written. DependencyUnavailable when the folder cannot be read."""
        here = self._folder
        while not here.exists() and here != here.parent:
            here = here.parent
        try:
            return shutil.disk_usage(here).free
        except OSError as error:
            raise DependencyUnavailable(f"the data folder cannot be read: {error}") from error

    def has_room(self, size: int = 0) -> bool:
        """Whether the reserve is still free after `size` more bytes."""
        return self._reserve == 0 or self.free() >= self._reserve + size

    def require(self, size: int = 0) -> None:
        """StorageFull where `size` more bytes would go into the reserve."""
        if not self.has_room(size):
            raise StorageFull(
                f"the disk is nearly full: {_megabytes(self.free())} are free and "
                f"{_megabytes(self._reserve + size)} are needed, so nothing is stored until there "
                "is room again. Ask your operator to free space; searches go on."
            )

    def require_to_start(self, *, index: bool) -> None:
        """StorageFull, for an operator, where a process could not start and live. index: an empty
        one will be made.
        """
        size = EMPTY_INDEX_BYTES if index else 0
        if not self.has_room(size):
            raise StorageFull(
                f"the disk of the data folder {self._folder} has {_megabytes(self.free())} left, "
                f"and {_megabytes(self._reserve + size)} are needed to start: free space, choose "
                "another folder, or lower the reserve with MEMLOOM_DISK_RESERVE_BYTES."
            )

    async def check(self) -> None:
        """StorageFull as `require`."""
        self.require()


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:.1f} MB"
