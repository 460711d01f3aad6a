"""The data folder of an embedded system: held by one process, which others find through it."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from services.kernel.contracts.errors import InvalidInput

LOCK: Final = "memloom.lock"


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
    data.mkdir(parents=True, exist_ok=True)
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
