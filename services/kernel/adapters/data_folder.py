"""The data folder of an embedded system: held by one process, which others find through it."""

import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import structlog

from services.kernel.contracts.errors import InvalidInput

LOCK: Final = "memloom.lock"
# What Memloom makes in the folder; beside it lies only what a file system makes itself.
_OURS: Final = ("blobs", ".writing", "index", "bus.db", "memloom.lock")
_DATABASES: Final = (".db", ".db-wal", ".db-shm", ".db-journal", ".db-owners")
_SYSTEM: Final = frozenset({"lost+found"})
_FOR_OTHERS: Final = 0o077

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """Where the process that holds a folder takes internal calls, and with which token."""

    address: str
    token: str


@contextmanager
def held(data: Path) -> Iterator[Callable[[Door], None]]:
    """The folder for this process alone, until it ends, however it ends; what is yielded tells
    others of its door. InvalidInput where another process has it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The token is for this user alone, also where the file is an older one.
    with os.fdopen(os.open(data / LOCK, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        os.fchmod(file.fileno(), 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InvalidInput(
                f"another Memloom is running on the data folder {data}: stop it, or choose "
                "another folder with --data."
            ) from error
        file.truncate()

        def announce(door: Door) -> None:
            file.seek(0)
            file.write(json.dumps(asdict(door)))
            file.flush()

        yield announce


def door_of(data: Path) -> Door | None:
    """The door of the process that holds the folder; None where none does, or none is open yet."""
    try:
        file = (data / LOCK).open()
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            said = file.read()
            return Door(**json.loads(said)) if said else None
    return None


def make_private(data: Path) -> None:
    """Let nobody but this user see what the folder (made when missing) holds: what was there, and
    from now on whatever this process makes. Blocks: for a start.

    A folder that holds other things too keeps its own mode, and a folder of another user all of
    its modes: the log says so.
    """
    # The engines and the drivers make files by themselves: only the process's umask reaches them.
    os.umask(_FOR_OTHERS)
    data.mkdir(parents=True, exist_ok=True)
    entries = list(os.scandir(data))
    foreign = sorted(e.name for e in entries if not _is_ours(e.name) and e.name not in _SYSTEM)
    try:
        for entry in entries:
            if _is_ours(entry.name):
                _close_tree(Path(entry.path))
        if not foreign:
            _close_one(data)
    except PermissionError as error:
        _log.warning("data_folder.open", folder=str(data), error=str(error))
    if foreign and data.stat().st_mode & _FOR_OTHERS:
        _log.warning("data_folder.shared", folder=str(data), holds=foreign[:5])


def _is_ours(name: str) -> bool:
    return name in _OURS or name.endswith(_DATABASES)


def _close_tree(top: Path) -> None:
    _close_one(top)
    for base, folders, files in os.walk(top):
        for name in (*folders, *files):
            _close_one(Path(base, name))


def _close_one(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        # Tidied away by a process that runs beside this one.
        return
    if mode & _FOR_OTHERS and not stat.S_ISLNK(mode):
        path.chmod(stat.S_IMODE(mode) & ~_FOR_OTHERS)
