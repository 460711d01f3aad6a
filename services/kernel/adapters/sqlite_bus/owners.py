"""Who of the bus's users is alive: each holds a lock that the system lets go when it dies."""

import sys
from pathlib import Path
from typing import IO
from uuid import uuid4

if sys.platform != "win32":
    import fcntl


class Owners:
    """Lock files beside the queue. Where the system has no such locks, leases only expire."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: IO[str] | None = None
        self.name = uuid4().hex

    def hold(self) -> None:
        """Show that this one is alive, until `release` or death."""
        if self._held is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        # Held open for as long as this one lives.
        self._held = (self._folder / f"{self.name}.lock").open("w")
        if sys.platform != "win32":
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Show that this one is gone."""
        held, self._held = self._held, None
        if held is not None:
            (self._folder / f"{self.name}.lock").unlink(missing_ok=True)
            held.close()

    def is_dead(self, name: str) -> bool:
        """Whether that one is certainly gone."""
        if sys.platform == "win32" or name == self.name:
            return False
        path = self._folder / f"{name}.lock"
        try:
            with path.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        return True
